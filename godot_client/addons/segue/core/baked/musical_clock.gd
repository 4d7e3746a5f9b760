extends RefCounted
## The musical position of a baked soundtrack at the start of a frame of 40 ms, in whole ticks, and
## the lines that fall in that frame. The rules' SEMANTICS 8 and 14 say how it counts.

const TICKS_PER_BEAT := 1500000
const TICKS_PER_EIGHTH := 750000
const FRAME_SIZE := 1920

const _FRAMES_PER_MINUTE := 1500

## No line falls in the frame.
const NONE := -1

var ticks := 0
var bar := 0
var bar_ticks := 0
var meter := 4
var groups: Array = []

## Ticks of this frame.
var tempo := 100000

## The ticks that all beats of the loop have, and its frames: its tempo as a fraction.
var _loop_ticks := 1
var _loop_frames := 1
var _loop_meter := 4
var _loop_groups: Array = []
var _rest := 0


## Begins with a loop, at its first beat.
func begin(loop: Dictionary) -> void:
	_take(loop)
	meter = _loop_meter
	groups = _loop_groups
	tempo = _next_tempo()


## Lets another loop lead from a line of this frame on.
func follow(loop: Dictionary, line: int) -> void:
	_take(loop)
	# Up to the line the frame has the old tempo, from there on the new one.
	var into := line - ticks
	tempo = into + _ceil_div((tempo - into) * _loop_ticks, tempo * _loop_frames)
	if ticks == bar_ticks:
		meter = _loop_meter
		groups = _loop_groups


## Goes on to the next frame.
func advance() -> void:
	ticks += tempo
	while ticks >= bar_ticks + meter * TICKS_PER_BEAT:
		bar_ticks += meter * TICKS_PER_BEAT
		bar += 1
		meter = _loop_meter
		groups = _loop_groups
	tempo = _next_tempo()


## The tick of the first line of a boundary of the rules in this frame, or [constant NONE].
func line_in(at: Dictionary) -> int:
	match at["unit"]:
		"immediate":
			return ticks
		"beat":
			return beat_in()
		"eighth":
			return _multiple_in(TICKS_PER_EIGHTH)
		"group":
			var beat := beat_in()
			@warning_ignore("integer_division")
			var number := (beat - bar_ticks) / TICKS_PER_BEAT
			return beat if beat < 0 or number in _group_starts() else NONE
	var line := bar_line_in()
	var index := bar if line == bar_ticks else bar + 1
	return line if line >= 0 and index % int(at["every"]) == int(at["first"]) else NONE


## The tick of the beat in this frame, or [constant NONE].
func beat_in() -> int:
	return _multiple_in(TICKS_PER_BEAT)


## The tick of the bar line in this frame, or [constant NONE].
func bar_line_in() -> int:
	if ticks == bar_ticks:
		return ticks
	var end := bar_ticks + meter * TICKS_PER_BEAT
	return end if end < ticks + tempo else NONE


## The bar, from 0, that the beat at a tick of this frame belongs to.
func bar_of(beat: int) -> int:
	return bar if beat < bar_ticks + meter * TICKS_PER_BEAT else bar + 1


## The place in its bar, from 0, of the beat at a tick of this frame.
func beat_of(beat: int) -> int:
	@warning_ignore("integer_division")
	return (beat - bar_ticks) / TICKS_PER_BEAT if bar_of(beat) == bar else 0


## The ticks from a line of this frame to the bar line at or after it.
func to_bar_line(line: int) -> int:
	return 0 if line == bar_ticks else bar_ticks + meter * TICKS_PER_BEAT - line


## The samples from the start of this frame to a line in it, at a tempo.
static func offset(line: int, from: int, tempo_ticks: int) -> int:
	@warning_ignore("integer_division")
	return (line - from) * FRAME_SIZE / tempo_ticks


## The frames of a time of the manifest: frames, or beats or bars at a tempo and in a meter.
static func frames(length: Variant, tempo_ticks: int, beats: int) -> int:
	if not length is Dictionary:
		return int(length)
	var count: Array = length["count"]
	var whole := int(count[0]) * (beats if length["unit"] == "bar" else 1)
	return _ceil_div(whole * _FRAMES_PER_MINUTE * 1000, int(count[1]) * tempo_ticks)


static func _ceil_div(a: int, b: int) -> int:
	@warning_ignore("integer_division")
	return (a + b - 1) / b


func _take(loop: Dictionary) -> void:
	_loop_meter = int(loop["meter"])
	_loop_groups = loop["groups"]
	_loop_ticks = int(loop["bars"]) * _loop_meter * TICKS_PER_BEAT
	_loop_frames = int(loop["frames"])
	_rest = 0


## The ticks of a frame, so that those of all frames of the loop sum to its beats.
func _next_tempo() -> int:
	_rest += _loop_ticks
	@warning_ignore("integer_division")
	var whole := _rest / _loop_frames
	_rest %= _loop_frames
	return whole


func _multiple_in(step: int) -> int:
	var line := _ceil_div(ticks, step) * step
	return line if line < ticks + tempo else NONE


func _group_starts() -> Array[int]:
	var starts: Array[int] = []
	var sum := 0
	if groups.is_empty():
		for beat in meter + 1:
			starts.append(beat)
		return starts
	for size: float in groups:
		starts.append(sum)
		sum += int(size)
	starts.append(sum)
	return starts
