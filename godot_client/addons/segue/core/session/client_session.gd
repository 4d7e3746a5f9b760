extends RefCounted
## A game's session over any number of connections, without a socket or a clock: calls and received
## parts in, messages and client events out. PROTOCOL.md sections 3, 4, 9 and 11.
##
## The caller owns transport and timeline. It calls `tick` at least every 50 ms and `end_frame` once
## per game frame, sends what `to_send` returns, passes chunks and stingers from `client_events` to
## the timeline, and reconnects after the event LOST. Times are seconds of any steady clock.

const BeatTracker := preload("beat_tracker.gd")
const ChangeTracker := preload("change_tracker.gd")
const ClientEvent := preload("client_event.gd")
const Codec := preload("../protocol/codec.gd")
const Handshake := preload("handshake.gd")
const InputError := preload("input_error.gd")
const LifeCycle := preload("life_cycle.gd")
const Limits := preload("session_limits.gd")
const Message := preload("../protocol/message.gd")
const PlaybackPosition := preload("playback_position.gd")
const ProtocolError := preload("../protocol/protocol_error.gd")
const ProtocolLimits := preload("../protocol/limits.gd")
const ReceivedMusic := preload("received_music.gd")
const RefusalLimiter := preload("refusal_limiter.gd")
const StingerTracker := preload("stinger_tracker.gd")
const WaitingMessages := preload("waiting_messages.gd")

## The fields of the last `welcome`; empty: none came yet.
var welcome := {}

var _life := LifeCycle.new()
var _handshake: Handshake
var _waiting := WaitingMessages.new()
var _refusals := RefusalLimiter.new()
var _beats := BeatTracker.new()
var _changes := ChangeTracker.new()
var _stingers := StingerTracker.new()
var _position := PlaybackPosition.new()
var _music := ReceivedMusic.new()
var _sending: Array[Message] = []
var _client_events: Array[ClientEvent] = []
## The fields of a restarted service's `restore` without an answer; empty: none.
var _restoring := {}
## The last error about `hello` without a `bye`; empty: none.
var _refused_hello := {}
var _hellos_refused := 0
var _now_s := 0.0
var _received_s := 0.0
var _hello_sent_s := 0.0
var _reported_s := 0.0


## hello: the fields of the first `hello`, without `resume` and `last_chunk`.
func _init(hello: Dictionary) -> void:
	_handshake = Handshake.new(hello)


# --- output ---------------------------------------------------------------------------------------


## The state now: one of LifeCycle.State.
func state() -> LifeCycle.State:
	return _life.state


## The messages since the last call, each an Array[PackedByteArray] of its parts.
func to_send() -> Array[Array]:
	var messages: Array[Array] = []
	for message in _sending:
		messages.append(Codec.encode(message))
	_sending.clear()
	return messages


## The client events since the last call, in order.
func client_events() -> Array[ClientEvent]:
	var events := _client_events
	_client_events = []
	return events


## Events without a receipt.
func waiting() -> int:
	return _waiting.outbox.unanswered


## Events with a receipt that are kept in case the service is killed.
func unconfirmed() -> int:
	return _waiting.outbox.unconfirmed()


## The beats ahead that are announced and not heard yet; fields as of BEAT_HEARD.
func upcoming_beats() -> Array[Dictionary]:
	return _beats.upcoming()


# --- calls of the game ----------------------------------------------------------------------------


## Sets an input; the last value of a game frame counts. Why it was not taken, or null.
func set_input(name: String, value: Variant) -> InputError:
	return _waiting.outbox.set_input(name, value)


## Fires a trigger. Why it was not taken, or null.
func fire(name: String) -> InputError:
	return _waiting.outbox.fire(name)


## Returns inputs and states to the start, as part of the game frame's event. Why it was not taken,
## or null.
func reset() -> InputError:
	return _waiting.outbox.reset()


## Ends a game frame: what was reset, set and fired in it becomes one event at the sample heard
## now. played: that sample, where it is known to be later than at the last `tick`.
##
## The event's number; 0 if nothing changed, since a value that an input has already is not sent
## again.
func end_frame(played: int = 0) -> int:
	var number := _waiting.end_frame(maxi(_position.played, played))
	_send_due()
	return number


