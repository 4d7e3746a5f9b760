extends RefCounted
## Takes `clock` messages in any order, knows the beats ahead, and reports each once when it is
## heard.

const ClientEvent := preload("client_event.gd")

## Upcoming beats kept: some minutes of music at any tempo.
const _MOST_KEPT := 1024

## Never changed in place: others may hold it.
var _upcoming: Array[Dictionary] = []
var _reached := -1


## Takes the fields of a `clock`: from its start on, its beats replace the earlier ones.
func take(clock: Dictionary) -> void:
	var start: int = clock["start"]
	var beats: Array[Dictionary] = _upcoming.filter(
		func(beat: Dictionary) -> bool: return beat["at"] < start
	)
	for beat: Dictionary in clock["beats"]:
		if beat["at"] > _reached and beats.size() < _MOST_KEPT:
			(
				beats
				. append(
					{
						"at": beat["at"],
						"bar": beat["bar"],
						"beat": beat["beat"],
						"exact": clock["exact"],
						"tempo_bpm": clock["tempo_bpm"],
						"meter": clock["meter"],
						"groups": clock["groups"],
					}
				)
			)
	_upcoming = beats


## The beats that are announced and not heard yet, in order; fields as of BEAT_HEARD.
func upcoming() -> Array[Dictionary]:
	return _upcoming


## The beats up to sample `played` that were not reported yet, in order.
func reach(played: int) -> Array[ClientEvent]:
	var due: Array[ClientEvent] = []
	while due.size() < _upcoming.size() and _upcoming[due.size()]["at"] <= played:
		var beat := _upcoming[due.size()]
		due.append(ClientEvent.new(ClientEvent.BEAT_HEARD, beat))
		_reached = maxi(_reached, beat["at"])
	if not due.is_empty():
		_upcoming = _upcoming.slice(due.size())
	# A sample clock that stands at a beat has not passed it: the beat at 0 may still be announced.
	_reached = maxi(_reached, played - 1)
	return due
