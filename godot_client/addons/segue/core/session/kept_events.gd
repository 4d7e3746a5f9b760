extends RefCounted
## Events with a receipt, each kept until the cell to restore from contains it: PROTOCOL.md
## section 4.4. An event is a record `EventItem`.

const Limits := preload("session_limits.gd")

## Restores of saves that are remembered, over which no events are joined.
const _MOST_BARRIERS := 64

## By number, in the order of their receipts.
var _items := {}
var _last_events := PackedInt64Array()
var _barriers := PackedInt64Array()


## How many are kept.
func size() -> int:
	return _items.size()


## Keeps an accepted event.
func add(item: Dictionary) -> void:
	var seq: int = item["seq"]
	if _items.has(seq) or (not _last_events.is_empty() and seq <= _last_events[0]):
		return
	_items[seq] = item
	if _items.size() > Limits.MOST_UNCONFIRMED:
		_merge_oldest()


## Forgets what the first cell contains. last_events: the last event that each cell contains.
func contained(last_events: PackedInt64Array) -> void:
	if last_events.is_empty() or last_events == _last_events:
		return
	_last_events = last_events
	for seq: int in _items.keys():
		if seq <= last_events[0]:
			_items.erase(seq)


## Never joins an event up to number `last` with a later one: a save was restored between them.
func bar(last: int) -> void:
	_barriers.append(last)
	if _barriers.size() > _MOST_BARRIERS:
		_barriers.remove_at(0)


## Removes and returns, in order, the events after number `last_event`, to be sent again.
##
## All of them take effect in one frame. So those that only set inputs are joined with the next one:
## setting an input again that a cell has already changes nothing.
func take_after(last_event: int) -> Array[Dictionary]:
	var taken: Array[Dictionary] = []
	for seq: int in _sorted():
		if seq <= last_event:
			continue
		var item: Dictionary = _items[seq]
		_items.erase(seq)
		if not taken.is_empty() and taken[-1]["fire"].is_empty():
			if _joinable(taken[-1], item, _barriers):
				item = _joined(taken.pop_back(), item)
		taken.append(item)
	return taken


## Merges the two oldest events of which no cell contains only one; a restored session takes both
## together.
func _merge_oldest() -> void:
	var numbers := _sorted()
	var apart := _last_events.duplicate()
	apart.append_array(_barriers)
	for i in numbers.size() - 1:
		var older: Dictionary = _items[numbers[i]]
		var newer: Dictionary = _items[numbers[i + 1]]
		if _joinable(older, newer, apart):
			_items.erase(numbers[i])
			_items[numbers[i + 1]] = _joined(older, newer)
			return
	_items.erase(numbers[0])


func _sorted() -> Array:
	var numbers := _items.keys()
	numbers.sort()
	return numbers


func _joinable(older: Dictionary, newer: Dictionary, apart: PackedInt64Array) -> bool:
	if newer["reset"]:
		return false
	for number in apart:
		if older["seq"] <= number and number < newer["seq"]:
			return false
	return _both(older["set"], newer["set"]).size() <= Limits.MOST_SETTINGS


## One event with the effect of two in one frame: later values count, and each trigger appears once.
func _joined(older: Dictionary, newer: Dictionary) -> Dictionary:
	var item := newer.duplicate()
	item["reset"] = older["reset"]
	item["set"] = _both(older["set"], newer["set"])
	var fire: Array = []
	for name: String in older["fire"] + newer["fire"]:
		if not name in fire and fire.size() < Limits.MOST_SETTINGS:
			fire.append(name)
	item["fire"] = fire
	return item


## The values of two events, of which the later ones count.
func _both(older: Dictionary, newer: Dictionary) -> Dictionary:
	var values := older.duplicate()
	values.merge(newer, true)
	return values
