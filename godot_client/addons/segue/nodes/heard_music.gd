extends RefCounted
## What is heard of the music, and why: for overlays. Events come ahead of their sound.

const Client := preload("../core/client.gd")
const ClientEvent := preload("../core/session/client_event.gd")
const GeneratorFiller := preload("generator_filler.gd")

const _MOST_CHANGES := 8
const _MOST_DECIDED := 64
const _MOST_FRAMES := 256
const _MOST_CHUNKS := 512

var _client: Client
var _filler: GeneratorFiller
var _changes: Array[Dictionary] = []
## [layer, frame of the decision] of the last changes.
var _decided: Array[Array] = []
var _generator := ""
## Each [first sample, mix, states], in order.
var _chunks: Array[Array] = []
## By number of a game frame: microseconds when it was sent.
var _sent_usec := {}
var _receipt_ms := -1.0
var _event_ms := -1.0


## client: that is played, with its filler; null: none.
func _init(client: Client = null, filler: GeneratorFiller = null) -> void:
	_client = client
	_filler = filler


## Lets go of the client. What was heard last stays known.
func close() -> void:
	_client = null
	_filler = null


## The sample of the session's clock that is heard now.
func heard_sample() -> float:
	if _client == null:
		return 0.0
	var position := _client.position()
	if position.is_standing:
		return position.played
	var age_usec: int = _filler.statistics()["age_usec"]
	return minf(position.played + age_usec * GeneratorFiller.RATE / 1e6, position.committed)


## Whether no music plays.
func is_standing() -> bool:
	return _client == null or _client.position().is_standing


## Whether a change is decided that was not known. It is told again when it is rendered; one that
## waits for nothing only then.
func is_new_decision(change: Dictionary) -> bool:
	var key := [change["layer"], change["decided"]]
	if change["kind"] == "withdrawn" or key in _decided:
		return false
	_decided.append(key)
	if _decided.size() > _MOST_DECIDED:
		_decided.remove_at(0)
	return true


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


## `states`, `mix` and `generator` as heard, `changes`, `event_ms`, `receipt_ms`, which are negative
## before the first, `buffer_s`, `fill_ms`, `skips`, `underruns`, `late`, `played`, `committed`,
## `is_standing`.
func statistics() -> Dictionary:
	var heard := heard_sample()
	while _chunks.size() > 1 and _chunks[1][0] <= heard:
		_chunks.remove_at(0)
	var is_known := not _chunks.is_empty()
	var all := {
		"mix": _chunks[0][1] if is_known else {},
		"states": _chunks[0][2] if is_known else {},
		"generator": _generator,
		"changes": _changes.duplicate(),
		"event_ms": _event_ms,
		"receipt_ms": _receipt_ms,
		"buffer_s": 0.0,
		"fill_ms": 0.0,
		"skips": 0,
		"underruns": 0,
		"late": 0,
		"played": 0,
		"committed": 0,
		"is_standing": true,
	}
	if _client != null:
		var position := _client.position()
		var filled := _filler.statistics()
		all["buffer_s"] = float(position.have - position.committed) / GeneratorFiller.RATE
		all["fill_ms"] = filled["target"] * 1000.0 / GeneratorFiller.RATE
		all["skips"] = filled["skips"]
		for what: String in ["underruns", "late", "played", "committed", "is_standing"]:
			all[what] = position.get(what)
	return all


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
