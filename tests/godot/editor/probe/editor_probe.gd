@tool
extends EditorPlugin
## What probes of the plug-in Segue share: they use it in this editor as a person would, and write
## what they saw to the file that the setting `probe/results` names. An export or an import runs no
## probe.

const _PATIENCE_MS := 60_000

var _seen := {}
## The process of a running game.
var _game := -1


func _enter_tree() -> void:
	if ProjectSettings.has_setting("probe/results"):
		_run()


func _run() -> void:
	await _until(func() -> bool: return not EditorInterface.get_resource_filesystem().is_scanning())
	EditorInterface.set_plugin_enabled("segue", true)
	await _probe()
	var results: String = ProjectSettings.get_setting("probe/results")
	FileAccess.open(results, FileAccess.WRITE).store_string(JSON.stringify(_seen))
	get_tree().quit()


## What a probe does, once the plug-in is enabled.
func _probe() -> void:
	pass


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
			if _game > 0:
				OS.kill(_game)
			get_tree().quit(1)
			end = Time.get_ticks_msec() + _PATIENCE_MS
		await get_tree().process_frame
