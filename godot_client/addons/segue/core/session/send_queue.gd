extends RefCounted
## What waits to be sent, in the game's order and never faster than the service takes events:
## PROTOCOL.md section 4.7.

const Entry := preload("queue_entry.gd")
const Limits := preload("session_limits.gd")
const Message := preload("../protocol/message.gd")

## Shares of the service's limit: what the bucket holds, refills in a second, and what may be under
## way. In any stretch of time at most the service's limit arrives, so no event is refused.
const _BURST := 0.5
const _PACE := 0.8
const _UNDER_WAY := 0.5

## After a refusal by the rate limit, which only a service gives that does not keep to its own.
const _PAUSE_S := 0.1
const _LONGEST_PAUSE_S := 2.0
const _ROUNDING := 1e-9

var _item: Callable
var _request: Callable
var _entries: Array[RefCounted] = []
## By number: when it was sent.
var _under_way := {}
var _per_second := 0
var _left := 0.0
var _refilled_s := 0.0
var _pause_s := 0.0
var _silent_until_s := 0.0


## item: gives an event's record by its number, or null. request: gives a Message by the number of a
## save or restore, or null.
func _init(item: Callable, request: Callable) -> void:
	_item = item
	_request = request


## The number of the event at the end; 0 if the queue is empty or ends with something else.
func tail() -> int:
	return 0 if _entries.is_empty() else _entries[-1].seq


## Begins a session with these entries in place of all that waited.
func begin(entries: Array[RefCounted], events_per_second: int, now_s: float) -> void:
	stop(entries)
	_per_second = events_per_second
	_left = _burst()
	_refilled_s = now_s
	_pause_s = 0.0
	_silent_until_s = 0.0


## Ends the session and keeps these entries in place of all that waited.
func stop(entries: Array[RefCounted]) -> void:
	_entries = entries
	_under_way.clear()
	_per_second = 0


## Appends an entry. replaced: the event at the end whose place it takes, or 0.
func put(entry: RefCounted, replaced: int = 0) -> void:
	if replaced != 0:
		_entries.pop_back()
	_entries.append(entry)


## Notes an event's receipt. is_taken: whether the rate limit let it through.
func receipted(seq: int, is_taken: bool) -> void:
	_under_way.erase(seq)
	if is_taken:
		_pause_s = 0.0


## Pauses after a refusal by the rate limit, longer each time.
func refused(now_s: float) -> void:
	_left = minf(_left, 0.0)
	if now_s >= _silent_until_s:
		_pause_s = minf(_LONGEST_PAUSE_S, 2.0 * _pause_s) if _pause_s > 0.0 else _PAUSE_S
		_silent_until_s = now_s + _pause_s


## The messages to send now.
func due(now_s: float) -> Array[Message]:
	var going: Array[Message] = []
	if _per_second == 0:
		return going
	var refilled := _left + maxf(0.0, now_s - _refilled_s) * _per_second * _PACE
	_left = minf(_burst(), refilled)
	_refilled_s = now_s
	if _entries.is_empty():
		return going
	# An event whose receipt is lost must not block the rest for ever.
	for seq: int in _under_way.keys():
		if now_s - _under_way[seq] >= Limits.SILENCE_S:
			_under_way.erase(seq)
	if now_s < _silent_until_s:
		return going
	while not _entries.is_empty():
		var entry := _entries[0]
		if entry.seq != 0:
			var batch := _batch(now_s)
			if batch.is_empty():
				break
			going.append(Message.of("event", {"events": batch}))
			continue
		_entries.pop_front()
		var message: Message = _request.call(entry.request)
		if message != null:
			going.append(message)
	return going


func _burst() -> float:
	return maxf(1.0, _per_second * _BURST)


## The events at the head that may be sent in one message.
func _batch(now_s: float) -> Array:
	var batch: Array = []
	var names := 0
	@warning_ignore("integer_division")
	var most := clampi(_per_second / 4, 1, Limits.MOST_EVENTS)
	var under_way := maxi(1, int(_per_second * _UNDER_WAY))
	while not _entries.is_empty() and _entries[0].seq != 0 and batch.size() < most:
		if _left < 1.0 - _ROUNDING or _under_way.size() >= under_way:
			break
		var seq: int = _entries[0].seq
		var item: Variant = _item.call(seq)
		if item != null:
			names += item["set"].size() + item["fire"].size()
			if not batch.is_empty() and names > Limits.MOST_BATCH_NAMES:
				break
		_entries.pop_front()
		if item != null:
			_under_way[seq] = now_s
			_left -= 1.0
			batch.append(item)
	return batch
