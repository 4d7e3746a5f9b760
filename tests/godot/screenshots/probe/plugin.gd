@tool
extends EditorPlugin
## Plays a rule file in the dock, selects a zone, and takes a picture of the editor: the environment
## variable PICTURE names the file.


func _enter_tree() -> void:
	if OS.has_environment("PICTURE"):
		_take()


func _take() -> void:
	var files := EditorInterface.get_resource_filesystem()
	while files.is_scanning():
		await get_tree().process_frame
	EditorInterface.open_scene_from_path("res://game.tscn")
	EditorInterface.set_main_screen_editor("2D")
	await get_tree().create_timer(4.0).timeout
	var dock := _found(EditorInterface.get_base_control())
	var shown: Control = dock
	while not shown.get_parent() is TabContainer:
		shown = shown.get_parent()
	var tabs: TabContainer = shown.get_parent()
	tabs.current_tab = tabs.get_tab_idx_from_control(shown)
	dock.get("_start").pressed.emit()
	var root := EditorInterface.get_edited_scene_root()
	EditorInterface.get_selection().add_node(root.get_node("Crypt"))
	EditorInterface.edit_node(root.get_node("Crypt"))
	var audition: Object = dock.get("_audition")
	while audition.call("statistics").get("states", {}).is_empty():
		await get_tree().process_frame
	await get_tree().create_timer(3.0).timeout
	for control: Object in dock.get("_inputs").get("controls"):
		match control.get("name"):
			"threat", "enemies":
				control.get("control").get_child(0).value = 5.0
	await get_tree().create_timer(5.0).timeout
	var picture := EditorInterface.get_base_control().get_viewport().get_texture().get_image()
	picture.save_png(OS.get_environment("PICTURE"))
	dock.get("_start").pressed.emit()
	await get_tree().create_timer(1.0).timeout
	get_tree().quit()


## The dock, at or below a node.
func _found(node: Node) -> Control:
	var script: Script = node.get_script()
	if script != null and script.resource_path == "res://addons/segue/editor/dock.gd":
		return node
	for child in node.get_children(true):
		var below := _found(child)
		if below != null:
			return below
	return null
