extends RefCounted
## The sound of a baked soundtrack: loops that follow each other with fades, and stingers over
## them, frame by frame, exact to the sample. A loop is heard through the engine's own decoder.

const FRAME_SIZE := 1920
const RATE := 48000

## A cut without a fade has an edge of so many samples.
const _EDGE := 256

## Fades of more loops than these are cut short.
const _MOST_VOICES := 4


## A loop or a stinger that sounds.
class Voice:
	extends RefCounted
	var playback: AudioStreamPlayback
	## The loop, by index; -1: a stinger.
	var loop := -1
	## Samples until it is heard first.
	var waits := 0
	## The sample of the loop that comes next.
	var place := 0
	## Samples of it that are left; -1: any number.
	var left := -1
	var gain := 1.0
	## The fade: from a gain to another, so many samples long, of which so many are over.
	var from := 1.0
	var to := 1.0
	var length := 0
	var over := 0
	var is_even := true

	## Fades from the present gain.
	func fade(target: float, samples: int, even: bool) -> void:
		from = gain
		to = target
		length = samples
		over = 0
		is_even = even

	## The gain so many samples on.
	func gain_in(samples: int) -> float:
		var done := over + samples
		if done <= 0:
			return from
		if done >= length:
			return to
		var share := float(done) / length
		if is_even:
			# Equal power: music that is not alike sums to the same loudness.
			share = sin(share * PI / 2.0) if to > from else 1.0 - cos(share * PI / 2.0)
		return from + (to - from) * share


var _loops: Array
var _streams: Array[AudioStream]
var _stingers: Array
var _sounds: Array[AudioStream]
var _voices: Array[Voice] = []
## Of each stinger that ducks: the sample of its start, and its manifest entry.
var _ducks: Array = []
var _position := 0


## loops, stingers: of the manifest; streams, sounds: theirs, in order. Loops must repeat.
func _init(
	loops: Array, streams: Array[AudioStream], stingers: Array, sounds: Array[AudioStream]
) -> void:
	_loops = loops
	_streams = streams
	_stingers = stingers
	_sounds = sounds


## Renders a frame after what [method BakedRules.step] told of it: 1 920 samples.
func render(told: Dictionary) -> PackedVector2Array:
	if told["loop"] != null:
		_change(told["loop"])
	for begun: Dictionary in told["stingers"]:
		_begin_stinger(int(begun["index"]), int(begun["offset"]))
	var mixed := _music()
	if not _ducks.is_empty():
		_duck(mixed)
	for voice in _voices:
		if voice.loop < 0:
			_add(mixed, voice)
	_voices = _voices.filter(_sounds_on)
	_position += FRAME_SIZE
	return mixed


func _change(moved: Dictionary) -> void:
	var offset := int(moved["offset"])
	var is_even: bool = moved["curve"] != "linear" or not moved["goes_on"]
	var place := int(moved["from"])
	for voice in _voices:
		if voice.loop < 0:
			continue
		if moved["goes_on"] and int(moved["loop"]) >= 0 and voice.to > 0.0:
			place = _same_place(voice, int(moved["loop"]), offset, place)
		voice.fade(0.0, maxi(_EDGE, int(moved["fade_out"]) * FRAME_SIZE), is_even)
		voice.over = -offset
	if int(moved["loop"]) < 0:
		return
	var next := Voice.new()
	next.loop = int(moved["loop"])
	next.place = place
	next.waits = offset
	next.playback = _streams[next.loop].instantiate_playback()
	next.playback.start((place + 0.25) / RATE)
	# The first loop begins at once.
	if _position > 0:
		next.gain = 0.0
		next.fade(1.0, maxi(_EDGE, int(moved["fade_in"]) * FRAME_SIZE), is_even)
	_voices.append(next)
	var heard := _voices.filter(func(voice: Voice) -> bool: return voice.loop >= 0)
	if heard.size() > _MOST_VOICES:
		_voices.erase(heard[0])


## The place of a loop that goes on as another one: the same where they are alike, else
## [param other].
func _same_place(voice: Voice, loop: int, offset: int, other: int) -> int:
	var old: Dictionary = _loops[voice.loop]
	var next: Dictionary = _loops[loop]
	if old["samples"] != next["samples"] or old["meter"] != next["meter"]:
		return other
	return (voice.place + offset) % int(next["samples"])


