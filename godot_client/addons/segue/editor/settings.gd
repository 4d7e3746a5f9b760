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

const MIX_RATE := "audio/driver/mix_rate"

## Samples a second of the music.
const RATE := 48000

const _DEFAULTS := {RULES_FOLDER: "res://music", BUNDLE: "res://segue-service"}
const _FOLDERS := [RULES_FOLDER, BUNDLE]


## Shows the settings in the project settings.
static func register() -> void:
	var defaults := _DEFAULTS.merged(Autoload.SETTINGS)
	for name: String in defaults:
		if not ProjectSettings.has_setting(name):
			ProjectSettings.set_setting(name, defaults[name])
		ProjectSettings.set_initial_value(name, defaults[name])
		var hint := PROPERTY_HINT_DIR if name in _FOLDERS else PROPERTY_HINT_NONE
		ProjectSettings.add_property_info({"name": name, "type": TYPE_STRING, "hint": hint})
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
	if value(ServiceProcess.COMMAND_SETTING).is_empty() and not folder.is_empty():
		var file := ServiceProcess.PROGRAM + (".exe" if system == "windows" else "")
		return ProjectSettings.globalize_path(folder.path_join(file))
	return ServiceProcess.find()


## The rule files of the project, sorted: YAML in the folder that begins with its version, with no
## tests or events. Those that others include are among them only if they are complete.
static func rule_files() -> PackedStringArray:
	var found := PackedStringArray()
	_find(value(RULES_FOLDER), found)
	found.sort()
	return found


static func _find(folder: String, found: PackedStringArray) -> void:
	if not DirAccess.dir_exists_absolute(folder):
		return
	for name in DirAccess.get_directories_at(folder):
		if not name.begins_with("."):
			_find(folder.path_join(name), found)
	for name in DirAccess.get_files_at(folder):
		var path := folder.path_join(name)
		if name.get_extension() in ["yaml", "yml"] and _is_rule_file(path):
			found.append(path)


static func _is_rule_file(path: String) -> bool:
	var stem := path.get_basename()
	if stem.ends_with(".test") or stem.ends_with(".events"):
		return false
	for line in FileAccess.get_file_as_string(path).split("\n"):
		if line.begins_with("segue:"):
			return true
	return false
