extends RefCounted
## Calls that wait for a beat, each made once in the game frame nearest to it.

## Each [callable, whether for a bar, lead in samples, sample from which its beat is looked for, the
## beat that it waits for or -1].
var _waiting: Array[Array] = []
## The beat whose call is being made: what that adds waits for a later one, though it comes half a
## frame early. -1: none.
var _called_for := -1


## Adds a call for the first beat that is at least `lead` samples after `now`.
func add(callable: Callable, is_bar: bool, lead: float, now: float) -> void:
	_waiting.append([callable, is_bar, lead, maxf(now + lead, _called_for + 1), -1])


## Forgets all.
func clear() -> void:
	_waiting.clear()


## Makes the calls that are due. beats: those ahead. now: the sample heard. frame: the length of a
## game frame in samples.
func step(beats: Array[Dictionary], now: float, frame: float) -> void:
	var due: Array[Array] = []
	var waiting: Array[Array] = []
	for item in _waiting:
		var lead: float = item[2]
		# A beat that has passed since the last frame is not among those ahead any more.
		if item[4] < 0 or item[4] > now:
			item[4] = next(beats, item[3], item[1])
		if item[4] >= 0 and item[4] - lead <= now + frame / 2.0:
			due.append(item)
		else:
			waiting.append(item)
	_waiting = waiting
	for item in due:
		var callable: Callable = item[0]
		_called_for = item[4]
		if callable.is_valid():
			callable.call()
	_called_for = -1


## The first beat at or after sample `from`, or the first of a bar; -1: none is known.
static func next(beats: Array[Dictionary], from: float, is_bar: bool) -> int:
	for beat in beats:
		if beat["at"] >= from and (not is_bar or beat["beat"] == 0):
			return beat["at"]
	return -1
