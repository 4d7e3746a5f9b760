extends RefCounted
## What the zones in two and three dimensions have in common: who is inside, and the claim on the
## player's input.

## Somebody has entered, and nobody who counts was inside before.
signal entered

## Nobody who counts is inside any more.
signal left

const InputText := preload("input_text.gd")
const Player := preload("segue_player.gd")

var _area: Node
var _inside := {}
var _claimed: Player
var _input := ""


func _init(area: Node) -> void:
	_area = area


## Connects the signals of the area. settings: the area itself, with the properties of a zone.
func watch() -> void:
	var area := _area
	area.connect("body_entered", enter)
	area.connect("body_exited", leave)
	area.connect("area_entered", _enter_area)
	area.connect("area_exited", leave)


## Whether somebody is inside.
func is_active() -> bool:
	return not _inside.is_empty()


## Notes that a node has entered, if it counts.
func enter(node: Node) -> void:
	var group: StringName = _area.get("only_group")
	if group.is_empty() or node.is_in_group(group):
		_inside[node.get_instance_id()] = true
		apply()


## Notes that a node has left.
func leave(node: Node) -> void:
	if _inside.erase(node.get_instance_id()):
		apply()


## Notes that nobody is inside.
func clear() -> void:
	_inside.clear()
	apply()


## Claims the input, or releases it.
func apply() -> void:
	if _claimed != null and is_instance_valid(_claimed):
		var is_unchanged: bool = _claimed == _player() and _input == _area.get("input")
		if not is_active() or not is_unchanged:
			_claimed.release_input(_area, _input)
			_claimed = null
			left.emit()
	if not is_active() or _player() == null:
		return
	var is_new := _claimed == null
	_claimed = _player()
	_input = _area.get("input")
	var text: String = _area.get("value")
	var wanted: Variant = InputText.value(_input, text, _claimed.declaration)
	_claimed.claim_input(_area, _input, wanted, _area.get("input_priority"))
	if is_new:
		entered.emit()


## What is wrong with the settings.
func warnings() -> PackedStringArray:
	var found := PackedStringArray()
	if str(_area.get("input")).is_empty():
		found.append("Set the input that the zone sets.")
	if _area.is_inside_tree() and not Engine.is_editor_hint() and _player() == null:
		found.append("There is no SeguePlayer in the scene.")
	return found


func _enter_area(node: Node) -> void:
	if _area.get("counts_areas"):
		enter(node)


func _player() -> Player:
	return Player.of(_area, _area.get("player"))
