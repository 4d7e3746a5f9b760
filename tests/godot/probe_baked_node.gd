extends SceneTree
## Plays a bake with its node, by the engine's own clock: `-- CASE.json RESULT.json`. The case has
## the path of a manifest as `bake`, and `steps`: what is set and fired once the change before was
## heard. The result is all that the node told, in order.

const Baked := preload("res://addons/segue/nodes/segue_baked.gd")

## Far more than a step takes: a change that does not come ends the run.
const _PATIENCE_FRAMES := 4000

var _told: Array = []


func _init() -> void:
	Engine.max_fps = 60
	_play.call_deferred()


func _play() -> void:
	var files := OS.get_cmdline_user_args()
	var played: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	var node := Baked.new()
	node.bake_file = played["bake"]
	_listen(node)
	root.add_child(node)
	await _until("connected", 0)
	for step: Dictionary in played["steps"]:
		var known := _told.size()
		for input: String in step.get("set", {}):
			_told.append(
				["taken", node.set_input(input, step["set"][input]), node.input_value(input)]
			)
		for trigger: String in step.get("fire", []):
			_told.append(["taken", node.fire(trigger), null])
		await _until(step["heard"], known)
	_told.append(["states", node.states()])
	node.stop()
	_told.append(["stopped", node.set_input("loud", true), node.states()])
	_told.append(["again", node.start()])
	# A node that comes back into the tree begins again.
	root.remove_child(node)
	_told.append(["outside", node.fire("hit")])
	root.add_child(node)
	_told.append(["back", node.fire("hit")])
	node.free()
	# The audio server lets go of what has played in its next mixes.
	for frame in 30:
		await process_frame
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(_told, "", false, true))
	out.close()
	quit()


func _listen(node: Baked) -> void:
	node.connected.connect(func(title: String) -> void: _told.append(["connected", title]))
	node.failed.connect(func(text: String) -> void: _told.append(["failed", text]))
	node.refused.connect(
		func(input: String, _text: String) -> void: _told.append(["refused", input])
	)
	node.stinger.connect(func(name: String) -> void: _told.append(["stinger", name]))
	node.bar.connect(func(index: int) -> void: _told.append(["bar", index]))
	node.beat.connect(
		func(bar: int, beat: int, bpm: float, exact: bool) -> void:
			_told.append(["beat", bar, beat, bpm, exact])
	)
	node.changed.connect(
		func(layer: String, from: String, to: String, _causes: PackedStringArray) -> void:
			_told.append(["changed", layer, from, to])
	)


## Waits until something of this kind is told behind what was [param known].
func _until(kind: String, known: int) -> void:
	for frame in _PATIENCE_FRAMES:
		for told: Array in _told.slice(known):
			if told[0] == kind or told[0] == "failed":
				return
		await process_frame
