extends RefCounted
## Connects a player of a game that the editor runs with the editor's dock: tells what it plays and
## why, and does what the dock asks. In other games, and of stopped players, nothing is sent.

## The messages begin with this. To the editor: `player` [the object's id, its path in the tree, the
## declared inputs, their values by name, its statistics], and `left` [id]. To the game: `set` [id,
## input, value] and `fire` [id, trigger].
const CHANNEL := "segue"

const _INTERVAL_MS := 200

## By object's id: each link of the game.
static var _links := {}

var _player: Node
var _told_ms := -_INTERVAL_MS
var _is_told := false


## player: a SeguePlayer.
func _init(player: Node) -> void:
	_player = player


## Begins, if a debugger is there. Messages of the editor come from then on.
func open() -> void:
	if not EngineDebugger.is_active():
		return
	if _links.is_empty():
		EngineDebugger.register_message_capture(CHANNEL, _take)
	_links[_player.get_instance_id()] = self


## Ends: the dock forgets the player.
func close() -> void:
	_tell_left()
	if _links.erase(_player.get_instance_id()) and _links.is_empty():
		EngineDebugger.unregister_message_capture(CHANNEL)


## Goes on by a game frame.
func step() -> void:
	var now_ms := Time.get_ticks_msec()
	if not _links.has(_player.get_instance_id()) or now_ms - _told_ms < _INTERVAL_MS:
		return
	_told_ms = now_ms
	var statistics: Dictionary = _player.call("statistics")
	if statistics["state"] == "STOPPED":
		_tell_left()
		return
	_is_told = true
	var inputs: Array = _player.get("declaration").get("inputs", [])
	var values := {}
	for declared: Dictionary in inputs:
		if declared["type"] != "trigger":
			values[declared["name"]] = _player.call("input_value", declared["name"])
	var told := [_player.get_instance_id(), str(_player.get_path()), inputs, values, statistics]
	EngineDebugger.send_message(CHANNEL + ":player", told)


func _tell_left() -> void:
	if _is_told:
		_is_told = false
		EngineDebugger.send_message(CHANNEL + ":left", [_player.get_instance_id()])


static func _take(message: String, data: Array) -> bool:
	if not message in ["set", "fire"]:
		return false
	# The player may have left the tree meanwhile.
	var link: RefCounted = _links.get(data[0])
	if link != null and message == "set":
		link.get("_player").call("set_input", data[1], data[2])
	elif link != null:
		link.get("_player").call("fire", data[1])
	return true
