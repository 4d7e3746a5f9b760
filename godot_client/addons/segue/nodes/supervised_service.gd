extends RefCounted
## A service of the game's own: started, started again when it dies, and ended. It takes a free port
## each time: another program may have the one before.

## Clients may connect; once for each [method start].
signal opened(address: String)

## It has ended by itself, or cannot be started. is_final: it is not started again.
signal failed(text: String, is_final: bool)

const ServiceProcess := preload("service_process.gd")

const _MOST_RESTARTS := 5
const _RESTART_S := 1.0
## After so long without an end the restarts before are forgotten.
const _STEADY_S := 60.0

var _command: String
var _words: PackedStringArray
var _process: ServiceProcess
## Whether clients may connect to the process, and could to any.
var _is_open := false
var _was_open := false
var _restarts := 0
var _restart_in_s := 0.0
var _steady_s := 0.0
var _is_over := false


## command: the program; empty: it is searched. arguments: of `segue serve`, without an address.
func _init(command: String, arguments: PackedStringArray) -> void:
	_command = command
	_words = arguments


## Starts it.
func start() -> void:
	_is_open = false
	_process = ServiceProcess.new()
	var words := _words.duplicate()
	words.append_array(["--bind", "tcp://127.0.0.1:0"])
	if not _process.start(_command, words):
		_is_over = true
		failed.emit(_process.error, true)


## Goes on by a game frame of [param delta] seconds. tree: watches an ended process.
func step(delta: float, tree: SceneTree) -> void:
	if _is_over:
		return
	if _restart_in_s > 0.0:
		_restart_in_s -= delta
		if _restart_in_s <= 0.0:
			start()
		return
	_steady_s += delta
	if _steady_s > _STEADY_S:
		_restarts = 0
	var told := _process.ready_line()
	if not _is_open and not told.is_empty():
		_is_open = true
		_was_open = true
		opened.emit(told["addresses"][0])
	if _process.has_ended():
		_take_end(tree)


## Kills it, and starts it again.
func kill(reason: String) -> void:
	if not _is_over:
		_process.kill(reason)


## Ends it in order.
func stop(tree: SceneTree) -> void:
	_is_over = true
	_process.stop(tree)


## The process's number; 0: none runs.
func pid() -> int:
	return _process.pid()


func _take_end(tree: SceneTree) -> void:
	var text := _process.error
	_process.stop(tree)
	_is_over = not _was_open or _restarts == _MOST_RESTARTS
	if not _is_over:
		_restarts += 1
		_steady_s = 0.0
		_restart_in_s = _RESTART_S
	failed.emit(text, _is_over)
