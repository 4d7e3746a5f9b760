@tool
extends EditorDebuggerPlugin
## The players of the games that the editor runs, which tell their state through the debugger.

## Players have come or left.
signal changed

const LivePlayer := preload("live_player.gd")

const _CHANNEL := "segue"

## By [number of the session, number of the player].
var _players := {}


## The players, in the order in which they came.
func players() -> Array[LivePlayer]:
	var all: Array[LivePlayer] = []
	all.assign(_players.values())
	return all


func _has_capture(capture: String) -> bool:
	return capture == _CHANNEL


func _setup_session(session_id: int) -> void:
	var session := get_session(session_id)
	session.started.connect(_forget.bind(session_id))
	session.stopped.connect(_forget.bind(session_id))


func _capture(message: String, data: Array, session_id: int) -> bool:
	var key := [session_id, data[0]]
	match message:
		"segue:player":
			var is_new := not _players.has(key)
			if is_new:
				_players[key] = LivePlayer.new()
				_players[key].session = get_session(session_id)
				_players[key].id = data[0]
			_players[key].take(data)
			if is_new:
				changed.emit()
		"segue:left":
			_players.erase(key)
			changed.emit()
		_:
			return false
	return true


## A game has begun or ended: its players are gone.
func _forget(session_id: int) -> void:
	for key: Array in _players.keys():
		if key[0] == session_id:
			_players.erase(key)
	changed.emit()