## Requests the music as a blob; the id of the `saved` or `error` that answers.
func save() -> int:
	return _ask("save", {})


## Continues from a saved blob; the id of the `status` or `error` that answers, 0 if it is no blob.
func restore(blob: PackedByteArray) -> int:
	var fields := {"at": _position.committed, "take": _music.take, "blob": blob}
	var checked := fields.duplicate()
	checked["id"] = 1
	if Message.of("restore", checked).error != null:
		return 0
	return _ask("restore", fields)


## Tells the service that the game is paused, or continues.
## The timeline's owner pauses the timeline.
func set_paused(paused: bool) -> void:
	control({"op": "pause" if paused else "resume"})


## Sends any other control now, or not at all; whether it was sent. fields: valid ones of `control`.
func control(fields: Dictionary) -> bool:
	_handshake.changed(fields)
	if _life.is_up():
		_handshake.asked(fields)
		_send("control", fields)
	return _life.is_up()


## Ends the session.
func close(reason: String = "quit") -> void:
	if _life.is_up():
		_send("bye", {"reason": reason})
	_end(reason, "", "")


## Refuses a chunk or a part of a stinger with samples that are no numbers. event: as it was told.
func refuse_samples(event: ClientEvent) -> void:
	var fault := ProtocolError.new(ProtocolError.NOT_FINITE, "payload: a value that is not finite")
	_refuse(fault, [event.kind, event.fields["seq" if event.kind == ClientEvent.CHUNK else "id"]])


# --- transport and time ---------------------------------------------------------------------------


## Begins the handshake on a new connection.
func connected(now_s: float) -> void:
	if _life.move(LifeCycle.Trigger.CONNECTED):
		_now_s = now_s
		_begin_handshake()


## Reports that the connection is gone.
func disconnected(reason: String = "the connection broke") -> void:
	_disconnect(reason, LifeCycle.Trigger.LOST)


## Lets time pass: sends the playhead, reports what was heard, notices a silent service.
func tick(now_s: float, position: PlaybackPosition) -> void:
	_now_s = now_s
	if position.underruns > _position.underruns:
		_tell(ClientEvent.UNDERRUN, {"count": position.underruns})
	var has_changed := position.is_standing != _position.is_standing
	_position = position
	_release()
	if not position.is_standing:
		_client_events.append_array(_beats.reach(position.played))
		_client_events.append_array(_changes.reach(position.played))
		_client_events.append_array(_stingers.reach(position.played))
	var is_open := _life.state != LifeCycle.State.OFFLINE and _life.state != LifeCycle.State.CLOSED
	if is_open and now_s - _received_s >= Limits.SILENCE_S:
		_disconnect("no message for %d s" % int(Limits.SILENCE_S), LifeCycle.Trigger.LOST)
	var is_greeting := _life.state == LifeCycle.State.GREETING
	if is_greeting and now_s - _hello_sent_s >= Limits.HELLO_AGAIN_S:
		_send_hello()
	if _life.is_up() and (has_changed or now_s - _reported_s >= Limits.REPORT_S):
		_report()
	if _life.state == LifeCycle.State.LIVE:
		_send_due()


## Takes the parts of one message, whatever they hold.
func receive(parts: Array[PackedByteArray], now_s: float) -> void:
	if _life.state == LifeCycle.State.OFFLINE or _life.state == LifeCycle.State.CLOSED:
		return
	_now_s = now_s
	_received_s = now_s
	var message := Codec.decode(parts)
	var is_greeting := _life.state == LifeCycle.State.GREETING
	if message.error != null:
		if message.error.code == ProtocolError.UNSUPPORTED_VERSION and is_greeting:
			var told := message.error.text
			_end_for_version("the service speaks another version of the protocol: %s" % told)
		else:
			_refuse(message.error, RefusalLimiter.about(parts))
		return
	if is_greeting and not message.type in ["welcome", "error", "bye"]:
		return
	if not _handle(message):
		var now := (LifeCycle.State.keys()[_life.state] as String).to_lower()
		_refuse(ProtocolError.new("unexpected", "not while %s" % now), RefusalLimiter.about(parts))


