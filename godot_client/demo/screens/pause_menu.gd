extends CanvasLayer
## Esc pauses the game; what the music does meanwhile is the player's property `on_pause`.

const Player := preload("res://addons/segue/nodes/segue_player.gd")

const _POLICIES: Array[String] = ["pauses", "is lowered", "plays on"]

@export var player: Player

@onready var _label: Label = %Policy


func _ready() -> void:
	visible = false


func _unhandled_key_input(event: InputEvent) -> void:
	if not event.is_pressed() or event.is_echo():
		return
	var key := (event as InputEventKey).keycode
	if key == KEY_ESCAPE:
		set_open(not visible)
	elif visible and key >= KEY_1 and key <= KEY_3:
		_choose((key - KEY_1) as Player.Interruption)
	else:
		return
	get_viewport().set_input_as_handled()


## Pauses the game, or lets it go on.
func set_open(is_open: bool) -> void:
	visible = is_open
	get_tree().paused = is_open
	_show()


## The policy counts from the next pause on: this one is taken anew.
func _choose(policy: Player.Interruption) -> void:
	player.on_pause = policy
	get_tree().paused = false
	get_tree().paused = true
	_show()


func _show() -> void:
	_label.text = (
		"the music %s\n\n1  pause      2  lower      3  play on" % _POLICIES[player.on_pause]
	)
