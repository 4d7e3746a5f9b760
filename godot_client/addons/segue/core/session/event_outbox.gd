extends RefCounted
## A game's events until no service can lose them: one event per game frame, numbered, kept and sent
## again. PROTOCOL.md section 4.

const ClientEvent := preload("client_event.gd")
const InputError := preload("input_error.gd")
const InputTable := preload("input_table.gd")
const KeptEvents := preload("kept_events.gd")
const LastValues := preload("last_values.gd")
const Limits := preload("session_limits.gd")
const Waiting := preload("waiting_event.gd")

## So that any text fits a receipt.
@warning_ignore("integer_division") const _EXCERPT := Limits.TEXT_BYTES / 4

## Number of the last event; 0 if there was none.
var last := 0

## Events of which the game has no receipt.
var unanswered := 0

var _table := InputTable.new([])
var _is_declared := false
## Whether the game frame in progress has a reset; then only what came after it is in the frame.
var _has_reset := false
var _set := {}
var _fire: Array = []
## By number, in order.
var _waiting := {}
var _kept := KeptEvents.new()
var _values := LastValues.new()
## The last event with a reset that no restore of a save came after; 0: none.
var _last_reset := 0
var _sent := 0
## The game's numbers for events that were sent again under another.
var _game_numbers := {}


## Events with a receipt that would have to be sent again were the service killed now, or might.
func unconfirmed() -> int:
	return _kept.size() + _waiting.size() - unanswered


# --- calls of the game ----------------------------------------------------------------------------


## Sets an input; the last value of a frame counts. Why it was not taken, or null.
func set_input(name: String, given: Variant) -> InputError:
	var plain: Variant
	if _is_declared:
		plain = _table.value(name, given)
	elif _table.plain_name(name) != null:
		plain = _table.plain_value(name, given)
	if _table.error != null:
		return _table.error
	if not _set.has(name) and _set.size() >= Limits.MOST_SETTINGS:
		return _full("expected at most %d inputs in one game frame" % Limits.MOST_SETTINGS)
	# Inputs join the last waiting event; only behind a trigger do they need a place of their own.
	if unanswered > Limits.MOST_UNRECEIPTED and not _can_grow(last):
		return _full()
	_set[name] = plain
	return null


## Fires a trigger; each call counts. Why it was not taken, or null.
func fire(name: String) -> InputError:
	if _is_declared:
		_table.trigger(name)
	else:
		_table.plain_name(name)
	if _table.error != null:
		return _table.error
	if _fire.size() >= Limits.MOST_SETTINGS:
		return _full("expected at most %d triggers in one game frame" % Limits.MOST_SETTINGS)
	if unanswered >= Limits.MOST_UNRECEIPTED:
		return _full()
	_fire.append(name)
	return null


## Returns inputs and states to the start; what was set and fired before it in this frame is
## dropped. Why it was not taken, or null.
func reset() -> InputError:
	if unanswered >= Limits.MOST_UNRECEIPTED:
		return _full()
	_has_reset = true
	_set = {}
	_fire = []
	return null


## Ends the frame. at: the sample heard now. tail: number of the last event in the send queue, or 0.
## If that fires nothing, the frame's event takes its place and includes its values, so that inputs
## never wait in a row. A reset has an event of its own.
##
## The event as [its number, number of the event whose place it takes or 0]; empty if nothing
## changed.
func flush(at: int, tail: int) -> PackedInt64Array:
	var has_reset := _has_reset
	if has_reset:
		_values.clear()
	var values := {}
	for name: String in _set:
		if not _values.is_known(name, _set[name]):
			values[name] = _set[name]
	var fired := _fire
	_has_reset = false
	_set = {}
	_fire = []
	if values.is_empty() and fired.is_empty() and not has_reset:
		return PackedInt64Array()
	if not has_reset and _can_grow(tail):
		var merged: Dictionary = _waiting[tail].item["set"].duplicate()
		merged.merge(values, true)
		if merged.size() <= Limits.MOST_SETTINGS:
			return PackedInt64Array([_grow(_waiting[tail], merged, fired, at), tail])
	var seq := _number(at, values, fired, has_reset).seq()
	_values.note(values, seq)
	return PackedInt64Array([seq, 0])