# --- messages -------------------------------------------------------------------------------------


## Whether a service may send the message.
func _handle(message: Message) -> bool:
	var fields := message.fields
	match message.type:
		"welcome":
			_on_welcome(fields)
		"receipt":
			_client_events.append_array(_waiting.receipted(fields, _now_s))
		"chunk":
			_music.received(fields)
			_release()
			_changes.chunk(fields, _position.committed)
			_tell(ClientEvent.CHUNK, fields, message.payload)
		"cell":
			_music.renewed(fields)
			_release()
		"clock":
			_beats.take(fields)
		"rules":
			_on_rules(fields)
		"change":
			_on_change(fields)
		"status":
			_on_status(fields)
		"saved":
			if _waiting.requests.answered(fields["id"], _music.take):
				_tell("saved", fields)
		"error":
			_on_error(fields)
		"bye":
			_on_bye(fields)
		"stinger":
			_stingers.take(fields, _position.committed)
			_tell(ClientEvent.STINGER, fields, message.payload)
		_:
			return false
	return true


func _on_welcome(fields: Dictionary) -> void:
	if _life.state != LifeCycle.State.GREETING:
		return
	if fields["version"] != ProtocolLimits.VERSION:
		_end_for_version("the service chose version %d of the protocol" % fields["version"])
		return
	var is_first := welcome.is_empty()
	welcome = fields
	if not is_first and not fields["resumed"]:
		_begin_restoring()
	var is_restoring := not _restoring.is_empty()
	_life.move(LifeCycle.Trigger.WELCOMED_NEW if is_restoring else LifeCycle.Trigger.WELCOMED)
	_refused_hello = {}
	_hellos_refused = 0
	_tell(ClientEvent.LIVE, {"welcome": fields, "resumed": fields["resumed"]})
	_client_events.append_array(_waiting.outbox.declare(fields["rules"]["inputs"]))
	if is_restoring:
		_send("restore", _restoring)
	_report()
	for changed: Dictionary in _handshake.changes():
		_send("control", changed)
	if not is_restoring:
		_send_waiting()


func _on_rules(fields: Dictionary) -> void:
	_handshake.rules(fields)
	_tell("rules", fields)
	if fields["declaration"] != null:
		_client_events.append_array(_waiting.outbox.declare(fields["declaration"]["inputs"]))


func _on_change(fields: Dictionary) -> void:
	for cause: Dictionary in fields["causes"]:
		cause["seq"] = _waiting.outbox.game_number(cause["seq"])
	_changes.take(fields)
	_tell("change", fields)


func _on_status(fields: Dictionary) -> void:
	if _waiting.requests.answered(fields["restore"], _music.take):
		_changes.restored(_music.take)
	_handshake.status(fields)
	_tell("status", fields)
	if not _restoring.is_empty() and fields["restore"] == _restoring["id"]:
		_restored(fields["last_event"], fields["restored"] in ["all", "rules"])


func _on_error(fields: Dictionary) -> void:
	if fields["about"] == "save" or fields["about"] == "restore":
		_waiting.requests.refused(fields["seq"])
	if fields["code"] == "no_session":
		# After another handshake, further answers to what was under way mean nothing new.
		if _life.move(LifeCycle.Trigger.UNKNOWN):
			_begin_handshake()
		return
	_handshake.refused(fields)
	_tell("error", fields)
	if fields["about"] == "hello" and _life.state == LifeCycle.State.GREETING:
		_refused_hello = fields
		_hellos_refused += 1
		if _hellos_refused == Limits.MOST_REFUSED_HELLOS:
			_end_refused("refused", fields["text"])
	if not _restoring.is_empty() and fields["seq"] == _restoring["id"]:
		_restored(0, false)


func _on_bye(fields: Dictionary) -> void:
	_hellos_refused = 0
	if fields["retry_ms"] == null:
		_end_refused(fields["reason"], fields["text"])
	else:
		_refused_hello = {}
		_disconnect(fields["reason"], LifeCycle.Trigger.BYE, fields["retry_ms"])


