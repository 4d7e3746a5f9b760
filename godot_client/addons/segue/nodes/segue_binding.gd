@tool
@icon("res://addons/segue/icons/segue_binding.svg")
class_name SegueBinding
extends Node
## Keeps an input of the rules at the value of a property of any node, or of all nodes of a group.
##
## A health of 0 to 100 becomes a threat of 1 to 0, say, by [member from_low], [member from_high],
## [member to_low], [member to_high] and a [member curve]. Flags and texts are passed on unchanged.

## A value was sent.
signal sent(value: Variant)

## How the values of a group become one.
enum Aggregate {
	MIN,  ## The least.
	MAX,  ## The greatest.
	SUM,  ## Their sum.
	MEAN,  ## Their mean.
	COUNT,  ## How many nodes there are; [member property] may be empty.
}

const Player := preload("segue_player.gd")

## The player; empty: the nearest one, see [method SeguePlayer.of].
@export var player: Player
## The input of the rules.
@export var input := "":
	set(value):
		input = value
		update_configuration_warnings()

@export_group("From")
## The node with the property; empty: the parent.
@export var source: Node:
	set(value):
		source = value
		_has_source = value != null
## Its property, or a part of one, such as [code]health[/code] or [code]position:x[/code].
@export var property := "":
	set(value):
		property = value
		update_configuration_warnings()
## All nodes of this group instead of one node; empty: one node.
@export var group: StringName = &""
## How their values become one.
@export var aggregate := Aggregate.MAX

@export_group("Mapping")
## Whether numbers are mapped; otherwise they are passed on.
@export var is_mapped := false
## The property's value that becomes [member to_low].
@export var from_low := 0.0
## The property's value that becomes [member to_high].
@export var from_high := 1.0
## The least value of the input.
@export var to_low := 0.0
## The greatest value of the input.
@export var to_high := 1.0
## From 0 to 1 on both axes, between the two; empty: a straight line.
@export var curve: Curve

@export_group("Rate")
## Most values in a second.
@export_range(0.1, 60, 0.1, "suffix:/s") var rate := 10.0
## The least change of a number that is sent.
@export_range(0, 1, 0.001, "or_greater") var least_change := 0.001

var _has_source := false
var _has_warned := false
var _since_s := INF
var _last: Variant


func _process(delta: float) -> void:
	if Engine.is_editor_hint():
		return
	_since_s += delta
	if _since_s >= 1.0 / rate:
		send_now()


func _get_configuration_warnings() -> PackedStringArray:
	var warnings := PackedStringArray()
	if input.is_empty():
		warnings.append("Set the input that the binding sets.")
	if property.is_empty() and (group.is_empty() or aggregate != Aggregate.COUNT):
		warnings.append("Set the property that the binding reads.")
	return warnings


## The value for the input; null: there is none, such as of a group without nodes or of a source
## that was freed.
func value_now() -> Variant:
	var value: Variant = _of_group() if not group.is_empty() else _of_one()
	var is_number := value is float or value is int
	return mapped(value) if is_mapped and is_number else value


## Sends the value if it has changed.
func send_now() -> void:
	var to := Player.of(self, player)
	var value: Variant = value_now()
	if to == null or value == null or not _has_changed(value):
		return
	_since_s = 0.0
	_last = value
	to.set_input(input, value)
	sent.emit(value)


## A number of the property as one of the input.
func mapped(value: float) -> float:
	var part := 0.0
	if from_high != from_low:
		part = clampf((value - from_low) / (from_high - from_low), 0.0, 1.0)
	if curve != null:
		part = curve.sample_baked(part)
	return lerpf(to_low, to_high, part)


func _has_changed(value: Variant) -> bool:
	if typeof(value) != typeof(_last):
		return true
	if value is float:
		return absf(value - _last) >= maxf(least_change, 1e-9)
	return value != _last


func _of_one() -> Variant:
	if _has_source and not is_instance_valid(source):
		return null
	return _value_in(source if _has_source else get_parent())


func _of_group() -> Variant:
	var nodes := get_tree().get_nodes_in_group(group)
	if aggregate == Aggregate.COUNT:
		return nodes.size()
	var numbers := PackedFloat64Array()
	for node in nodes:
		var value: Variant = _value_in(node)
		if value is bool or value is float or value is int:
			numbers.append(float(value))
	return _aggregated(numbers)


func _value_in(node: Node) -> Variant:
	if not property.get_slice(":", 0) in node:
		if not _has_warned:
			_has_warned = true
			push_warning("segue: '%s' has no property '%s'" % [node.get_path(), property])
		return null
	var value: Variant = node.get_indexed(NodePath(property))
	return String(value) if value is StringName else value


func _aggregated(numbers: PackedFloat64Array) -> Variant:
	if numbers.is_empty():
		return null
	var least := INF
	var greatest := -INF
	var sum := 0.0
	for number in numbers:
		least = minf(least, number)
		greatest = maxf(greatest, number)
		sum += number
	match aggregate:
		Aggregate.MIN:
			return least
		Aggregate.MAX:
			return greatest
		Aggregate.SUM:
			return sum
	return sum / numbers.size()
