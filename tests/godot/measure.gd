extends Node
## Measures what the client costs, in milliseconds of one core for each second of audio. No test:
## `godot --headless --path PROJECT res://measure.tscn -- [ADDRESS]`, with a service for the whole
## client.

const Client := preload("res://addons/segue/core/client.gd")
const Lengths := preload("res://addons/segue/core/timeline/lengths.gd")
const Pcm := preload("res://addons/segue/core/timeline/pcm.gd")
const Timeline := preload("res://addons/segue/core/timeline/timeline.gd")
const Volume := preload("res://addons/segue/core/timeline/volume.gd")

const _SECONDS := 20
const _CHUNK := 19200
const _BLOCK := 512

## In all seconds, and whole ones in a chunk.
const _CHUNKS := 50
const _BLOCKS := 1875
const _BLOCKS_OF_CHUNK := 37

## Samples rendered since the engine's start, had it begun then.
var _filled := 0


func _ready() -> void:
	print(Engine.get_version_info()["string"], " debug ", OS.is_debug_build())
	var payload := PackedByteArray()
	payload.resize(_CHUNK * 8)
	var began := Time.get_ticks_usec()
	for i in _CHUNKS:
		Pcm.samples(payload, "f32le")
	_tell("f32le to samples, checked", began)
	payload.resize(_CHUNK * 4)
	began = Time.get_ticks_usec()
	for i in _CHUNKS:
		Pcm.samples(payload, "s16le")
	_tell("s16le to samples", began)
	_play("one take", 1, 0.0)
	_play("one take, volume -6 dB", 1, -6.0)
	_play("one take, volume +6 dB", 1, 6.0)
	_play("a take every 400 ms, mixed", 1000, 0.0)
	_play_joins()
	_play_stinger()
	for address in OS.get_cmdline_user_args():
		_run_client(address)
	get_tree().quit()


func _play(what: String, takes: int, gain_db: float) -> void:
	var timeline := Timeline.new()
	var volume := Volume.new()
	if gain_db != 0.0:
		volume.change("volume", gain_db, 0)
	var samples := PackedVector2Array()
	samples.resize(_CHUNK)
	for i in _CHUNKS:
		timeline.write(mini(i, takes - 1), i * _CHUNK, samples, takes > 1)
	var began := Time.get_ticks_usec()
	for i in _BLOCKS:
		volume.applied(timeline.read(_BLOCK))
		timeline.have()
	_tell(what, began)


func _play_joins() -> void:
	var timeline := Timeline.new()
	var samples := PackedVector2Array()
	samples.resize(_CHUNK)
	var began := Time.get_ticks_usec()
	for i in _CHUNKS:
		timeline.write(i, i * _CHUNK, samples, false)
		timeline.write(i, (i + 1) * _CHUNK, samples, false)
		for j in _BLOCKS_OF_CHUNK:
			timeline.read(_BLOCK)
	_tell("a take joined every 400 ms", began)


func _play_stinger() -> void:
	var timeline := Timeline.new()
	var samples := PackedVector2Array()
	samples.resize(_CHUNK)
	for i in _CHUNKS:
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
	for i in _BLOCKS:
		timeline.read(_BLOCK)
	_tell("stingers and ducks without a pause", began)


## The whole client, with a filler that renders in real time, polled 60 times a second. All of the
## process is measured, and beforehand the same without a client.
func _run_client(address: String) -> void:
	var idle_ms := _processor_ms(func() -> void: OS.delay_msec(16))
	var client := Client.new(address, {"lookahead_ms": 4000})
	client.set_filler(_fill.bind(client))
	while client.position().committed < 3 * Lengths.SAMPLE_RATE:
		client.poll()
		OS.delay_msec(10)
	var busy_ms := _processor_ms(
		func() -> void:
			client.poll()
			OS.delay_msec(16)
	)
	client.close()
	print("%-40s %7.3f ms/s" % ["the whole client at steady state", busy_ms - idle_ms])


## What a generator's playback would ask for.
func _fill(client: Client) -> void:
	@warning_ignore("integer_division")
	var due := Time.get_ticks_usec() * 48 / 1000 - _filled
	if _filled == 0:
		_filled = due - 480
		due = 480
	_filled += due
	client.render(due, 4800)


## Milliseconds of processor time for each second of 10 s of turns.
func _processor_ms(turn: Callable) -> float:
	var used := _used_ms()
	var began := Time.get_ticks_usec()
	while Time.get_ticks_usec() - began < 10000000:
		turn.call()
	return (_used_ms() - used) * 1e6 / (Time.get_ticks_usec() - began)


## The processor time of this process: user and system, in ticks of 10 ms.
func _used_ms() -> float:
	var words := FileAccess.open("/proc/self/stat", FileAccess.READ).get_line().get_slice(")", 1)
	return 10.0 * (words.get_slice(" ", 12).to_int() + words.get_slice(" ", 13).to_int())


func _tell(what: String, began: int) -> void:
	print("%-40s %7.3f ms/s" % [what, (Time.get_ticks_usec() - began) / 1000.0 / _SECONDS])
