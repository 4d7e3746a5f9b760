extends RefCounted
## Where the player looks for the service: beside an exported game, in the project, in the virtual
## environment of this repository, or in PATH.

const ServiceProcess := preload("res://addons/segue/nodes/service_process.gd")


## Each place where the service and the rules are looked for: [what, where, whether it is there].
static func of(rules_file: String) -> Array[Array]:
	var beside := OS.get_executable_path().get_base_dir().path_join(ServiceProcess.PROGRAM)
	var found: Array[Array] = []
	if OS.has_feature("template"):
		found.append(_place("the folder beside the game", beside))
	else:
		var file := ServiceProcess.PROGRAM + (".exe" if OS.get_name() == "Windows" else "")
		var environment := ServiceProcess.environments()[-1].path_join(file)
		found.append(_place("the repository's environment", environment))
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
