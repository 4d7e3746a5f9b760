extends RefCounted
## Keeps an [AudioStreamGeneratorPlayback] filled from the client's thread, so that a main thread
## that stalls makes no gap. Any thread may call it.

const Client := preload("../core/client.gd")

## Samples a second.
const RATE := 48000

## Most samples that are handed to the engine ahead; below the generator's capacity.
const MOST := 24000

## How long the main thread may be away in a game that the editor runs, before the debugger has
## stopped it. Loading may take a second or two.
const STALL_MS := 2500

var _client: Client
var _mutex := Mutex.new()
var _playback: AudioStreamGeneratorPlayback
var _capacity := 0
var _target := 4800
var _skips := -1
var _grown := 0
var _filled_usec := 0
var _main_ms := 0
var _is_stalled := false
var _when_stalled := Callable()


## target: samples to hand to the engine ahead. It grows when they were too few.
func _init(client: Client, target: int) -> void:
	_client = client
	_target = mini(target, MOST)


## Fills this playback from now on, which was just started; null: none.
func set_playback(playback: AudioStreamGeneratorPlayback) -> void:
	_mutex.lock()
	_playback = playback
	_capacity = playback.get_frames_available() if playback != null else 0
	_skips = -1
	_mutex.unlock()


## Calls this on the client's thread when the main thread is away for [constant STALL_MS].
func set_when_stalled(callable: Callable) -> void:
	_mutex.lock()
	_when_stalled = callable
	_mutex.unlock()


## Notes that the main thread runs; whether it had stalled.
func main_thread_runs() -> bool:
	_mutex.lock()
	var was_stalled := _is_stalled
	_is_stalled = false
	_main_ms = Time.get_ticks_msec()
	_mutex.unlock()
	return was_stalled


## Samples that are handed to the engine ahead, how often there were too few, and the microseconds
## since the last were handed over.
func statistics() -> Dictionary:
	_mutex.lock()
	var found := {"target": _target, "skips": _grown, "age_usec": 0}
	if _filled_usec > 0:
		found["age_usec"] = Time.get_ticks_usec() - _filled_usec
	_mutex.unlock()
	return found


## Hands over what is missing. The client's thread calls it.
func fill() -> void:
	_mutex.lock()
	var stalled := Callable()
	if not _is_stalled and _main_ms > 0 and Time.get_ticks_msec() - _main_ms > STALL_MS:
		_is_stalled = true
		stalled = _when_stalled
	var playback := _playback
	var capacity := _capacity
	var skips := _skips
	_mutex.unlock()
	# The engine's main thread never waits for the samples.
	if playback != null:
		_fill(playback, capacity, skips)
	if stalled.is_valid():
		stalled.call()


func _fill(playback: AudioStreamGeneratorPlayback, capacity: int, known: int) -> void:
	var skips := playback.get_skips()
	var target := _target
	if known >= 0 and skips > known:
		@warning_ignore("integer_division")
		target = mini(target * 3 / 2, MOST)
	var missing := target - (capacity - playback.get_frames_available())
	if missing > 0:
		var output := roundi(AudioServer.get_output_latency() * RATE)
		playback.push_buffer(_client.render(missing, target + output))
	_mutex.lock()
	if playback == _playback:
		# The engine also counts its mixes before the first samples.
		_skips = skips if known >= 0 else playback.get_skips()
		_grown += maxi(0, skips - known) if known >= 0 else 0
		_target = target
		_filled_usec = Time.get_ticks_usec() if missing > 0 else _filled_usec
	_mutex.unlock()
