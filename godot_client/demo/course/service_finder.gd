extends RefCounted
## Where the demo's service is: beside an exported game, in the project settings, in the virtual
## environment of this repository, or in PATH.

const Player := preload("res://addons/segue/nodes/segue_player.gd")
const ServiceProcess := preload("res://addons/segue/nodes/service_process.gd")

const _VIRTUAL: Array[String] = ["../.venv/bin/segue", "../.venv/Scripts/segue.exe"]


## Starts the player with the service that is found.
static func start(player: Player) -> void:
	player.command = command()
	player.start()


## The program; empty: the player finds it, or says that there is none.
static func command() -> String:
	var is_set := not (
		str(ProjectSettings.get_setting(ServiceProcess.COMMAND_SETTING, "")).is_empty()
	)
	return "" if is_set or OS.has_feature("template") else _of_repository()


## Each place where the service and the rules are looked for: [what, where, whether it is there].
static func places(rules_file: String) -> Array[Array]:
	var beside := OS.get_executable_path().get_base_dir().path_join(ServiceProcess.PROGRAM)
	var found: Array[Array] = []
	if OS.has_feature("template"):
		found.append(_place("the folder beside the game", beside))
	else:
		var virtual := ProjectSettings.globalize_path("res://").path_join(_VIRTUAL[0])
		found.append(_place("the repository's environment", virtual.simplify_path()))
		var bundle := str(
			ProjectSettings.get_setting(ServiceProcess.BUNDLE_SETTING, "res://segue-service")
		)
		found.append(_place("a bundle in the project", ProjectSettings.globalize_path(bundle)))
	var program := ServiceProcess.find()
	found.append(
		[
			"the program segue",
			program if not program.is_empty() else "in PATH",
			not program.is_empty()
		]
	)
	found.append(_place("the rule file", ServiceProcess.rules_path(rules_file)))
	return found


static func _place(what: String, path: String) -> Array:
	return [what, path, FileAccess.file_exists(path) or DirAccess.dir_exists_absolute(path)]


static func _of_repository() -> String:
	for path in _VIRTUAL:
		var whole := ProjectSettings.globalize_path("res://").path_join(path).simplify_path()
		if FileAccess.file_exists(whole):
			return whole
	return ""
