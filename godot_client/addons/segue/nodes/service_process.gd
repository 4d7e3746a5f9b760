extends RefCounted
## A service that the game starts, and that ends with it however the game ends: its standard input
## is a pipe of the game. A thread reads what it prints, so that it never waits for the game.

## The program's name without the ending of the system.
const PROGRAM := "segue"

## Project setting with the program's path in development; empty: the one in PATH.
const COMMAND_SETTING := "segue/service/command"

## Project setting with the folder that `make bundle` makes, or that has one for each system; a game
## started in the editor uses it too.
const BUNDLE_SETTING := "segue/service/bundle"

const _POLL_MS := 20
const _LAST_LINES := 20
const _END_MS := 5000

## By number of a process that ends: when it is killed, in milliseconds of the engine.
static var _ending := {}

## What went wrong; empty: nothing.
var error := ""

var _pid := 0
var _thread: Thread
var _mutex := Mutex.new()
var _is_closing := false
var _ready_line := {}
var _has_ended := false
var _stderr := ""


## Starts a program. It is found by [method find] if [param command] is empty. arguments: of
## `segue serve`. Whether it was started; otherwise [member error] says why.
func start(command: String, arguments: PackedStringArray) -> bool:
	var path := command if not command.is_empty() else find()
	if path.is_empty():
		error = (
			"no program '%s' in the folder '%s' beside the game, in the setting '%s' or in PATH"
			% [PROGRAM, PROGRAM, COMMAND_SETTING]
		)
		return false
	if not OS.has_method("execute_with_pipe"):
		error = "this Godot cannot start a service with a pipe; it needs 4.4 or later"
		return false
	var words := PackedStringArray(["serve"])
	words.append_array(arguments)
	words.append_array(["--exit-with-stdin", "--ready-format", "json"])
	# Older versions do not have the method: the script must load there all the same.
	var pipes: Dictionary = OS.call("execute_with_pipe", path, words, false)
	if pipes.is_empty():
		error = "'%s' cannot be run" % path
		return false
	_pid = pipes["pid"]
	_thread = Thread.new()
	_thread.start(_read.bind(pipes["stdio"], pipes["stderr"], path))
	return true


## The process's number; 0: none.
func pid() -> int:
	return _pid


## The fields of the line that it prints once clients may connect; empty: not yet.
func ready_line() -> Dictionary:
	_mutex.lock()
	var found := _ready_line
	_mutex.unlock()
	return found


## Whether it has ended by itself; [member error] says why.
func has_ended() -> bool:
	_mutex.lock()
	var ended := _has_ended
	_mutex.unlock()
	return ended


## Ends it in order: closes its standard input. It may take some seconds to be gone, which
## [param tree] watches meanwhile.
func stop(tree: SceneTree) -> void:
	if _thread == null:
		return
	_mutex.lock()
	_is_closing = true
	_mutex.unlock()
	_thread.wait_to_finish()
	_thread = null
	if not _has_ended:
		_watch_end(_pid, tree)
	_pid = 0


## The program's path; empty: there is none. Beside the game, of the project settings, in PATH.
static func find() -> String:
	var file := PROGRAM + (".exe" if OS.get_name() == "Windows" else "")
	var beside := OS.get_executable_path().get_base_dir().path_join(PROGRAM).path_join(file)
	if OS.has_feature("template") and FileAccess.file_exists(beside):
		return beside
	var chosen: String = ProjectSettings.get_setting(COMMAND_SETTING, "")
	if not chosen.is_empty():
		return ProjectSettings.globalize_path(chosen)
	var bundle: String = ProjectSettings.get_setting(BUNDLE_SETTING, "res://segue-service")
	for folder: String in [bundle.path_join(OS.get_name().to_lower()), bundle]:
		if not OS.has_feature("template") and FileAccess.file_exists(folder.path_join(file)):
			return ProjectSettings.globalize_path(folder.path_join(file))
	var separator := ";" if OS.get_name() == "Windows" else ":"
	for folder in OS.get_environment("PATH").split(separator, false):
		if FileAccess.file_exists(folder.path_join(file)):
			return folder.path_join(file)
	return ""


## Where a rule file of the project lies for the service: beside an exported game in the folder
## `segue/rules`, since the game's pack is no folder that the service can read.
static func rules_path(file: String) -> String:
	var beside := OS.get_executable_path().get_base_dir().path_join(PROGRAM).path_join("rules")
	beside = beside.path_join(file.get_file())
	if OS.has_feature("template") and FileAccess.file_exists(beside):
		return beside
	return ProjectSettings.globalize_path(file)


## On the thread.
func _read(stdio: FileAccess, stderr: FileAccess, path: String) -> void:
	var printed := PackedByteArray()
	while true:
		_mutex.lock()
		var is_closing := _is_closing
		_mutex.unlock()
		if is_closing:
			break
		var is_running := OS.is_process_running(_pid)
		printed.append_array(_read_all(stdio))
		var told := _read_all(stderr).get_string_from_utf8()
		var end := printed.find(10)
		if end >= 0 and ready_line().is_empty():
			_take_line(printed.slice(0, end).get_string_from_utf8())
		_mutex.lock()
		if not told.is_empty():
			var lines := (_stderr + told).split("\n")
			_stderr = "\n".join(lines.slice(maxi(0, lines.size() - _LAST_LINES)))
		if not is_running:
			_has_ended = true
			if error.is_empty():
				error = "'%s' has ended: %s" % [path, _stderr.strip_edges()]
		_mutex.unlock()
		if not is_running:
			break
		OS.delay_msec(_POLL_MS)
	stdio.close()
	stderr.close()


func _take_line(line: String) -> void:
	var fields: Variant = JSON.parse_string(line)
	_mutex.lock()
	if not fields is Dictionary:
		error = "expected a line of JSON of the service, got '%s'" % line.left(200)
	elif fields.get("ready", false) == true:
		_ready_line = fields
	else:
		error = str(fields.get("error", "the service did not start"))
	_mutex.unlock()


static func _read_all(pipe: FileAccess) -> PackedByteArray:
	var all := PackedByteArray()
	while true:
		var part := pipe.get_buffer(4096)
		all.append_array(part)
		if part.size() < 4096:
			break
	return all


## Asks the system about a process in each game frame until it is gone: otherwise an ended child
## stays in its table.
static func _watch_end(ended: int, tree: SceneTree) -> void:
	if _ending.is_empty():
		tree.process_frame.connect(_check_ending)
	_ending[ended] = Time.get_ticks_msec() + _END_MS


static func _check_ending() -> void:
	for ended: int in _ending.keys():
		if not OS.is_process_running(ended):
			_ending.erase(ended)
		elif Time.get_ticks_msec() > _ending[ended]:
			OS.kill(ended)
	if _ending.is_empty():
		(Engine.get_main_loop() as SceneTree).process_frame.disconnect(_check_ending)
