extends SceneTree
## Plays traffic through the timeline and the volume: `-- CASES.json RESULTS.json`. `pool` is a file
## of f32le stereo samples; an operation that brings samples says where in it they begin.

const Pcm := preload("res://addons/segue/core/timeline/pcm.gd")
const Timeline := preload("res://addons/segue/core/timeline/timeline.gd")
const Volume := preload("res://addons/segue/core/timeline/volume.gd")

var _pool: PackedByteArray


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var cases: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	_pool = FileAccess.get_file_as_bytes(cases["pool"])
	var heard := FileAccess.open(cases["heard"], FileAccess.WRITE)
	var states: Array = []
	for traffic: Array in cases["traffic"]:
		states.append(_play(traffic, heard))
	heard.close()
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(states))
	out.close()
	quit()


## Writes what is heard; the timeline's state after each operation.
func _play(traffic: Array, heard: FileAccess) -> Array:
	var timeline := Timeline.new()
	var volume := Volume.new()
	var states: Array = []
	for operation: Dictionary in traffic:
		match operation["do"]:
			"chunk":
				(
					timeline
					. write(
						int(operation["take"]),
						int(operation["start"]),
						_samples(operation),
						operation["mixed"],
					)
				)
			"stinger":
				var fields: Dictionary = operation["fields"]
				var samples: Variant = null
				if fields["count"] > 0:
					samples = _samples(operation)
				timeline.stingers.take(fields, samples, timeline.committed)
			"read":
				var block := volume.applied(timeline.read(int(operation["count"])))
				# Without the head of a serialized array the rest is f32le.
				heard.store_buffer(var_to_bytes(block).slice(8))
			"volume", "mute", "unmute":
				volume.change(operation["do"], operation["gain_db"], int(operation["ramp_ms"]))
			"pause":
				timeline.pause()
			"resume":
				timeline.resume()
		(
			states
			. append(
				[
					timeline.committed,
					timeline.have(),
					timeline.underruns,
					timeline.late,
					timeline.dropped,
					int(timeline.is_standing()),
				]
			)
		)
	return states


func _samples(operation: Dictionary) -> PackedVector2Array:
	var at := 8 * int(operation["from"])
	return Pcm.samples(_pool.slice(at, at + 8 * int(operation["count"])), "f32le")
