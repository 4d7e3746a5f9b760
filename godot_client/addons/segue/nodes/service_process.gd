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

## How long the program may take until clients may connect.
const READY_MS := 120000

const _POLL_MS := 20
const _LAST_LINES := 20
const _END_MS := 5000
## A game that ends does not wait longer for a service that hangs.
const _QUIT_MS := 2000
## Most bytes that are read at once, of a line, and of the last lines.
const _MOST_READ := 65536
const _MOST_TOLD := 4096

## Of the tree: its AtQuit.
const _AT_QUIT := &"segue_services_at_quit"

const _EXECUTABLE := (
	FileAccess.UNIX_EXECUTE_OWNER | FileAccess.UNIX_EXECUTE_GROUP | FileAccess.UNIX_EXECUTE_OTHER
)

## By number of a process that ends: when it is killed, in milliseconds of the engine.
static var _ending := {}

## What went wrong; empty: nothing.
var error: String:
	get:
		_mutex.lock()
		var found := _error
		_mutex.unlock()
		return found

var _pid := 0
var _thread: Thread
var _mutex := Mutex.new()
var _is_closing := false
var _ready_line := {}
var _has_ended := false
var _stderr := ""
var _error := ""
var _kill_reason := ""
## Of the thread. The engine must not be asked for a process that it has killed.
var _is_killed := false


## Starts a program. It is found by [method find] if [param command] is empty. arguments: of
## `segue serve`. Whether it was started; otherwise [member error] says why.
func start(command: String, arguments: PackedStringArray) -> bool:
	var path := command if not command.is_empty() else find()
	_error = _mistake_in(path)
	if not _error.is_empty():
		return false
	var words := PackedStringArray(["serve"])
	words.append_array(arguments)
	words.append_array(["--exit-with-stdin", "--ready-format", "json"])
	# Older versions do not have the method: the script must load there all the same.
	var pipes: Dictionary = OS.call("execute_with_pipe", path, words, false)
	if pipes.is_empty():
		_error = "'%s' cannot be run" % path
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


## Kills it. [method has_ended] says when it is gone, and [member error] then is [param reason].
func kill(reason: String) -> void:
	_mutex.lock()
	_kill_reason = reason
	_mutex.unlock()


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
	if not _has_ended and not _is_killed:
		_watch_end(_pid, tree)
	_pid = 0


## The program's path; empty: there is none. Beside the game, of the project settings, in a virtual
## environment of Python in the project's folder or the one above, in PATH.
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
	for environment in environments():
		if not OS.has_feature("template") and FileAccess.file_exists(environment.path_join(file)):
			return environment.path_join(file)
	var separator := ";" if OS.get_name() == "Windows" else ":"
	for folder in OS.get_environment("PATH").split(separator, false):
		if FileAccess.file_exists(folder.path_join(file)):
			return folder.path_join(file)
	return ""


## The folders of programs in virtual environments of Python, which editors that are started from a
## desktop do not have in PATH: of the project and of the folder that holds it.
static func environments() -> Array[String]:
	var programs := ".venv/Scripts" if OS.get_name() == "Windows" else ".venv/bin"
	var project := ProjectSettings.globalize_path("res://")
	return [
		project.path_join(programs),
		project.path_join("..").path_join(programs).simplify_path(),
	]


## Where a rule file of the project lies for the service: beside an exported game in the folder
## `segue/rules`, since the game's pack is no folder that the service can read.
static func rules_path(file: String) -> String:
	var beside := OS.get_executable_path().get_base_dir().path_join(PROGRAM).path_join("rules")
	beside = beside.path_join(file.get_file())
	if OS.has_feature("template") and FileAccess.file_exists(beside):
		return beside
	return ProjectSettings.globalize_path(file)


## Why a program cannot be started; empty: nothing speaks against it.
static func _mistake_in(path: String) -> String:
	if path.is_empty():
		return (
			"no program '%s' in the folder '%s' beside the game, in the setting '%s' or in PATH"
			% [PROGRAM, PROGRAM, COMMAND_SETTING]
		)
	if not OS.has_method("execute_with_pipe"):
		return "this Godot cannot start a service with a pipe; it needs 4.4 or later"
	if path.is_absolute_path() and not FileAccess.file_exists(path):
		return "the program '%s' does not exist" % path
	if path.is_absolute_path() and not _is_executable(path):
		return "the program '%s' may not be executed: set its permission (chmod +x)" % path
	return ""


