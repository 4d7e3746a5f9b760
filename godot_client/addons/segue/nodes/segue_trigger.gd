@tool
@icon("res://addons/segue/icons/segue_trigger.svg")
class_name SegueTrigger
extends Node
## Fires a trigger of the rules when any node emits a signal, or when [method fire] is called, such
## as by an [AnimationPlayer].

## The trigger was fired, and the player has taken it.
signal fired

const Player := preload("segue_player.gd")

## The player; empty: the nearest one, see [method SeguePlayer.of].
@export var player: Player
## The trigger of the rules.
@export var trigger := "":
	set(value):
		trigger = value
		update_configuration_warnings()
## The node that emits the signal; empty: the parent.
@export var source: Node
## Its signal; its arguments do not matter. Empty: only [method fire] counts.
@export var source_signal: StringName = &""
## How long it does not fire again.
@export_range(0, 60, 0.05, "suffix:s") var cooldown_s := 0.0

var _left_s := 0.0


func _ready() -> void:
	if Engine.is_editor_hint() or source_signal.is_empty():
		return
	var from := source if source != null else get_parent()
	for described in from.get_signal_list():
		if described["name"] == source_signal:
			var count: int = described["args"].size()
			from.connect(source_signal, fire.unbind(count) if count > 0 else fire)
			return
	push_warning("segue: '%s' has no signal '%s'" % [from.get_path(), source_signal])


func _process(delta: float) -> void:
	_left_s = maxf(0.0, _left_s - delta)


func _get_configuration_warnings() -> PackedStringArray:
	var warnings := PackedStringArray()
	if trigger.is_empty():
		warnings.append("Set the trigger that is fired.")
	var from := source if source != null else get_parent()
	if not source_signal.is_empty() and from != null and not from.has_signal(source_signal):
		warnings.append("'%s' has no signal '%s'." % [from.name, source_signal])
	return warnings


## Fires the trigger.
func fire() -> void:
	var to := Player.of(self, player)
	if _left_s > 0.0 or to == null:
		return
	_left_s = cooldown_s
	if to.fire(trigger):
		fired.emit()