## Notes that the game restores a save, which has inputs and states of its own: resets before it are
## over.
func restored() -> void:
	_has_reset = false
	_last_reset = 0
	_values.doubt_all()
	_kept.bar(last)


# --- messages of the service ----------------------------------------------------------------------


## Checks against these inputs from now on. What was waiting, never sent and does not fit is
## removed: the events for the game say so.
func declare(inputs: Array) -> Array[ClientEvent]:
	_table = InputTable.new(inputs)
	_is_declared = true
	var refused: Array = []
	var receipts: Array[ClientEvent] = []
	var frame := _table.checked({"set": _set, "fire": _fire})
	_set = frame["set"]
	_fire = frame["fire"]
	refused.append_array(frame["refused"])
	for seq: int in _waiting.keys():
		var entry: Waiting = _waiting[seq]
		if seq <= _sent:
			continue
		var fit := _table.checked(entry.item)
		refused.append_array(fit["refused"])
		if entry.item["reset"] or not fit["set"].is_empty() or not fit["fire"].is_empty():
			entry.item["set"] = fit["set"]
			entry.item["fire"] = fit["fire"]
			continue
		_take_out(seq)
		if not entry.is_answered:
			receipts.append_array(_refusals(entry, fit["refused"]))
	_values.doubt_all()
	var events := _refused_once(refused)
	events.append_array(receipts)
	return events


## Takes an event's receipt. It has no effect if the game has one already or there is no such event.
## As [events for the game, number under which the event is sent again or 0].
func receipted(receipt: Dictionary) -> Array:
	var entry := _take_out(receipt["seq"])
	if entry == null:
		return [[], 0]
	if receipt["accepted"]:
		_kept.add(entry.item)
		_note_game_number(receipt["seq"], entry.last)
	elif receipt["code"] == "rate_limited":
		return _offer_again(entry, receipt)
	else:
		for name: String in entry.item["set"]:
			if _values.is_from(name, receipt["seq"]):
				_values.doubt(name)
	return [[] if entry.is_answered else _receipts(entry, receipt), 0]


## The game's number for an event that was sent again under another.
func game_number(seq: int) -> int:
	return _game_numbers.get(seq, seq)


## Forgets the events that no service can lose. last_events: the last that each cell contains.
func contained(last_events: PackedInt64Array) -> void:
	_kept.contained(last_events)


# --- sending --------------------------------------------------------------------------------------


## Numbers of the events without a receipt, in order.
func numbers() -> Array:
	return _waiting.keys()


## The event to send now; null if it does not wait any more.
func take(seq: int) -> Variant:
	if not _waiting.has(seq):
		return null
	_sent = maxi(_sent, seq)
	return _waiting[seq].item


## Lets events wait for a receipt again that a restored session lacks. last_event: the last that it
## contains. What does not fit its rules is left out: the service would refuse the whole event.
func restarted(last_event: int) -> void:
	for item in _kept.take_after(last_event):
		var fit := _table.checked(item)
		if fit["set"].is_empty() and fit["fire"].is_empty() and not item["reset"]:
			continue
		var again := item.duplicate()
		again["set"] = fit["set"]
		again["fire"] = fit["fire"]
		_waiting[again["seq"]] = Waiting.new(again, again["seq"], again["seq"], true)
	var ordered := {}
	var sorted := _waiting.keys()
	sorted.sort()
	for seq: int in sorted:
		ordered[seq] = _waiting[seq]
	_waiting = ordered


## Adds an event that sets each declared input to the last value that the game gave it.
func send_all_values(at: int) -> void:
	var values := _values.all()
	if _is_declared:
		values = _table.fitting(values)
	if not values.is_empty():
		_number(at, values, [], false, true)


# --- private --------------------------------------------------------------------------------------


func _number(
	at: int, values: Dictionary, fired: Array, has_reset: bool, is_answered: bool = false
) -> Waiting:
	last += 1
	if has_reset:
		_last_reset = last
	var item := {"seq": last, "at": at, "reset": has_reset, "set": values, "fire": fired}
	_waiting[last] = Waiting.new(item, last, last, is_answered)
	if not is_answered:
		unanswered += 1
	return _waiting[last]


