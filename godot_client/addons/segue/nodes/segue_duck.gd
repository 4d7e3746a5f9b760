@tool
@icon("res://addons/segue/icons/segue_duck.svg")
class_name SegueDuck
extends Node
## Lowers the music while it is active: under a dialogue, a cutscene, a menu.
##
## It is active between [method begin] and [method end], which may be nested; while [member active]
## is set, such as by an [AnimationPlayer]; or while [member while_playing] plays. Of several ducks
## the lowest counts.

const Player := preload("segue_player.gd")

## The player; empty: the nearest one, see [method SeguePlayer.of].
@export var player: Player
## The volume of the music meanwhile.
@export_range(-60, 0, 0.5, "suffix:dB") var gain_db := -12.0:
	set(value):
		gain_db = value
		_apply(true)
## How long it takes to lower it.
@export_range(5, 10000, 5, "suffix:ms") var fade_out_ms := 200
## How long it takes to raise it again.
@export_range(5, 10000, 5, "suffix:ms") var fade_in_ms := 600
## Lowers the music while it is set.
@export var active := false:
	set(value):
		active = value
		_apply()
## Lowers the music while this [AudioStreamPlayer], [AudioStreamPlayer2D], [AudioStreamPlayer3D] or
## [AnimationPlayer] plays.
@export var while_playing: Node:
	set(value):
		while_playing = value
		update_configuration_warnings()

var _depth := 0
var _is_playing := false
var _ducked: Player


func _ready() -> void:
	_apply()


func _exit_tree() -> void:
	if is_instance_valid(_ducked):
		_ducked.unduck(self, fade_in_ms)
	_ducked = null


func _process(_delta: float) -> void:
	if Engine.is_editor_hint():
		return
	var plays := is_instance_valid(while_playing) and _plays(while_playing)
	if plays != _is_playing:
		_is_playing = plays
		_apply()


func _get_configuration_warnings() -> PackedStringArray:
	if while_playing == null or "playing" in while_playing or while_playing is AnimationPlayer:
		return []
	return ["'%s' is no node that plays." % while_playing.name]


## Whether the music is lowered by this node.
func is_active() -> bool:
	return active or _depth > 0 or _is_playing


## Lowers the music until [method end].
func begin() -> void:
	_depth += 1
	_apply()


## Ends one [method begin].
func end() -> void:
	_depth = maxi(0, _depth - 1)
	_apply()


func _plays(node: Node) -> bool:
	return node.is_playing() if node is AnimationPlayer else bool(node.get("playing"))


func _apply(is_new_gain: bool = false) -> void:
	if Engine.is_editor_hint() or not is_inside_tree():
		return
	var was_active := is_instance_valid(_ducked)
	if is_active() and (not was_active or is_new_gain):
		_ducked = Player.of(self, player)
		if _ducked != null:
			_ducked.duck(self, gain_db, fade_out_ms)
	elif not is_active() and was_active:
		_ducked.unduck(self, fade_in_ms)
		_ducked = null
