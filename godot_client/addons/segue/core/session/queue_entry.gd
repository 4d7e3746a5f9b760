extends RefCounted
## What waits to be sent: an event, or a request in its place among the events.

## The event's number; 0: it is none.
var seq := 0

## The number of a save or restore; 0: it is none.
var request := 0

## The last event before a request.
var after := 0


## An event.
static func of_event(number: int) -> RefCounted:
	var entry := new()
	entry.seq = number
	return entry


## A save or restore.
static func of_request(number: int, last: int) -> RefCounted:
	var entry := new()
	entry.request = number
	entry.after = last
	return entry


## Events, and what belongs between them, in the game's order.
static func in_order(numbers: Array, others: Array[RefCounted]) -> Array[RefCounted]:
	var behind := others.duplicate()
	# Those after the same event keep their order, which a sort of the engine's would not promise.
	var entries: Array[RefCounted] = []
	for number: int in numbers:
		for other: RefCounted in _up_to(number, behind):
			entries.append(other)
			behind.erase(other)
		entries.append(of_event(number))
	for other: RefCounted in _up_to(1 << 62, behind):
		entries.append(other)
	return entries


## Those that belong before the event of this number, by the event that they follow.
static func _up_to(number: int, behind: Array) -> Array:
	var found: Array = []
	for other: RefCounted in behind:
		if other.after >= number:
			continue
		var at := found.size()
		while at > 0 and found[at - 1].after > other.after:
			at -= 1
		found.insert(at, other)
	return found
