extends SceneTree
## Plays the rules of bakes: `-- CASES.json RESULTS.json`. A case has a `manifest`, `events` by
## frame, and `frames`; its result has, of each frame, the states by layer, the loop, the tick and
## the stingers that start.

const BakedRules := preload("res://addons/segue/core/baked/baked_rules.gd")


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var cases: Array = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(cases.map(_play), "", false, true))
	out.close()
	quit()


func _play(played: Dictionary) -> Dictionary:
	var fault := BakedRules.fault(played["manifest"])
	if not fault.is_empty():
		return {"fault": fault}
	var rules := BakedRules.new(played["manifest"])
	var frames: Array = []
	for frame in int(played["frames"]):
		var events: Array = (played["events"] as Dictionary).get(str(frame), [])
		var result := rules.step(events)
		frames.append([rules.states(), rules.loop, rules.clock.ticks, result["stingers"]])
	return {"frames": frames}
