extends RefCounted
## Saves and restores, each until it is answered and cannot be lost any more: PROTOCOL.md section 9.

const Entry := preload("queue_entry.gd")
const Message := preload("../protocol/message.gd")

## By number: [type, fields, the last event before it].
var _unanswered := {}

## The last answered restore as [number, request, greatest take at its answer]; empty: none that the
## cell to restore from may lack.
var _not_in_cell: Array = []
var _last := 0


## The `id` of a new request.
func number() -> int:
	_last += 1
	return _last


## Keeps a request until its answer. type: `save` or `restore`. after: the last event before it.
func ask(type: String, fields: Dictionary, after: int) -> RefCounted:
	_unanswered[fields["id"]] = [type, fields, after]
	return Entry.of_request(fields["id"], after)


## Notes the answer to a request; whether it was expected. take: the greatest so far. Music that was
## restored is heard in a greater one.
func answered(id: int, take: int) -> bool:
	if not _unanswered.has(id):
		return false
	var request: Array = _unanswered[id]
	_unanswered.erase(id)
	if request[0] == "restore":
		_not_in_cell = [id, request, take]
	return true


## Notes that a request was refused.
func refused(id: int) -> void:
	_unanswered.erase(id)


## Notes the take of the cell to restore from: a greater one than at the answer contains the
## restored music.
func contained(take: int) -> void:
	if not _not_in_cell.is_empty() and take > _not_in_cell[2]:
		_not_in_cell = []


## Repeats the last restore, if the cell that a restarted service continues from does not contain
## it.
func restarted() -> void:
	if _not_in_cell.is_empty():
		return
	_unanswered[_not_in_cell[0]] = _not_in_cell[1]
	_not_in_cell = []
	var numbers := _unanswered.keys()
	numbers.sort()
	var ordered := {}
	for id: int in numbers:
		ordered[id] = _unanswered[id]
	_unanswered = ordered


## The requests without an answer, in order.
func waiting() -> Array[RefCounted]:
	var entries: Array[RefCounted] = []
	for id: int in _unanswered:
		entries.append(Entry.of_request(id, _unanswered[id][2]))
	return entries


## The message of a request; null if answered. A restore begins at sample `at` or later, after
## `take`.
func message(id: int, at: int, take: int) -> Message:
	if not _unanswered.has(id):
		return null
	var request: Array = _unanswered[id]
	var fields: Dictionary = request[1]
	if request[0] == "restore":
		fields = fields.duplicate()
		fields["at"] = maxi(at, fields["at"])
		fields["take"] = take
	return Message.of(request[0], fields)
