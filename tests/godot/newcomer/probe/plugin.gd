@tool
extends EditorPlugin
## Does in an empty project what the addon's README says up to the first music, as a person would,
## if the file `res://todo` is there, and deletes it.

const _PATIENCE_MS := 60_000
const _TODO := "res://todo"


func _enter_tree() -> void:
	if FileAccess.file_exists(_TODO):
		DirAccess.remove_absolute(_TODO)
		_follow_readme()


func _follow_readme() -> void:
	var files := EditorInterface.get_resource_filesystem()
	await _until(func() -> bool: return not files.is_scanning())
	EditorInterface.set_plugin_enabled("segue", true)
	await _until(func() -> bool: return _dock() != null)
	var first_steps: Control = _dock().get("_first_steps")
	first_steps.get("_rate").pressed.emit()
	await _until(func() -> bool: return first_steps.get("_service").visible)
	# A program is chosen; then, instead, the service is copied into the project of the running editor.
	first_steps.get("_dialog").file_selected.emit(
		ProjectSettings.globalize_path("res://download/segue")
	)
	await _until(func() -> bool: return not first_steps.get("_service").visible)
	ProjectSettings.set_setting("segue/service/command", "")
	await _until(func() -> bool: return first_steps.get("_service").visible)
	DirAccess.rename_absolute("res://download", "res://segue-service")
	await _until(func() -> bool: return first_steps.get("_new_rules").visible)
	first_steps.get("_new_rules").pressed.emit()
	await _until(func() -> bool: return _dock().get("_rules").item_count == 1)
	await _until(func() -> bool: return not files.is_scanning())
	var player: Node = load("res://addons/segue/nodes/segue_player.gd").new()
	player.name = "SeguePlayer"
	player.set("rules_file", _dock().get("_rules").get_item_metadata(0))
	var overlay: Node = load("res://addons/segue/nodes/segue_overlay.gd").new()
	var scene := Node.new()
	scene.name = "Main"
	scene.set_script(load("res://main.gd"))
	for node: Node in [player, overlay]:
		scene.add_child(node)
		node.owner = scene
	var packed := PackedScene.new()
	packed.pack(scene)
	ResourceSaver.save(packed, "res://main.tscn")
	scene.free()
	ProjectSettings.set_setting("application/run/main_scene", "res://main.tscn")
	ProjectSettings.save()
	get_tree().quit()


func _dock() -> Control:
	return _found(EditorInterface.get_base_control()) as Control


## The dock, at or below a node.
func _found(node: Node) -> Node:
	var script: Script = node.get_script()
	if script != null and script.resource_path == "res://addons/segue/editor/dock.gd":
		return node
	for child in node.get_children(true):
		var below := _found(child)
		if below != null:
			return below
	return null


func _until(condition: Callable) -> void:
	var end := Time.get_ticks_msec() + _PATIENCE_MS
	while not condition.call():
		if Time.get_ticks_msec() > end:
			printerr("ERROR: the newcomer waited in vain")
			get_tree().quit(1)
			return
		await get_tree().process_frame
