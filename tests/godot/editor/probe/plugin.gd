@tool
extends "editor_probe.gd"
## Uses every part of the plug-in, and disables and enables it again and again.


func _probe() -> void:
	_seen["autoload"] = ProjectSettings.get_setting("autoload/Segue", "")
	await _until(func() -> bool: return _declarations().paths().size() == 2)
	_see_declarations()
	await _see_inspector()
	await _see_rules_file()
	await _see_edits()
	await _see_audition()
	_dock().get("_first_steps").get("_rate").pressed.emit()
	_seen["mix_rate"] = ProjectSettings.get_setting("audio/driver/mix_rate")
	await _see_running_game()
	for round_number in 6:
		EditorInterface.set_plugin_enabled("segue", false)
		await get_tree().process_frame
		if round_number == 0:
			_seen["left_once"] = await _left()
		_seen["after"] = [_dock() == null, ProjectSettings.has_setting("autoload/Segue")]
		EditorInterface.set_plugin_enabled("segue", true)
		await get_tree().process_frame
		_seen["again"] = _controls().size()
	EditorInterface.set_plugin_enabled("segue", false)
	_seen["left"] = await _left()


func _see_declarations() -> void:
	var controls := {}
	for control: Object in _controls():
		controls[control.get("name")] = [control.get("control").get_class(), control.get("value")]
	_seen["controls"] = controls
	_seen["cached"] = FileAccess.file_exists("res://.godot/segue/declarations.json")
	_seen["problems"] = _problems()
	_dock().get("_problems").item_activated.emit(0)
	_seen["jumped"] = _dock().get("_rule_editor").call("place")
	_dock().get("_rule_editor").hide()


func _see_inspector() -> void:
	var trigger: Node = load("res://addons/segue/nodes/segue_trigger.gd").new()
	trigger.set("trigger", "boss_ded")
	EditorInterface.open_scene_from_path("res://main.tscn")
	await _until(func() -> bool: return EditorInterface.get_edited_scene_root() != null)
	EditorInterface.get_edited_scene_root().add_child(trigger)
	EditorInterface.inspect_object(trigger)
	await _until(func() -> bool: return _name_property() != null)
	_seen["names"] = _name_property().call("names")
	_seen["fault"] = _name_property().call("fault")
	_name_property().call("_choose", "boss_dead")
	_seen["chosen"] = [trigger.get("trigger"), _name_property().call("fault")]
	_name_property().get("_jump_button").pressed.emit()
	_seen["jumped_to_name"] = _dock().get("_rule_editor").call("place")
	_dock().get("_rule_editor").hide()
	EditorInterface.inspect_object(null)
	await get_tree().process_frame
	trigger.free()
	_seen["values"] = [
		_declarations().fault_of_value("threat", "3", "res://music/emberwood.yaml"),
		_declarations().fault_of_value("threat", "0.5", "res://music/emberwood.yaml"),
		_declarations().fault_of_value("region", "crpt", "res://music/emberwood.yaml"),
	]


## The property of a player that is its rule file: what is wrong with each of some, and where its
## button leads.
func _see_rules_file() -> void:
	var player: Node = load("res://addons/segue/nodes/segue_player.gd").new()
	EditorInterface.get_edited_scene_root().add_child(player)
	EditorInterface.inspect_object(player)
	await _until(func() -> bool: return _rules_file_property() != null)
	DirAccess.copy_absolute("res://music/meadow.yaml", "res://meadow.yaml")
	_write("notes.yaml", "title: Notes\n")
	var property := _rules_file_property()
	var faults := {}
	for path: String in [
		"",
		"res://music/emberwood.yaml",
		"res://music/emberwod.yaml",
		"res://music/notes.yaml",
		"res://music/emberwood.test.yaml",
		"res://meadow.yaml",
		"res://music/meadow.yaml",
	]:
		property.call("_choose", path)
		faults[player.get("rules_file")] = property.call("fault")
	_seen["rules_files"] = faults
	property.get("_jump_button").pressed.emit()
	var rule_editor: Window = _dock().get("_rule_editor")
	_seen["jumped_to_mistake"] = rule_editor.call("place")
	_seen["listed"] = rule_editor.get("_mistakes").item_count
	rule_editor.hide()
	var dialog: EditorFileDialog = property.get("_dialog")
	property.get("_browse").pressed.emit()
	_seen["dialog"] = [dialog.visible, dialog.current_dir, ",".join(dialog.filters)]
	dialog.hide()
	var dropped := {"type": "files", "files": ["res://music/emberwood.yaml"]}
	_seen["drops"] = property.call("_can_drop", Vector2.ZERO, dropped)
	property.call("_drop", Vector2.ZERO, dropped)
	_seen["dropped"] = player.get("rules_file")
	# Names of a file outside the folder are known once a node plays it.
	_write("../field.yaml", "segue: 1\ninputs: {wind: {type: flag}}\n")
	property.call("_choose", "res://field.yaml")
	_seen["unknown_yet"] = _declarations().places("input", "res://field.yaml").keys()
	await _until(
		func() -> bool: return not _declarations().places("input", "res://field.yaml").is_empty()
	)
	_seen["outside"] = _declarations().places("input", "res://field.yaml").keys()
	EditorInterface.inspect_object(null)
	await get_tree().process_frame
	player.free()
	for path: String in ["res://field.yaml", "res://meadow.yaml", "res://music/notes.yaml"]:
		DirAccess.remove_absolute(path)
	await _until(func() -> bool: return _declarations().paths().size() == 2)


