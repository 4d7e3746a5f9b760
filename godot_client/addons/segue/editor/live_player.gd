@tool
extends RefCounted
## A player of a running game, as its last message told it.

## The debugger's session with the game.
var session: EditorDebuggerSession

## The player's number in the game.
var id: int

## Its path in the game's tree.
var path: String

## The declared inputs; empty: not known yet.
var inputs: Array

## By name of the input: its value.
var values: Dictionary

var _statistics := {}


## As of [method SeguePlayer.statistics].
func statistics() -> Dictionary:
	return _statistics


## Sets an input as the game would.
func set_input(input: String, value: Variant) -> void:
	session.send_message("segue:set", [id, input, value])


## Fires a trigger.
func fire(trigger: String) -> void:
	session.send_message("segue:fire", [id, trigger])


## Takes a message of the player, as of `debug_link.gd`.
func take(data: Array) -> void:
	path = data[1]
	inputs = data[2]
	values = data[3]
	_statistics = data[4]
