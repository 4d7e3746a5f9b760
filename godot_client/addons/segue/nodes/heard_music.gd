extends RefCounted
## What is heard of the music, and why: for overlays. Events come ahead of their sound.

const ClientEvent := preload("../core/session/client_event.gd")

const _MOST_CHANGES := 8
const _MOST_FRAMES := 256
const _MOST_CHUNKS := 512

var _changes: Array[Dictionary] = []
var _generator := ""
## Each [first sample, mix, states], in order.
var _chunks: Array[Array] = []
## By number of a game frame: microseconds when it was sent.
var _sent_usec := {}
var _receipt_ms := -1.0
var _event_ms := -1.0


## Notes that a game frame was sent.
func sent(number: int) -> void:
	_sent_usec[number] = Time.get_ticks_usec()
	if _sent_usec.size() > _MOST_FRAMES:
		_sent_usec.erase(_sent_usec.keys()[0])


## Takes what the client tells.
func take(event: ClientEvent) -> void:
	var fields := event.fields
	match event.kind:
		ClientEvent.MUSIC_ARRIVED:
			_take_chunk(fields)
		ClientEvent.RECEIPT:
			if fields["code"] != "superseded":
				_receipt_ms = _since(fields["seq"], _receipt_ms)
		ClientEvent.CHANGE_HEARD:
			_take_change(fields["change"])


## The texts of a change's causes.
static func causes(change: Dictionary) -> PackedStringArray:
	var texts := PackedStringArray()
	for cause: Dictionary in change["causes"]:
		texts.append(cause["text"])
	return texts


## `states`, `mix`, `generator`, `changes`, `event_ms`, `receipt_ms`; the times are negative before
## the first. heard: the sample heard now.
func statistics(heard: float) -> Dictionary:
	while _chunks.size() > 1 and _chunks[1][0] <= heard:
		_chunks.remove_at(0)
	var is_known := not _chunks.is_empty()
	return {
		"mix": _chunks[0][1] if is_known else {},
		"states": _chunks[0][2] if is_known else {},
		"generator": _generator,
		"changes": _changes.duplicate(),
		"event_ms": _event_ms,
		"receipt_ms": _receipt_ms,
	}


func _take_chunk(fields: Dictionary) -> void:
	_generator = fields["generator"]
	var start: int = fields["start"]
	# A replacement takes the place of what comes after its start.
	while not _chunks.is_empty() and _chunks[-1][0] >= start:
		_chunks.pop_back()
	_chunks.append([start, fields["mix"], fields["states"]])
	if _chunks.size() > _MOST_CHUNKS:
		_chunks.remove_at(0)


func _take_change(change: Dictionary) -> void:
	for cause: Dictionary in change["causes"]:
		_event_ms = _since(cause["seq"], _event_ms)
	var shown := {
		"layer": change["layer"],
		"from": change["from_state"],
		"to": change["to_state"],
		"why": ", ".join(causes(change)),
	}
	_changes.push_front(shown)
	_changes.resize(mini(_changes.size(), _MOST_CHANGES))


func _since(number: int, otherwise: float) -> float:
	if not _sent_usec.has(number):
		return otherwise
	return (Time.get_ticks_usec() - _sent_usec[number]) / 1000.0
