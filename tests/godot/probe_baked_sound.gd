extends SceneTree
## Renders bakes: `-- CASES.json RESULTS.json`. A case has the path of a manifest as `bake`,
## `events` by frame, `frames`, and `sound`, a file for the samples, float32 [S, 2]. Its result has
## the states and the loop of each frame, and what is wrong with the bake as `fault`.

const BakedMixer := preload("res://addons/segue/core/baked/baked_mixer.gd")
const BakedRules := preload("res://addons/segue/core/baked/baked_rules.gd")
const BakeFiles := preload("res://addons/segue/core/baked/bake_files.gd")


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var cases: Array = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(cases.map(_play), "", false, true))
	out.close()
	quit()


func _play(played: Dictionary) -> Dictionary:
	var files := BakeFiles.new(played["bake"])
	if not files.fault.is_empty():
		return {"fault": files.fault}
	var manifest := files.manifest
	var rules := BakedRules.new(manifest)
	var mixer := BakedMixer.new(
		manifest["loops"], files.loops, manifest["stingers"], files.stingers
	)
	var sound := FileAccess.open(played["sound"], FileAccess.WRITE)
	var frames: Array = []
	var usec := 0
	for frame in int(played["frames"]):
		var told := rules.step((played["events"] as Dictionary).get(str(frame), []))
		var began := Time.get_ticks_usec()
		var samples := mixer.render(told)
		usec += Time.get_ticks_usec() - began
		sound.store_buffer(samples.to_byte_array())
		frames.append([rules.states(), rules.loop, told["beat"], told["loop"]])
	sound.close()
	return {"fault": "", "frames": frames, "ms": usec / 1000.0}
