extends RefCounted
## The saved game: what the nodes of the group `saved` keep, and the music.

const Player := preload("res://addons/segue/nodes/segue_player.gd")

const GROUP := &"saved"
const FILE := "user://emberwood.save"


## What every node of the group keeps, by its name.
static func collect(tree: SceneTree) -> Dictionary:
	var states := {}
	for node in tree.get_nodes_in_group(GROUP):
		states[String(node.name)] = node.call("saved")
	return states


## Gives the nodes what they have kept.
static func apply(tree: SceneTree, states: Dictionary) -> void:
	for node in tree.get_nodes_in_group(GROUP):
		if states.has(String(node.name)):
			node.call("restore", states[String(node.name)])


## Writes the file; what went wrong, or nothing.
static func save(tree: SceneTree, player: Player) -> String:
	var states := collect(tree)
	var music := await player.save_music()
	var file := FileAccess.open(FILE, FileAccess.WRITE)
	if file == null:
		return "cannot write %s: %s" % [FILE, error_string(FileAccess.get_open_error())]
	file.store_string(JSON.stringify({"states": states, "music": Marshalls.raw_to_base64(music)}))
	return "" if not music.is_empty() else "saved without its music: the service did not answer"


## Continues from the file; what went wrong, or nothing.
static func load_from_file(tree: SceneTree, player: Player) -> String:
	var read: Variant = JSON.parse_string(FileAccess.get_file_as_string(FILE))
	if not read is Dictionary or not read.has("states"):
		return "there is no saved game yet: F5 makes one"
	apply(tree, read["states"])
	var has_music := await player.restore_music(Marshalls.base64_to_raw(read["music"]))
	return "" if has_music else "loaded without its music"
