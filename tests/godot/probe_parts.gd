extends SceneTree
## Runs small parts of the core: `-- CASE.json RESULT.json`. Each key of the case names one.

const ClientEvent := preload("res://addons/segue/core/session/client_event.gd")
const Failure := preload("res://addons/segue/core/transport/connect_failure.gd")
const Pcm := preload("res://addons/segue/core/timeline/pcm.gd")
const Player := preload("res://addons/segue/core/player.gd")
const RetrySchedule := preload("res://addons/segue/core/transport/retry_schedule.gd")
const ScheduledCalls := preload("res://addons/segue/nodes/scheduled_calls.gd")
const SimilarNames := preload("res://addons/segue/core/session/similar_names.gd")


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var case: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	var result := {}
	for part: String in case:
		result[part] = call("_" + part, case[part])
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(result, "", false, true))
	out.close()
	quit()


## Of each [name, known names]: the closest.
func _closest(cases: Array) -> Array:
	return cases.map(func(case: Array) -> String: return SimilarNames.closest(case[0], case[1]))


## Of each [payload in hex, format]: the samples, or null.
func _pcm(cases: Array) -> Array:
	return cases.map(
		func(case: Array) -> Variant:
			var samples: Variant = Pcm.samples((case[0] as String).hex_decode(), case[1])
			if samples == null:
				return null
			return Array(samples).map(func(sample: Vector2) -> Array: return [sample.x, sample.y])
	)


## Of each code in a row: [the pause in seconds, whether the game is told]; null: it connected.
func _retries(codes: Array) -> Array:
	var schedule := RetrySchedule.new()
	var results := []
	for code: Variant in codes:
		if code == null:
			schedule.connected()
			results.append(null)
			continue
		var is_told := schedule.failed(Failure.new(code, ""))
		results.append([schedule.pause_s, is_told])
	return results


## Of the samples heard in game frames of 800, beats every 24 000: the frames in which a call is
## made that schedules itself again.
func _calls(heard: Array) -> Array:
	var beats: Array[Dictionary] = []
	for beat in 8:
		beats.append({"at": 24_000 * (beat + 1), "beat": beat % 4})
	var calls := ScheduledCalls.new()
	var now := [0.0]
	var made := []
	calls.add(_call_again.bind(calls, now, made), false, 0.0, 0.0)
	for sample: float in heard:
		now[0] = sample
		calls.step(beats, sample, 800.0)
	# What it still holds holds it.
	calls.clear()
	return made


func _call_again(calls: ScheduledCalls, now: Array, made: Array) -> void:
	made.append(now[0])
	calls.add(_call_again.bind(calls, now, made), false, 0.0, now[0])


## Of each step, ["chunk", start, count], ["pause"], ["resume"], ["pre_roll", samples] or
## ["render", frames, latency]:
## [played, committed, have, whether the clock stands].
func _player(steps: Array) -> Array:
	var player := Player.new()
	return steps.map(
		func(step: Array) -> Array:
			match step[0]:
				"chunk":
					player.deliver(_chunk(int(step[1]), int(step[2])))
				"pre_roll":
					player.set_pre_roll(int(step[1]))
				"render":
					player.render(int(step[1]), int(step[2]))
				_:
					player.set_paused(step[0] == "pause")
			var now := player.position()
			return [now.played, now.committed, now.have, now.is_standing]
	)


func _chunk(start: int, count: int) -> ClientEvent:
	var payload := PackedByteArray()
	payload.resize(count * 4)
	payload.fill(0)
	var fields := {"take": 0, "start": start, "mixed": false, "format": "s16le"}
	return ClientEvent.new(ClientEvent.CHUNK, fields, payload)