func _begin_stinger(index: int, offset: int) -> void:
	var stinger: Dictionary = _stingers[index]
	var voice := Voice.new()
	voice.waits = offset
	voice.left = int(stinger["samples"])
	voice.playback = _sounds[index].instantiate_playback()
	voice.playback.start(0.0)
	voice.gain = db_to_linear(stinger["gain_db"])
	voice.from = voice.gain
	voice.to = voice.gain
	_voices.append(voice)
	if stinger["duck"] != null:
		_ducks.append([_position + offset, stinger])


## All loops of the frame.
func _music() -> PackedVector2Array:
	var loops := _voices.filter(func(voice: Voice) -> bool: return voice.loop >= 0)
	if loops.size() == 1:
		var voice: Voice = loops[0]
		if voice.waits == 0 and voice.gain == 1.0 and voice.to == 1.0:
			# Most frames play one loop as it is.
			return _next(voice, FRAME_SIZE)
	var mixed := PackedVector2Array()
	mixed.resize(FRAME_SIZE)
	for voice: Voice in loops:
		_add(mixed, voice)
	return mixed


## Adds the frame of a voice.
func _add(mixed: PackedVector2Array, voice: Voice) -> void:
	var begin := mini(voice.waits, FRAME_SIZE)
	voice.waits -= begin
	var count := FRAME_SIZE - begin
	if voice.left >= 0:
		count = mini(count, voice.left)
		voice.left -= count
	if count == 0:
		return
	var samples := _next(voice, count)
	# What has not begun to fade when the frame begins has its fade's clock below 0.
	var is_moving := voice.over < voice.length
	var at := 0
	while at < count:
		# Straight lines of 64 samples follow the curve closely.
		var end := mini(at + 64, count) if is_moving else count
		var gain := voice.gain_in(at) if is_moving else voice.to
		var step := (voice.gain_in(end) - gain) / (end - at) if is_moving else 0.0
		for i in range(at, end):
			mixed[begin + i] += samples[i] * gain
			gain += step
		at = end
	voice.over += count
	voice.gain = voice.gain_in(0)


## The next samples of a voice.
func _next(voice: Voice, count: int) -> PackedVector2Array:
	if voice.loop >= 0:
		voice.place = (voice.place + count) % int(_loops[voice.loop]["samples"])
	# The decoder resamples to the rate of the engine's output, which this undoes.
	return voice.playback.mix_audio(AudioServer.get_mix_rate() / RATE, count)


func _sounds_on(voice: Voice) -> bool:
	if voice.loop < 0:
		return voice.left > 0
	return voice.to > 0.0 or voice.over < voice.length


## Lowers the music under stingers, linear in dB.
func _duck(mixed: PackedVector2Array) -> void:
	var at := 0
	while at < FRAME_SIZE:
		var gain := db_to_linear(_ducked_db(_position + at))
		var step := (db_to_linear(_ducked_db(_position + at + 64)) - gain) / 64.0
		for i in range(at, at + 64):
			mixed[i] *= gain
			gain += step
		at += 64
	_ducks = _ducks.filter(
		func(duck: Array) -> bool: return _duck_end(duck) > _position + FRAME_SIZE
	)


func _ducked_db(position: int) -> float:
	var sum := 0.0
	for duck: Array in _ducks:
		var shape: Dictionary = duck[1]["duck"]
		var start := int(duck[0])
		var fall := int(shape["fade_out"])
		var held := start + maxi(int(duck[1]["samples"]), fall) + int(shape["recovery"])
		var down := 1.0 if fall == 0 else clampf(float(position - start) / fall, 0.0, 1.0)
		var rise := int(shape["fade_in"])
		var up := 1.0 if rise == 0 else clampf(float(position - held) / rise, 0.0, 1.0)
		if position < start:
			down = 0.0
		sum += float(shape["depth_db"]) * (down - (up if position >= held else 0.0))
	return sum


func _duck_end(duck: Array) -> int:
	var shape: Dictionary = duck[1]["duck"]
	var longest := maxi(int(duck[1]["samples"]), int(shape["fade_out"]))
	return int(duck[0]) + longest + int(shape["recovery"]) + int(shape["fade_in"])
