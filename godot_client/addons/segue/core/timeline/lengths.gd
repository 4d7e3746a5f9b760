extends RefCounted
## The lengths and bounds of the timeline, in samples: PROTOCOL.md sections 7 and 10.6.

const SAMPLE_RATE := 48000

## Crossfade from one take to another.
const JOIN := 960

## Fade into and out of silence.
const FADE := 1440

## Music that must be there before playing begins, unless the lookahead is shorter.
const PRE_ROLL := 14400

## How far beyond `committed` a chunk may end.
const CAPACITY := 2160000

## Takes kept at once.
const MOST_TAKES := 16

## Stingers kept at once.
const MOST_STINGERS := 16

## Shortest change of the game's volume.
const GAIN_RAMP := 2400

## A volume of this or less, in dB, is silence.
const SILENT_DB := -96.0


## The gain of a fade-in at sample `done` of `length`: u²(3 - 2u) at the sample's middle.
static func rising(done: int, length: int) -> float:
	var u := (done + 0.5) / length
	return u * u * (3.0 - 2.0 * u)


## The factor of a gain in dB.
static func factor(gain_db: float) -> float:
	return pow(10.0, gain_db / 20.0)


## Samples times one factor, without a loop in script.
static func scaled(samples: PackedVector2Array, gain: float) -> PackedVector2Array:
	return Transform2D(Vector2(gain, 0.0), Vector2(0.0, gain), Vector2.ZERO) * samples


## Samples brought into ±1.
static func clipped(samples: PackedVector2Array) -> PackedVector2Array:
	var low := -Vector2.ONE
	var high := Vector2.ONE
	for i in samples.size():
		samples[i] = samples[i].clamp(low, high)
	return samples


## That many samples of silence.
static func silence(count: int) -> PackedVector2Array:
	var samples := PackedVector2Array()
	samples.resize(count)
	samples.fill(Vector2.ZERO)
	return samples
