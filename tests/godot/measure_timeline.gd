extends SceneTree
## Measures what the timeline costs: milliseconds of one core for each second of audio. No test.

const Lengths := preload("res://addons/segue/core/timeline/lengths.gd")
const Pcm := preload("res://addons/segue/core/timeline/pcm.gd")
const Timeline := preload("res://addons/segue/core/timeline/timeline.gd")
const Volume := preload("res://addons/segue/core/timeline/volume.gd")

const _SECONDS := 20
const _CHUNK := 19200
const _BLOCK := 512


func _init() -> void:
	print(Engine.get_version_info()["string"], " debug ", OS.is_debug_build())
	var payload := PackedByteArray()
	payload.resize(_CHUNK * 8)
	var chunks := _SECONDS * Lengths.SAMPLE_RATE / _CHUNK
	var began := Time.get_ticks_usec()
	for i in chunks:
		Pcm.samples(payload, "f32le")
	_tell("f32le to samples, checked", began)
	payload.resize(_CHUNK * 4)
	began = Time.get_ticks_usec()
	for i in chunks:
		Pcm.samples(payload, "s16le")
	_tell("s16le to samples", began)
	_play("one take", 1, 0.0)
	_play("one take, volume -6 dB", 1, -6.0)
	_play("one take, volume +6 dB", 1, 6.0)
	_play("a take every 400 ms, mixed", 1000, 0.0)
	_play_joins()
	_play_stinger()
	quit()


func _play(name: String, takes: int, gain_db: float) -> void:
	var timeline := Timeline.new()
	var volume := Volume.new()
	if gain_db != 0.0:
		volume.change("volume", gain_db, 0)
	var samples := PackedVector2Array()
	samples.resize(_CHUNK)
	for i in _SECONDS * Lengths.SAMPLE_RATE / _CHUNK:
		timeline.write(mini(i, takes - 1), i * _CHUNK, samples, takes > 1)
	var began := Time.get_ticks_usec()
	for i in _SECONDS * Lengths.SAMPLE_RATE / _BLOCK:
		volume.applied(timeline.read(_BLOCK))
		timeline.have()
	_tell(name, began)


func _play_joins() -> void:
	var timeline := Timeline.new()
	var samples := PackedVector2Array()
	samples.resize(_CHUNK)
	var began := Time.get_ticks_usec()
	for i in _SECONDS * Lengths.SAMPLE_RATE / _CHUNK:
		timeline.write(i, i * _CHUNK, samples, false)
		timeline.write(i, (i + 1) * _CHUNK, samples, false)
		for j in _CHUNK / _BLOCK:
			timeline.read(_BLOCK)
	_tell("a take joined every 400 ms", began)


func _play_stinger() -> void:
	var timeline := Timeline.new()
	var samples := PackedVector2Array()
	samples.resize(_CHUNK)
	for i in _SECONDS * Lengths.SAMPLE_RATE / _CHUNK:
		timeline.write(0, i * _CHUNK, samples, false)
	var duck := {"depth_db": -6.0, "fade_out": 4800, "recovery": 0, "fade_in": 4800}
	for i in _SECONDS:
		var fields := {
			"id": i + 1,
			"kind": "placed",
			"start": i * 48000,
			"total": 43200,
			"offset": 0,
			"gain_db": 0.0,
			"duck": duck,
			"if_late": "drop",
		}
		samples.resize(43200)
		timeline.stingers.take(fields, samples, 0)
	var began := Time.get_ticks_usec()
	for i in _SECONDS * Lengths.SAMPLE_RATE / _BLOCK:
		timeline.read(_BLOCK)
	_tell("stingers and ducks without a pause", began)


func _tell(name: String, began: int) -> void:
	print("%-40s %7.3f ms/s" % [name, (Time.get_ticks_usec() - began) / 1000.0 / _SECONDS])
