extends RefCounted
## One stinger on the timeline: its samples by absolute position, and the duck of the music under
## it.

const Lengths := preload("lengths.gd")
const TakeBuffer := preload("take_buffer.gd")

## The stinger's number.
var id: int

## Where it begins to be heard.
var start: int

## The first sample after its sound.
var end: int

## The factor of its samples.
var gain: float

## Its parts.
var samples: TakeBuffer

## Where it was cancelled after its beginning; -1: it was not.
var cancelled_at := -1

## Positions between which the duck is linear in dB, and the gains there.
var _corners := PackedInt64Array()
var _gains_db := PackedFloat64Array()


## fields: of the `stinger` message that comes first. begin: where it is heard.
func _init(fields: Dictionary, begin: int) -> void:
	id = fields["id"]
	start = begin
	end = begin + int(fields["total"])
	gain = Lengths.factor(fields["gain_db"])
	samples = TakeBuffer.new(id)
	var duck: Variant = fields["duck"]
	if duck == null:
		return
	var down: int = begin + int(duck["fade_out"])
	var held: int = maxi(end, down) + int(duck["recovery"])
	var depth_db: float = duck["depth_db"]
	_corners = PackedInt64Array([begin, down, held, held + int(duck["fade_in"])])
	_gains_db = PackedFloat64Array([0.0, depth_db, depth_db, 0.0])


## The first sample after the sound and its duck.
func over() -> int:
	return maxi(end, _corners[-1]) if not _corners.is_empty() else end


## Fades out from `position` on, and ends the duck.
func cancel(position: int) -> void:
	if cancelled_at >= 0:
		return
	if not _corners.is_empty():
		var back := maxi(Lengths.FADE, _corners[-1] - _corners[-2])
		_gains_db = PackedFloat64Array([duck_db(position), 0.0])
		_corners = PackedInt64Array([position, position + back])
	cancelled_at = position
	end = mini(end, position + Lengths.FADE)


## The music's gain under this stinger, in dB.
func duck_db(position: int) -> float:
	var corner := _corners.bsearch(position, false)
	if corner == 0:
		return 0.0
	if corner == _corners.size():
		return _gains_db[-1]
	var low_db := _gains_db[corner - 1]
	var passed := float(position - _corners[corner - 1])
	return (
		low_db + (_gains_db[corner] - low_db) * passed / (_corners[corner] - _corners[corner - 1])
	)


## How much the duck's gain changes from `position` to the next sample, in dB.
func duck_slope_db(position: int) -> float:
	var corner := _corners.bsearch(position, false)
	if corner == 0 or corner == _corners.size():
		return 0.0
	return (_gains_db[corner] - _gains_db[corner - 1]) / (_corners[corner] - _corners[corner - 1])


## Where the slope changes next after `position`; `most` if not before that.
func next_corner(position: int, most: int) -> int:
	var corner := _corners.bsearch(position, false)
	return mini(most, _corners[corner]) if corner < _corners.size() else most


## The factor of the stinger's sample at `position`.
func level(position: int) -> float:
	if cancelled_at < 0:
		return gain
	return gain * (1.0 - Lengths.rising(position - cancelled_at, Lengths.FADE))
