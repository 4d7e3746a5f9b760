@tool
extends EditorPlugin
## Enables the plug-in Segue in this editor, uses it as a person would, disables it, and writes what
## it saw to the file that the setting `probe/results` names. An export or an import runs no probe.

const _PATIENCE_MS := 60_000

var _seen := {}
var _game := -1


func _enter_tree() -> void:
	if ProjectSettings.has_setting("probe/results"):
		_probe()


func _probe() -> void:
	await _until(func() -> bool: return not EditorInterface.get_resource_filesystem().is_scanning())
	EditorInterface.set_plugin_enabled("segue", true)
	_seen["autoload"] = ProjectSettings.get_setting("autoload/Segue", "")
	await _until(func() -> bool: return _declarations().paths().size() == 2)
	_see_declarations()
	await _see_inspector()
	await _see_edits()
	await _see_audition()
	_dock().get("_rate").pressed.emit()
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
	var results: String = ProjectSettings.get_setting("probe/results")
	FileAccess.open(results, FileAccess.WRITE).store_string(JSON.stringify(_seen))
	get_tree().quit()


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
	var audition: Object = _dock().get("_audition")
	await _until(
		func() -> bool: return not audition.call("statistics").get("states", {}).is_empty()
	)
	_seen["states"] = audition.call("statistics")["states"].keys()
	for control: Object in _controls():
		if control.get("name") == "threat":
			control.get("control").get_child(0).value = 1.0
	await _until(func() -> bool: return not audition.call("statistics")["changes"].is_empty())
	await _until(func() -> bool: return "threat" in _dock().get("_playing").text)
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
		if control.get("name") == "boss_dead":
			control.get("control").pressed.emit()
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


## Threads, open files and children of the editor, and nodes, once the services have ended.
func _left() -> Dictionary:
	await _until(func() -> bool: return _children() == 0)
	var left := {"children": _children()}
	for what: String in ["task", "fd"]:
		var folder := DirAccess.open("/proc/self/" + what)
		left[what] = folder.get_files().size() + folder.get_directories().size()
	left["nodes"] = Performance.get_monitor(Performance.OBJECT_NODE_COUNT)
	left["orphans"] = Performance.get_monitor(Performance.OBJECT_ORPHAN_NODE_COUNT)
	return left


## A file whose size the system says is 0: it is read by lines.
func _children() -> int:
	var path := "/proc/self/task/%d/children" % OS.get_process_id()
	return FileAccess.open(path, FileAccess.READ).get_line().split(" ", false).size()


func _live() -> RefCounted:
	return _dock().get("_live")


func _controls() -> Array:
	return _dock().get("_inputs").get("controls")


func _write(name_in_music: String, text: String) -> void:
	var file := FileAccess.open("res://music/" + name_in_music, FileAccess.WRITE)
	file.store_string(text)


func _problems() -> Array:
	var list: ItemList = _dock().get("_problems")
	return range(list.item_count).map(func(index: int) -> String: return list.get_item_text(index))


func _declarations() -> RefCounted:
	return _dock().get("_declarations")


func _dock() -> Control:
	return _found(EditorInterface.get_base_control(), "dock.gd") as Control


func _name_property() -> Control:
	return _found(EditorInterface.get_inspector(), "name_property.gd") as Control


## The first node below another one whose script is of this name.
func _found(node: Node, script_name: String) -> Node:
	for child in node.get_children(true):
		var script: Script = child.get_script()
		if script != null and script.resource_path.ends_with("/segue/editor/" + script_name):
			return child
		var below := _found(child, script_name)
		if below != null:
			return below
	return null


func _until(condition: Callable) -> void:
	var end := Time.get_ticks_msec() + _PATIENCE_MS
	while not condition.call():
		if Time.get_ticks_msec() > end:
			printerr("ERROR: the probe waited in vain; so far: %s" % JSON.stringify(_seen))
			OS.kill(_game)
			get_tree().quit(1)
			end = Time.get_ticks_msec() + _PATIENCE_MS
		await get_tree().process_frame
