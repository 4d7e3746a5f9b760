extends RefCounted
## The audio side of a client: music from the network, samples to whoever plays them, and where
## playback stands. Any thread may call it; no call waits longer than another takes to render.

const ClientEvent := preload("session/client_event.gd")
const Pcm := preload("timeline/pcm.gd")
const PlaybackPosition := preload("session/playback_position.gd")
const Timeline := preload("timeline/timeline.gd")
const Volume := preload("timeline/volume.gd")

var _mutex := Mutex.new()
var _timeline := Timeline.new()
var _volume := Volume.new()
var _latency := 0
## Samples of silence after the last of the music.
var _silent := 0
var _played := 0

## Held for an assignment only, so that a game never waits for samples.
var _position_mutex := Mutex.new()
var _position := PlaybackPosition.new()


## The next `frames` samples for the speaker. latency: samples that are handed to the engine and not
## heard yet, after these.
func render(frames: int, latency: int) -> PackedVector2Array:
	_mutex.lock()
	var before := _timeline.committed
	var samples := _volume.applied(_timeline.read(frames))
	var moved := _timeline.committed - before
	_silent = frames - moved if moved > 0 else _silent + frames
	_latency = latency
	_publish()
	_mutex.unlock()
	return samples


## Takes a chunk or a stinger as it came; false if a sample is no finite number.
func deliver(event: ClientEvent) -> bool:
	var fields := event.fields
	var samples: Variant = null
	if event.payload != null:
		samples = Pcm.samples(event.payload, fields["format"])
		if samples == null:
			return false
	_mutex.lock()
	if event.kind == ClientEvent.CHUNK:
		_timeline.write(fields["take"], fields["start"], samples, fields["mixed"])
	else:
		_timeline.stingers.take(fields, samples, _timeline.committed)
	_publish()
	_mutex.unlock()
	return true


## Sets how much music must be there before playing begins, in samples.
func set_pre_roll(samples: int) -> void:
	_mutex.lock()
	_timeline.pre_roll = samples
	_mutex.unlock()


## Stops the music with a fade, or lets it continue.
func set_paused(is_paused: bool) -> void:
	_mutex.lock()
	if is_paused:
		_timeline.pause()
	else:
		_timeline.resume()
	_mutex.unlock()


## Changes the game's volume. fields: of the control `volume`, `mute` or `unmute`.
func change_gain(fields: Dictionary) -> void:
	_mutex.lock()
	_volume.change(fields["op"], fields.get("gain_db", 0.0), fields.get("ramp_ms", 0))
	_mutex.unlock()


## Where playback stands; nobody changes the object.
func position() -> PlaybackPosition:
	_position_mutex.lock()
	var now := _position
	_position_mutex.unlock()
	return now


func _publish() -> void:
	var now := PlaybackPosition.new()
	now.committed = _timeline.committed
	# What was handed over before the silence is heard while the silence waits.
	_played = maxi(_played, now.committed - maxi(0, _latency - _silent))
	now.played = _played
	now.have = _timeline.have()
	now.is_standing = _timeline.is_standing()
	now.underruns = _timeline.underruns
	now.late = _timeline.late
	now.dropped = _timeline.dropped
	_position_mutex.lock()
	_position = now
	_position_mutex.unlock()