## Whether the system may execute a file. The permission, which many archives lose, is set if it is
## missing.
static func _is_executable(path: String) -> bool:
	if OS.get_name() == "Windows":
		return true
	var permissions := FileAccess.get_unix_permissions(path)
	if permissions & _EXECUTABLE == 0:
		FileAccess.set_unix_permissions(path, permissions | _EXECUTABLE)
		permissions = FileAccess.get_unix_permissions(path)
	return permissions & _EXECUTABLE != 0


## On the thread.
func _read(stdio: FileAccess, stderr: FileAccess, path: String) -> void:
	var until_ms := Time.get_ticks_msec() + READY_MS
	var is_ready := false
	var printed := PackedByteArray()
	while true:
		_mutex.lock()
		var is_closing := _is_closing
		var kill_reason := _kill_reason
		_mutex.unlock()
		if is_closing:
			break
		if not kill_reason.is_empty():
			_give_up(kill_reason)
		var is_running := not _is_killed and OS.is_process_running(_pid)
		var more := _read_some(stdio)
		if not is_ready:
			printed.append_array(more)
			var end := printed.find(10)
			if end >= 0 or printed.size() > _MOST_READ:
				is_ready = true
				_take_line(printed.slice(0, end).get_string_from_utf8())
			elif Time.get_ticks_msec() > until_ms:
				is_ready = true
				@warning_ignore("integer_division")
				_give_up("'%s' is not ready after %d s" % [path, READY_MS / 1000])
		_take_told(_read_some(stderr).get_string_from_utf8())
		_mutex.lock()
		if not is_running:
			_has_ended = true
			if _error.is_empty():
				_error = "'%s' has ended: %s" % [path, _stderr.strip_edges()]
		_mutex.unlock()
		if not is_running:
			break
		OS.delay_msec(_POLL_MS)
	stdio.close()
	stderr.close()


## Takes the first line that the program prints.
func _take_line(line: String) -> void:
	var json := JSON.new()
	var fields: Variant = json.data if json.parse(line) == OK else null
	if not fields is Dictionary:
		_give_up("expected a line of JSON of the service, got '%s'" % line.left(200))
	elif not _names_address(fields):
		_give_up(str(fields.get("error", "the service did not start")))
	else:
		_mutex.lock()
		_ready_line = fields
		_mutex.unlock()


## Takes what the program printed on its standard error.
func _take_told(text: String) -> void:
	if not text.is_empty():
		var lines := (_stderr + text).right(_MOST_TOLD).split("\n")
		_stderr = "\n".join(lines.slice(maxi(0, lines.size() - _LAST_LINES)))


## Ends what is no service, or none that starts.
func _give_up(text: String) -> void:
	_mutex.lock()
	_error = text
	_mutex.unlock()
	_is_killed = true
	OS.kill(_pid)


static func _names_address(fields: Dictionary) -> bool:
	var addresses: Variant = fields.get("addresses")
	if fields.get("ready") != true or not addresses is Array or addresses.is_empty():
		return false
	return addresses[0] is String


## What is there, but not so much that nothing else is done.
static func _read_some(pipe: FileAccess) -> PackedByteArray:
	var some := PackedByteArray()
	while some.size() < _MOST_READ:
		var part := pipe.get_buffer(4096)
		some.append_array(part)
		if part.size() < 4096:
			break
	return some


## Asks the system about a process in each game frame until it is gone: otherwise an ended child
## stays in its table.
static func _watch_end(ended: int, tree: SceneTree) -> void:
	if not tree.has_meta(_AT_QUIT):
		tree.set_meta(_AT_QUIT, AtQuit.new())
	if _ending.is_empty():
		tree.process_frame.connect(_check_ending)
	_ending[ended] = Time.get_ticks_msec() + _END_MS


static func _check_ending() -> void:
	for ended: int in _ending.keys():
		if not OS.is_process_running(ended):
			_ending.erase(ended)
		elif Time.get_ticks_msec() > _ending[ended]:
			_ending.erase(ended)
			OS.kill(ended)
	if _ending.is_empty():
		(Engine.get_main_loop() as SceneTree).process_frame.disconnect(_check_ending)


## Waits for the processes that end while the game quits, and kills those that do not.
static func _end_all() -> void:
	var until_ms := Time.get_ticks_msec() + _QUIT_MS
	for ended: int in _ending:
		while OS.is_process_running(ended):
			if Time.get_ticks_msec() > until_ms:
				OS.kill(ended)
				break
			OS.delay_msec(_POLL_MS)
	_ending.clear()


## Is deleted with the tree, in which no game frame follows.
class AtQuit:
	extends RefCounted

	func _notification(what: int) -> void:
		if what == NOTIFICATION_PREDELETE:
			(load("res://addons/segue/nodes/service_process.gd") as GDScript).call("_end_all")
