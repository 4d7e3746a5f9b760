extends CanvasLayer
## Says what is missing when there is no service, where it was looked for, and what to do.

const ServicePlaces := preload("res://demo/screens/service_places.gd")
const Palette := preload("res://demo/palette.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")

@export var player: Player

@onready var _text: RichTextLabel = %Text


func _ready() -> void:
	visible = false
	player.failed.connect(_fail)
	player.connected.connect(func(_title: String) -> void: visible = false)


func _unhandled_key_input(event: InputEvent) -> void:
	if not visible or not event.is_pressed() or event.is_echo():
		return
	match (event as InputEventKey).keycode:
		KEY_ENTER, KEY_KP_ENTER:
			visible = false
			player.start()
		KEY_ESCAPE:
			visible = false
		_:
			return
	get_viewport().set_input_as_handled()


func _fail(text: String) -> void:
	if player.state != Player.State.FAILED:
		return
	_text.text = "\n".join(lines(text))
	visible = true


## What is shown for a fault of the player.
func lines(fault: String) -> PackedStringArray:
	var found := PackedStringArray([fault.replace("[", "[lb]"), ""])
	for place in ServicePlaces.of(player.rules_file):
		var mark := "[color=#6fe8cc]found[/color]" if place[2] else "[color=#ff7f88]missing[/color]"
		found.append("%s   [b]%s[/b]   [color=#9db4c4]%s[/color]" % [mark, place[0], place[1]])
	found.append_array(["", "[b]What to do[/b]"])
	if OS.has_feature("template"):
		found.append(
			"Unpack the whole game: its folder [b]segue[/b] holds the service and the rules."
		)
	else:
		(
			found
			. append(
				"Run [b]make demo[/b] in the repository, or [b]pip install[/b] it, so that segue is in PATH."
			)
		)
	found.append("Press Enter to try again, Esc to play without music.")
	return found