## Whether later inputs may join the event: it was never sent, and they do not overtake a trigger of
## it.
func _can_grow(seq: int) -> bool:
	if not _waiting.has(seq):
		return false
	var entry: Waiting = _waiting[seq]
	if not entry.item["fire"].is_empty() or entry.is_answered:
		return false
	return seq == last and seq == entry.last and seq > _sent


## Adds a later frame's values and triggers to the event, under the later number, which it returns.
func _grow(entry: Waiting, values: Dictionary, fired: Array, at: int) -> int:
	_waiting.erase(entry.seq())
	if entry.last - entry.first + 1 < Limits.MOST_MERGED:
		last += 1
	var grown := {"seq": last, "at": maxi(at, entry.item["at"]), "set": values, "fire": fired}
	entry.item.merge(grown, true)
	if entry.item["reset"]:
		_last_reset = last
	entry.last = last
	_waiting[last] = entry
	_values.note(values, last)
	return last


func _take_out(seq: int) -> Waiting:
	if not _waiting.has(seq):
		return null
	var entry: Waiting = _waiting[seq]
	_waiting.erase(seq)
	if not entry.is_answered:
		unanswered -= 1
	return entry


## Sends an event again that the rate limit refused, under a new number, without values set since.
## A reset is sent with all values set since, which it would take back. Behind a later reset, or
## after a restore, it is not sent again.
func _offer_again(entry: Waiting, receipt: Dictionary) -> Array:
	var has_reset: bool = entry.item["reset"] and receipt["seq"] == _last_reset
	var values := _values.all()
	if not has_reset:
		values = {}
		for name: String in entry.item["set"]:
			if _values.is_from(name, receipt["seq"]):
				values[name] = entry.item["set"][name]
	if values.is_empty() and entry.item["fire"].is_empty() and not has_reset:
		var superseded := {
			"accepted": true,
			"code": "superseded",
			"text": "a later event sets the same inputs",
		}
		var later := receipt.duplicate()
		later.merge(superseded, true)
		return [[] if entry.is_answered else _receipts(entry, later), 0]
	var fired: Array = entry.item["fire"]
	var again := _number(entry.item["at"], values, fired, has_reset, entry.is_answered)
	again.first = entry.first
	again.last = entry.last
	_values.note(values, again.seq())
	if entry.is_answered:
		return [[], again.seq()]
	var fields := {"seq": entry.last, "code": receipt["code"], "text": receipt["text"]}
	return [[ClientEvent.new(ClientEvent.EVENT_DELAYED, fields)], again.seq()]


func _note_game_number(seq: int, number: int) -> void:
	if number == seq:
		return
	_game_numbers[seq] = number
	if _game_numbers.size() > Limits.MOST_UNCONFIRMED:
		_game_numbers.erase(_game_numbers.keys()[0])


## A receipt for each game frame in the event.
func _receipts(entry: Waiting, receipt: Dictionary) -> Array[ClientEvent]:
	var receipts: Array[ClientEvent] = []
	for number in range(entry.first, entry.last + 1):
		var fields := receipt.duplicate()
		fields["seq"] = number
		receipts.append(ClientEvent.new(ClientEvent.RECEIPT, fields))
	return receipts


## The receipts of an event of which nothing fits the rules.
func _refusals(entry: Waiting, refused: Array) -> Array[ClientEvent]:
	var code := "empty" if refused.is_empty() else (refused[0][1] as InputError).code
	var text := "" if refused.is_empty() else (refused[0][1] as InputError).text
	var receipt := {"accepted": false, "code": code, "frame": 0, "text": text.left(_EXCERPT)}
	return _receipts(entry, receipt)


## An event for the game for each mistake, however often it was made.
func _refused_once(refused: Array) -> Array[ClientEvent]:
	var events: Array[ClientEvent] = []
	var told := {}
	for each: Array in refused:
		var error: InputError = each[1]
		var fields := {"name": each[0], "code": error.code, "text": error.text}
		if not told.has(fields):
			told[fields] = true
			events.append(ClientEvent.new(ClientEvent.INPUT_REFUSED, fields))
	return events


func _full(text: String = "") -> InputError:
	var waiting := (
		"%d events wait for the service's receipt; slow down, or wait until it is back"
		% Limits.MOST_UNRECEIPTED
	)
	return InputError.new("queue_full", waiting if text.is_empty() else text)
