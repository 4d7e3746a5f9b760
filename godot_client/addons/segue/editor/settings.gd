@tool
extends RefCounted
## The project settings of Segue, and where its program is.

const Autoload := preload("../segue.gd")
const ServiceProcess := preload("../nodes/service_process.gd")

## The folder of the rule files; all in it is put beside an exported game.
const RULES_FOLDER := "segue/rules/folder"

## The folder that `make bundle` makes, for this system; for others in its folders `linux`,
## `windows` and `macos`.
const BUNDLE := "segue/service/bundle"

## The rule file that the autoload plays.
const PLAYED := "segue/player/rules_file"

## The program of the service where no bundle counts; empty: it is searched.
const COMMAND := ServiceProcess.COMMAND_SETTING

const MIX_RATE := "audio/driver/mix_rate"

## Samples a second of the music.
const RATE := 48000

## Most that is read of a file to see what it is.
const _HEAD_BYTES := 65536

## In hexadecimal, since a file of any kind is looked at: the mark of UTF-8 that some editors write
## at a file's beginning, and a line that begins with `segue:`.
const _UTF8_MARK := "efbbbf"
const _NEW_LINE := "0a"
const _KEY := "0a73656775653a"

const _DEFAULTS := {RULES_FOLDER: "res://music", BUNDLE: "res://segue-service"}

## What the project settings offer to choose: [hint, text of the hint].
const _HINTS := {
	RULES_FOLDER: [PROPERTY_HINT_DIR, ""],
	BUNDLE: [PROPERTY_HINT_DIR, ""],
	PLAYED: [PROPERTY_HINT_FILE, "*.yaml,*.yml"],
	COMMAND: [PROPERTY_HINT_GLOBAL_FILE, ""],
}


## Shows the settings in the project settings.
static func register() -> void:
	var defaults := _DEFAULTS.merged(Autoload.SETTINGS)
	for name: String in defaults:
		if not ProjectSettings.has_setting(name):
			ProjectSettings.set_setting(name, defaults[name])
		ProjectSettings.set_initial_value(name, defaults[name])
		var hint: Array = _HINTS.get(name, [PROPERTY_HINT_NONE, ""])
		var info := {"name": name, "type": TYPE_STRING, "hint": hint[0], "hint_string": hint[1]}
		ProjectSettings.add_property_info(info)
		ProjectSettings.set_as_basic(name, true)


## The value of a setting.
static func value(name: String) -> String:
	return str(ProjectSettings.get_setting(name, _DEFAULTS.get(name, "")))


## Whether the game plays at the music's rate.
static func is_mix_rate_good() -> bool:
	return int(ProjectSettings.get_setting(MIX_RATE, 44100)) == RATE


## Lets the game play at the music's rate.
static func fix_mix_rate() -> void:
	ProjectSettings.set_setting(MIX_RATE, RATE)
	ProjectSettings.save()


## The bundle's folder for a system; empty: there is none. system: `linux`, `windows` or `macos`.
static func bundle(system: String) -> String:
	var file := ServiceProcess.PROGRAM + (".exe" if system == "windows" else "")
	var folder := value(BUNDLE)
	for place: String in [folder.path_join(system), folder]:
		if FileAccess.file_exists(place.path_join(file)):
			return place
	return ""


## The program that the editor runs: of the setting, of the bundle, or in PATH; empty: there is
## none.
static func program() -> String:
	var system := OS.get_name().to_lower()
	var folder := bundle(system)
	if value(COMMAND).is_empty() and not folder.is_empty():
		var file := ServiceProcess.PROGRAM + (".exe" if system == "windows" else "")
		return ProjectSettings.globalize_path(folder.path_join(file))
	return ServiceProcess.find()


## The rule files of the project, sorted: YAML in the folder that has its version, with no tests or
## events. Links to folders are not followed, as by `segue check`.
static func rule_files() -> PackedStringArray:
	var found := PackedStringArray()
	_find(value(RULES_FOLDER), found)
	found.sort()
	return found


static func _find(folder: String, found: PackedStringArray) -> void:
	if not DirAccess.dir_exists_absolute(folder):
		return
	var opened := DirAccess.open(folder)
	if opened == null:
		return
	for name in opened.get_directories():
		if not name.begins_with(".") and not is_link(opened, name):
			_find(folder.path_join(name), found)
	for name in opened.get_files():
		var path := folder.path_join(name)
		if name.get_extension() in ["yaml", "yml"] and is_rule_file(path):
			found.append(path)


## Whether what is in a folder under a name is a link, which may lead back to a folder above.
static func is_link(folder: DirAccess, name: String) -> bool:
	# Older versions do not have the method: the script must load there all the same.
	return folder.has_method("is_link") and folder.call("is_link", name)


## Whether a YAML file has the version of the rules near its beginning, and no tests or events.
static func is_rule_file(path: String) -> bool:
	var stem := path.get_basename()
	if stem.ends_with(".test") or stem.ends_with(".events"):
		return false
	var file := FileAccess.open(path, FileAccess.READ)
	if file == null:
		return false
	var head := file.get_buffer(_HEAD_BYTES).hex_encode()
	head = _NEW_LINE + head.trim_prefix(_UTF8_MARK)
	var at := head.find(_KEY)
	while at % 2 == 1:
		# Between two bytes.
		at = head.find(_KEY, at + 1)
	return at >= 0