# --- steps of several messages --------------------------------------------------------------------


func _send(type: String, fields: Dictionary) -> void:
	_sending.append(Message.of(type, fields))


func _tell(kind: String, fields: Dictionary, payload: Variant = null) -> void:
	_client_events.append(ClientEvent.new(kind, fields, payload))


func _disconnect(reason: String, trigger: LifeCycle.Trigger, retry_ms: int = 0) -> void:
	var was_offline := _life.state == LifeCycle.State.OFFLINE
	if _life.move(trigger) and not was_offline:
		_sending.clear()
		_waiting.hold_back()
		_tell(ClientEvent.LOST, {"reason": reason, "retry_ms": retry_ms})


func _begin_handshake() -> void:
	_received_s = _now_s
	_sending.clear()
	_waiting.hold_back()
	_send_hello()


func _send_hello() -> void:
	_hello_sent_s = _now_s
	_send("hello", _handshake.hello(welcome.get("key"), _music.last_chunk))


func _report() -> void:
	_reported_s = _now_s
	# Twenty times a second: its fields are whole and need no check.
	var message := Message.new()
	message.type = "playhead"
	message.fields = _position.playhead(_music.last_chunk)
	_sending.append(message)


## Asks a restarted service to continue from a cell.
func _begin_restoring() -> void:
	_waiting.requests.restarted()
	_restoring = _music.restore(_waiting.requests.number(), _position.committed)
	_changes.restarted(_restoring["at"])
	for cancelled in _stingers.restarted(_restoring["at"]):
		_tell(ClientEvent.STINGER, Message.of("stinger", cancelled).fields)


## Continues after the answer to a restore with what the restored session lacks. last_event: the
## last event that it contains. has_rules: whether it knows the inputs' values.
func _restored(last_event: int, has_rules: bool) -> void:
	if not _life.move(LifeCycle.Trigger.RESTORED):
		return
	_restoring = {}
	_waiting.outbox.restarted(last_event)
	if not has_rules:
		_music.forget_cells()
		_waiting.outbox.send_all_values(_position.played)
	_send_waiting()


## Forgets cells that end too early to restore from, and what the first of the others contains.
func _release() -> void:
	if not _music.reach(_position.committed):
		return
	_waiting.outbox.contained(_music.last_events())
	_waiting.requests.contained(_music.restored_take())


## Sends what has no answer yet, in the game's order, over a new connection.
func _send_waiting() -> void:
	_waiting.begin(welcome["limits"]["events_per_second"], _now_s)
	_send_due()


func _send_due() -> void:
	_sending.append_array(_waiting.due(_now_s, _position.committed, _music.take))


func _ask(type: String, fields: Dictionary) -> int:
	var id := _waiting.ask(type, fields)
	_send_due()
	return id


func _end(reason: String, text: String, code: String) -> void:
	if _life.move(LifeCycle.Trigger.ENDED):
		_tell(ClientEvent.CLOSED, {"reason": reason, "text": text, "code": code})


## Ends the session as the service asks, with the code of its last error about `hello`.
func _end_refused(reason: String, text: String) -> void:
	var refused := _refused_hello
	_refused_hello = {}
	var told: String = refused.get("text", "")
	if refused.get("code", "") == ProtocolError.UNSUPPORTED_VERSION:
		_end_for_version(text if told.is_empty() else told)
	else:
		_end(reason, told if text.is_empty() else text, refused.get("code", ""))


## Ends the session because the two sides share no version. text: of the service.
func _end_for_version(text: String) -> void:
	var told := "this client speaks version %d" % ProtocolLimits.VERSION
	_send("bye", {"reason": "refused", "text": told})
	var code := ProtocolError.UNSUPPORTED_VERSION
	_end(code, _handshake.version_mismatch(text), code)


## Reports an invalid message to the game, and to the service unless too often. about: its type and
## its number.
func _refuse(error: ProtocolError, about: Array) -> void:
	_tell(ClientEvent.MESSAGE_REFUSED, {"code": error.code, "text": error.text})
	var answer := _refusals.answer(error, about, _now_s)
	if answer != null:
		_sending.append(answer)
