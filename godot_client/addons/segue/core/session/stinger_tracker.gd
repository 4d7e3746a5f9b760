extends RefCounted
## Reports each stinger once when it begins to be heard.

const ClientEvent := preload("client_event.gd")

## Stingers remembered, so that none is reported twice.
const _REMEMBERED := 256

## By id: fields as of STINGER_HEARD.
var _upcoming := {}
var _seen: Array = []


## Takes what the service says of a stinger. committed: the sample clock by then.
func take(stinger: Dictionary, committed: int) -> void:
	var id: int = stinger["id"]
	if stinger["kind"] == "cancelled" or stinger["kind"] == "dropped":
		_upcoming.erase(id)
	elif stinger["kind"] == "placed" and not id in _seen:
		_seen.append(id)
		if _seen.size() > _REMEMBERED:
			_seen.remove_at(0)
		if stinger["start"] >= committed or stinger["if_late"] == "play":
			var at := maxi(stinger["start"], committed)
			_upcoming[id] = {"id": id, "name": stinger["name"], "at": at}


## Forgets stingers from sample `at` on, which a restored session places again. The fields of their
## cancellations.
func restarted(at: int) -> Array[Dictionary]:
	var cancelled: Array[Dictionary] = []
	for id: int in _upcoming.keys():
		var heard: Dictionary = _upcoming[id]
		if heard["at"] < at:
			continue
		_upcoming.erase(id)
		cancelled.append(
			{"id": id, "name": heard["name"], "kind": "cancelled", "start": heard["at"]}
		)
	return cancelled


## The stingers up to sample `played` that were not reported yet, in order.
func reach(played: int) -> Array[ClientEvent]:
	var due: Array[ClientEvent] = []
	for id: int in _upcoming.keys():
		var heard: Dictionary = _upcoming[id]
		if heard["at"] > played:
			continue
		_upcoming.erase(id)
		var at := due.size()
		while at > 0 and due[at - 1].fields["at"] > heard["at"]:
			at -= 1
		due.insert(at, ClientEvent.new(ClientEvent.STINGER_HEARD, heard))
	return due
