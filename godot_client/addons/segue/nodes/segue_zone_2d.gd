@tool
@icon("res://addons/segue/icons/segue_zone_2d.svg")
class_name SegueZone2D
extends Area2D
## Sets an input of the rules while something is inside, and restores it after that.
##
## Of overlapping zones with the same input the one with the greatest [member input_priority]
## counts, then the one that was entered last. The value that the game sets by itself meanwhile
## counts once no zone is entered any more.

## Something has entered, and nothing that counts was inside before.
signal entered

## Nothing that counts is inside any more.
signal left

const Player := preload("segue_player.gd")
const Zone := preload("zone.gd")

## The player; empty: the nearest one, see [method SeguePlayer.of].
@export var player: Player
## The input of the rules.
@export var input := "":
	set(value_set):
		input = value_set
		update_configuration_warnings()
		_zone.apply()
## Its value while something is inside: [code]true[/code], [code]false[/code], a number or the name
## of a choice.
@export var value := "true":
	set(value_set):
		value = value_set
		_zone.apply()
## Which of overlapping zones counts: the greatest. (An area's own [code]priority[/code] is that of
## its gravity and audio bus.)
@export var input_priority := 0:
	set(value_set):
		input_priority = value_set
		_zone.apply()
## Only bodies in this group count; empty: all do.
@export var only_group: StringName = &"player"
## Whether areas count as well as bodies.
@export var counts_areas := false

var _zone := Zone.new(self)


func _ready() -> void:
	if not Engine.is_editor_hint():
		_zone.entered.connect(entered.emit)
		_zone.left.connect(left.emit)
		_zone.watch()


func _exit_tree() -> void:
	if not Engine.is_editor_hint():
		_zone.clear()


func _get_configuration_warnings() -> PackedStringArray:
	return _zone.warnings()


## Whether something that counts is inside.
func is_active() -> bool:
	return _zone.is_active()


## Acts as if a node had entered, for cutscenes and [AnimationPlayer].
func enter(node: Node) -> void:
	_zone.enter(node)


## Acts as if a node had left.
func leave(node: Node) -> void:
	_zone.leave(node)