## A file whose names cannot be read keeps those it had; a good file has no problems; an edit of a
## part of a file counts.
func _see_edits() -> void:
	var good := FileAccess.get_file_as_string("res://music/meadow.yaml").replace("fihgt", "fight")
	_write("meadow.yaml", "segue: 1\ninputs: [\n")
	await _until(func() -> bool: return not _problems().any(_names_fihgt))
	_seen["kept"] = _declarations().places("input", "res://music/meadow.yaml").keys()
	_write("meadow.yaml", good)
	await _until(func() -> bool: return _problems().is_empty())
	var styles := FileAccess.get_file_as_string("res://music/styles.yaml")
	_write("styles.yaml", styles.replace("fight:", "combat:"))
	await _until(func() -> bool: return not _problems().is_empty())
	_seen["part"] = _problems()
	_write("styles.yaml", styles)
	await _until(func() -> bool: return _problems().is_empty())


func _names_fihgt(problem: String) -> bool:
	return "fihgt" in problem


func _see_audition() -> void:
	_dock().get("_start").pressed.emit()
	# The service is not ready yet.
	_press("boss_dead")
	var audition: Object = _dock().get("_audition")
	await _until(
		func() -> bool: return not audition.call("statistics").get("states", {}).is_empty()
	)
	_seen["states"] = audition.call("statistics")["states"].keys()
	for control: Object in _controls():
		if control.get("name") == "threat":
			control.get("control").get_child(0).value = 1.0
	await _until(func() -> bool: return not audition.call("statistics")["changes"].is_empty())
	for cause: String in ["boss_dead", "threat"]:
		await _until(func() -> bool: return cause in _dock().get("_playing").text)
	_seen["shown"] = _dock().get("_playing").text
	_dock().get("_start").pressed.emit()
	_seen["stopped"] = [_dock().get("_status").text, _dock().get("_start").text]


## A game that is debugged: what it plays, an input and a trigger from the dock, a suspension.
func _see_running_game() -> void:
	var words: Array = ProjectSettings.get_setting("probe/game")
	_game = OS.create_process(words[0], words.slice(1))
	await _until(func() -> bool: return _live() != null and not _controls().is_empty())
	_seen["game"] = [_live().get("path"), _dock().get("_sources").item_count]
	await _until(func() -> bool: return _live().call("statistics")["played"] > 0)
	for control: Object in _controls():
		if control.get("name") == "threat":
			control.get("control").get_child(0).value = 1.0
	_press("boss_dead")
	await _until(func() -> bool: return _live().get("values").get("threat") == 1.0)
	await _until(func() -> bool: return "boss_dead" in _dock().get("_playing").text)
	await _until(func() -> bool: return "threat" in _dock().get("_playing").text)
	var session: EditorDebuggerSession = _live().get("session")
	session.send_message("scene:suspend_changed", [true])
	await _until(func() -> bool: return _live().call("statistics")["is_paused"])
	session.send_message("scene:suspend_changed", [false])
	await _until(func() -> bool: return not _live().call("statistics")["is_paused"])
	OS.kill(_game)
	await _until(func() -> bool: return _live() == null)
	_seen["after_game"] = [_dock().get("_status").text, _dock().get("_sources").visible]


func _press(trigger: String) -> void:
	for control: Object in _controls():
		if control.get("name") == trigger:
			control.get("control").pressed.emit()


func _live() -> RefCounted:
	return _dock().get("_live")


func _rules_file_property() -> Control:
	return _found(EditorInterface.get_inspector(), "rules_file_property.gd") as Control


func _name_property() -> Control:
	return _found(EditorInterface.get_inspector(), "name_property.gd") as Control
