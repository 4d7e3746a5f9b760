@tool
extends EditorExportPlugin
## Puts the service and the rule files into the folder `segue` beside an exported game, where its
## players look for them, and warns of what is missing.

const ServiceProcess := preload("../nodes/service_process.gd")
const Settings := preload("settings.gd")

const _SYSTEMS := ["linux", "windows"]

## EditorExportPlatform.EXPORT_MESSAGE_WARNING, which versions before 4.4 lack.
const _WARNING := 2

## What the owner may do, group and others read and run.
const _RUNNABLE := (
	FileAccess.UNIX_READ_OWNER
	| FileAccess.UNIX_WRITE_OWNER
	| FileAccess.UNIX_EXECUTE_OWNER
	| FileAccess.UNIX_READ_GROUP
	| FileAccess.UNIX_EXECUTE_GROUP
	| FileAccess.UNIX_READ_OTHER
	| FileAccess.UNIX_EXECUTE_OTHER
)

## Where to copy to, and from; empty: nothing.
var _target := ""
var _bundle := ""


func _get_name() -> String:
	return "Segue"


func _export_begin(features: PackedStringArray, _is_debug: bool, path: String, _flags: int) -> void:
	_target = ""
	_bundle = ""
	if not Settings.is_mix_rate_good():
		_warn(
			(
				"the project setting %s is not 48000: the dock Segue sets it with one click"
				% Settings.MIX_RATE
			)
		)
	for system: String in _SYSTEMS:
		if system in features:
			_bundle = Settings.bundle(system)
			_prepare(system, path)
			return
	_warn("no service can be put beside a game for this system: it connects, or plays its bed")


func _export_end() -> void:
	if _target.is_empty():
		return
	var fault := ""
	if not _bundle.is_empty():
		fault = _copy(_bundle, _target, [".gdignore"])
		if fault.is_empty():
			_make_runnable(_target.path_join(ServiceProcess.PROGRAM))
	if fault.is_empty():
		var rules := Settings.value(Settings.RULES_FOLDER)
		fault = _copy(rules, _target.path_join("rules"), [".import", ".uid"])
	if not fault.is_empty():
		_warn(fault)


func _prepare(system: String, path: String) -> void:
	if _bundle.is_empty():
		_warn(
			(
				"no service for %s in %s: run 'make bundle' there, or the game plays no music"
				% [system, Settings.value(Settings.BUNDLE)]
			)
		)
	var folder := Settings.value(Settings.RULES_FOLDER)
	var files := Settings.rule_files()
	if files.is_empty():
		_warn("no rule files in %s" % folder)
	var played := Settings.value(Settings.PLAYED)
	if not played.is_empty() and not played in files:
		files.append(played)
	for file in files:
		if file.get_base_dir() != folder.trim_suffix("/"):
			_warn("%s: an exported game finds rule files only if they lie in %s" % [file, folder])
	# The path is relative to the project.
	var beside := path.get_base_dir()
	if not beside.is_absolute_path():
		beside = ProjectSettings.globalize_path("res://").path_join(beside)
	_target = beside.path_join(ServiceProcess.PROGRAM)


## Copies a folder and all in it; what went wrong, or nothing. without: endings of files to leave.
## Links to folders are left out with a warning: they may lead back to a folder above.
func _copy(from: String, to: String, without: Array) -> String:
	if not DirAccess.dir_exists_absolute(from) or _is_in_target(from):
		return ""
	var made := DirAccess.make_dir_recursive_absolute(to)
	if made != OK:
		return "cannot make %s: %s" % [to, error_string(made)]
	var folder := DirAccess.open(from)
	folder.include_hidden = true
	for name in folder.get_directories():
		if Settings.is_link(folder, name):
			_warn("%s is a link to a folder, and not copied" % from.path_join(name))
			continue
		var fault := _copy(from.path_join(name), to.path_join(name), without)
		if not fault.is_empty():
			return fault
	for name in folder.get_files():
		if without.any(func(ending: String) -> bool: return name.ends_with(ending)):
			continue
		var copied := DirAccess.copy_absolute(from.path_join(name), to.path_join(name))
		if copied != OK:
			return "cannot copy %s: %s" % [from.path_join(name), error_string(copied)]
	return ""


## Whether a folder is the one that is copied to, which may lie in the project.
func _is_in_target(folder: String) -> bool:
	return ProjectSettings.globalize_path(folder).simplify_path() == _target.simplify_path()


## Copies lose the permission to run. An export for Linux on Windows has none to give.
static func _make_runnable(program: String) -> void:
	if OS.get_name() != "Windows" and FileAccess.file_exists(program):
		FileAccess.set_unix_permissions(program, _RUNNABLE)


func _warn(text: String) -> void:
	var platform := get_export_platform()
	# Godot 4.4 and later show messages after the export.
	if platform.has_method("add_message"):
		platform.call("add_message", _WARNING, "Segue", text)
	push_warning("segue: %s" % text)
