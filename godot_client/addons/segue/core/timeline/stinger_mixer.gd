extends RefCounted
## Mixes stingers into the music at their sample position and ducks the music under them:
## PROTOCOL.md section 7, "Stingers".

const Lengths := preload("lengths.gd")
const PlacedStinger := preload("placed_stinger.gd")

## Stingers remembered that are not played or over, so that their later parts are ignored.
const _FINISHED_KEPT := 64

var _placed: Array[PlacedStinger] = []
var _finished: Array[int] = []


## Takes a stinger's part or its cancellation; false if it is not played: too late, or too many at
## once. fields: of the message. samples: the part's, a PackedVector2Array; null where it has none.
func take(fields: Dictionary, samples: Variant, committed: int) -> bool:
	var known := _known(fields["id"])
	var kind: String = fields["kind"]
	if kind == "cancelled" or kind == "dropped":
		if known != null and known.start < committed:
			known.cancel(committed)
		else:
			_placed.erase(known)
			_finish(fields["id"])
		return true
	if kind != "placed" or samples == null:
		return true
	if known == null:
		var late: bool = fields["start"] < committed and fields["if_late"] == "drop"
		if late or fields["id"] in _finished or _placed.size() >= Lengths.MOST_STINGERS:
			_finish(fields["id"])
			return false
		known = PlacedStinger.new(fields, maxi(fields["start"], committed))
		_placed.append(known)
	known.samples.write(known.start + int(fields["offset"]), samples)
	return true


## The block of music at sample `position` with the ducks and the stingers, clipped at ±1.
func mixed(position: int, music: PackedVector2Array) -> PackedVector2Array:
	if _placed.is_empty():
		return music
	var until := position + music.size()
	var playing: Array[PlacedStinger] = []
	for placed: PlacedStinger in _placed.duplicate():
		if placed.over() <= position:
			_placed.erase(placed)
			_finish(placed.id)
		elif placed.start < until:
			playing.append(placed)
	if playing.is_empty():
		return music
	music = _ducked(playing, position, music)
	for placed in playing:
		music = _added(placed, position, music)
	return Lengths.clipped(music)


## Between two corners of all ducks their sum is linear in dB.
func _ducked(
	playing: Array[PlacedStinger], position: int, music: PackedVector2Array
) -> PackedVector2Array:
	var until := position + music.size()
	var out := PackedVector2Array()
	var at := position
	while at < until:
		var corner := until
		var gain_db := 0.0
		var slope_db := 0.0
		for placed in playing:
			corner = placed.next_corner(at, corner)
			gain_db += placed.duck_db(at)
			slope_db += placed.duck_slope_db(at)
		var stretch := music.slice(at - position, corner - position)
		if slope_db != 0.0:
			for i in stretch.size():
				stretch[i] *= Lengths.factor(gain_db + slope_db * i)
		elif gain_db != 0.0:
			stretch = Lengths.scaled(stretch, Lengths.factor(gain_db))
		out.append_array(stretch)
		at = corner
	return out


## The block with the received samples of a stinger added.
func _added(placed: PlacedStinger, position: int, music: PackedVector2Array) -> PackedVector2Array:
	var at := maxi(position, placed.start)
	var until := mini(position + music.size(), placed.end)
	while at < until:
		var there := mini(until, placed.samples.end(at))
		if there == at:
			at = placed.samples.start_after(at, until)
			continue
		var sound := placed.samples.copy(at, there - at)
		var first := at - position
		var gain := placed.gain
		if placed.cancelled_at < 0:
			for i in sound.size():
				music[first + i] += sound[i] * gain
		else:
			for i in sound.size():
				music[first + i] += sound[i] * placed.level(at + i)
		at = there
	return music


func _known(id: int) -> PlacedStinger:
	for placed in _placed:
		if placed.id == id:
			return placed
	return null


func _finish(id: int) -> void:
	_finished.append(id)
	if _finished.size() > _FINISHED_KEPT:
		_finished.remove_at(0)
