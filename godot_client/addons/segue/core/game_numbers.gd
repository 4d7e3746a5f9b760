extends RefCounted
## The numbers that a game got for its frames, saves and restores before the session numbered them:
## the game never waits for the thread that has the session.

const ClientEvent := preload("session/client_event.gd")

## Numbers remembered, for the causes of changes that are heard much later.
const _MOST_KEPT := 4096

## Frames that may share one number of the session.
const _MOST_JOINED := 1024

## By the session's number of a frame: the game's numbers; several where frames share one.
var _frames := {}

## By the session's number of a save or restore: the game's.
var _requests := {}


## Notes a frame. seq: the session's number. The number of another frame that gets its receipt now,
## since so many joined one event while there was no service; 0: none.
func frame(number: int, seq: int) -> int:
	if not _frames.has(seq):
		_frames[seq] = []
		_bound(_frames)
	var joined: Array = _frames[seq]
	joined.append(number)
	return joined.pop_front() if joined.size() > _MOST_JOINED else 0


## Notes a save or restore. id: the session's number.
func request(number: int, id: int) -> void:
	_requests[id] = number
	_bound(_requests)


## The event in the game's numbers; several where frames share a receipt.
func translated(event: ClientEvent) -> Array[ClientEvent]:
	var fields := event.fields
	var events: Array[ClientEvent] = [event]
	match event.kind:
		ClientEvent.RECEIPT, ClientEvent.EVENT_DELAYED:
			events.clear()
			for number: int in _frames.get(fields["seq"], []):
				var numbered := fields.duplicate()
				numbered["seq"] = number
				events.append(ClientEvent.new(event.kind, numbered))
		"saved":
			fields["id"] = _requests.get(fields["id"], 0)
		"status":
			fields["restore"] = _requests.get(fields["restore"], 0)
		"error":
			if fields["about"] == "save" or fields["about"] == "restore":
				fields["seq"] = _requests.get(fields["seq"], 0)
		"change":
			for cause: Dictionary in fields["causes"]:
				if _frames.has(cause["seq"]):
					cause["seq"] = _frames[cause["seq"]][-1]
	return events


func _bound(numbers: Dictionary) -> void:
	if numbers.size() > _MOST_KEPT:
		numbers.erase(numbers.keys()[0])
