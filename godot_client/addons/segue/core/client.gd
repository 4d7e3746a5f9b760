extends RefCounted
## A game's client of a Segue service, without nodes: a thread of its own connects, keeps the
## session and receives the music; the game sets inputs and polls events, and never waits for any of
## it.
##
## [codeblock]
## var client := Client.new("tcp://127.0.0.1:7723")
## client.set_input("threat", 0.8)  # in each game frame what has changed ...
## client.end_frame()               # ... and at its end
## for event in client.poll():      # what happened: ClientEvent says what there is
##     print(event.kind, event.fields)
## var samples := client.render(512)  # for the speaker, from any one thread
## client.close()
## [/codeblock]

const Address := preload("transport/address.gd")
const ClientEvent := preload("session/client_event.gd")
const ClientSession := preload("session/client_session.gd")
const ClientWorker := preload("client_worker.gd")
const GameNumbers := preload("game_numbers.gd")
const InputError := preload("session/input_error.gd")
const InputTable := preload("session/input_table.gd")
const Lengths := preload("timeline/lengths.gd")
const Limits := preload("session/session_limits.gd")
const Message := preload("protocol/message.gd")
const PlaybackPosition := preload("session/playback_position.gd")

const _NAME := "segue-godot"
const _LONGEST_TOKEN := 255

## What was wrong with the address or the options; empty: nothing. Such a client does nothing.
var error := ""

var _worker: ClientWorker
var _thread: Thread
var _table := InputTable.new([])
var _is_declared := false
var _has_reset := false
var _set := {}
var _fire: Array = []
var _last_frame := 0
var _last_request := 0


## address: `tcp://HOST:PORT`, `tls://HOST:PORT` or `ipc://PATH`. options: `token`, `tls` (a
## TLSOptions), `pre_roll_ms` (music that must be there before playing begins, unless the lookahead
## is shorter; 300), and the fields of `hello` that a game chooses: `rules_text` or `rules_name`,
## `generator`, `seed`, `lookahead_ms`, `stingers`, `format`.
func _init(address: String, options: Dictionary = {}) -> void:
	var hello := {"versions": [1], "client": _NAME}
	for name: String in options:
		if not name in ["token", "tls", "pre_roll_ms"]:
			hello[name] = options[name]
	var parsed := Address.new(address)
	var token: String = options.get("token", "")
	var message := Message.of("hello", hello)
	if not parsed.error.is_empty():
		error = parsed.error
	elif message.error != null:
		error = "options: %s" % message.error.text
	elif token.to_utf8_buffer().size() > _LONGEST_TOKEN:
		error = "token: expected at most %d bytes" % _LONGEST_TOKEN
	var pre_roll := Lengths.PRE_ROLL
	if options.has("pre_roll_ms"):
		@warning_ignore("integer_division")
		pre_roll = int(options["pre_roll_ms"]) * Lengths.SAMPLE_RATE / 1000
		if pre_roll < 2 * Lengths.FADE or pre_roll > Lengths.CAPACITY:
			error = "pre_roll_ms: expected 60 to 45000, got %d" % options["pre_roll_ms"]
	_worker = ClientWorker.new(parsed, token, options.get("tls"), hello, pre_roll)
	if error.is_empty():
		_thread = Thread.new()
		_thread.start(_worker.run)
	else:
		_worker.refuse_calls()


func _notification(what: int) -> void:
	# By then the engine calls no function of this object any more.
	if what == NOTIFICATION_PREDELETE and _thread != null:
		_worker.ask_to_stop()
		_thread.wait_to_finish()


## Ends the session and its thread, within 100 ms; any number of times. `poll` gives what is left.
func close() -> void:
	if _thread != null:
		_worker.ask_to_stop()
		_thread.wait_to_finish()
		_thread = null
		# A filler may hold this client.
		_worker.set_filler(Callable())


# --- the game ------------------------------------------------------------------------------------


## Sets an input; the last value of a game frame counts. Why it was not taken, or null.
func set_input(name: String, value: Variant) -> InputError:
	var plain: Variant = _plain(name, value)
	if _table.error == null:
		_set[name] = plain
	return _table.error


## Why [method set_input] would not take a value, or null.
func mistake_in(name: String, value: Variant) -> InputError:
	_plain(name, value)
	return _table.error


## Fires a trigger; each call counts. Why it was not taken, or null.
func fire(name: String) -> InputError:
	_take_inputs()
	if _is_declared:
		_table.trigger(name)
	else:
		_table.plain_name(name)
	if _table.error != null:
		return _table.error
	if _worker.waiting() + _fire.size() >= Limits.MOST_UNRECEIPTED:
		return InputError.new("queue_full", "too many events wait for the service; slow down")
	_fire.append(name)
	return null


## Returns all inputs and states to what they were at the start, such as for a new game; the music
## goes on. It is part of the frame: what was set and fired before it in the same frame has no
## effect. Why it was not taken, or null.
func reset() -> InputError:
	if _worker.waiting() >= Limits.MOST_UNRECEIPTED:
		return InputError.new("queue_full", "too many events wait for the service; slow down")
	_has_reset = true
	_set = {}
	_fire = []
	return null


## Ends a game frame: what was reset, set and fired in it takes effect together. Its number, which
## has one `receipt`; 0 if nothing was.
func end_frame() -> int:
	if _set.is_empty() and _fire.is_empty() and not _has_reset:
		return 0
	_last_frame += 1
	var frame := {"reset": _has_reset, "set": _set, "fire": _fire}
	_worker.enqueue(_end_frame.bind(_last_frame, frame, position().played, _worker))
	_has_reset = false
	_set = {}
	_fire = []
	return _last_frame


## Requests the music as a blob for a save game; the `id` of the `saved` or `error` that answers.
func save() -> int:
	_last_request += 1
	var number := _last_request
	_worker.enqueue(
		func(session: ClientSession, numbers: GameNumbers) -> void:
			numbers.request(number, session.save())
	)
	return number


## Continues from a saved blob; the number in `restore` of the `status`, or in `seq` of the `error`,
## that answers. 0: it is no blob.
func restore(blob: PackedByteArray) -> int:
	if Message.of("restore", {"id": 1, "at": 0, "take": 0, "blob": blob}).error != null:
		return 0
	# The save has inputs and states of its own.
	_has_reset = false
	_last_request += 1
	var number := _last_request
	_worker.enqueue(
		func(session: ClientSession, numbers: GameNumbers) -> void:
			numbers.request(number, session.restore(blob))
	)
	return number


## Lets the session continue at another address, as after a restart of its service. Empty: it waits
## for the next call of this. What is wrong with the address; empty: nothing.
func move(address: String) -> String:
	var parsed: Address = null if address.is_empty() else Address.new(address)
	if parsed != null and not parsed.error.is_empty():
		return parsed.error
	_worker.enqueue(_move.bind(parsed, _worker))
	return ""


## Pauses the music with the game, or lets it continue.
func set_paused(is_paused: bool) -> void:
	var player := _worker.player
	_worker.enqueue(
		func(session: ClientSession, _numbers: GameNumbers) -> void:
			player.set_paused(is_paused)
			session.set_paused(is_paused)
	)


## Changes the music's volume, from -96 dB, which is silence, to 12 dB. ramp_ms: time of the change.
func set_volume(gain_db: float, ramp_ms: int = 0) -> void:
	var gain := clampf(gain_db, -96.0, 12.0)
	_change_gain({"op": "volume", "gain_db": gain, "ramp_ms": ramp_ms})


## Mutes the music and keeps the volume, or unmutes it.
func set_muted(is_muted: bool, ramp_ms: int = 0) -> void:
	_change_gain({"op": "mute" if is_muted else "unmute", "ramp_ms": ramp_ms})


## Asks for other rules or another generator. fields: of the message `control`. What is wrong with
## them; empty: nothing.
func control(fields: Dictionary) -> String:
	var message := Message.of("control", fields)
	if message.error != null:
		return message.error.text
	_worker.enqueue(
		func(session: ClientSession, _numbers: GameNumbers) -> void: session.control(fields)
	)
	return ""


## What happened since the last call, in order.
func poll() -> Array[ClientEvent]:
	return _worker.take_events()


## The beats ahead that are announced and not heard yet; fields as of the event `beat_heard`.
func upcoming_beats() -> Array[Dictionary]:
	var played := position().played
	return _worker.upcoming_beats().filter(
		func(beat: Dictionary) -> bool: return beat["at"] > played
	)


## Where playback stands, as of the last `render`.
func position() -> PlaybackPosition:
	return _worker.player.position()


## Events without a receipt.
func waiting() -> int:
	return _worker.waiting()


# --- the speaker ---------------------------------------------------------------------------------


## The next `frames` samples at 48 kHz, silence while there is no music. From one thread only, the
## filler's or another. latency: samples that are handed to the engine and not heard yet, after
## these.
func render(frames: int, latency: int = 0) -> PackedVector2Array:
	return _worker.player.render(frames, latency)


## Lets the client's thread call `filler` every 10 ms: it asks the engine how many samples it takes,
## renders and pushes them. An empty Callable: nothing.
func set_filler(filler: Callable) -> void:
	_worker.set_filler(filler)


# --- private -------------------------------------------------------------------------------------


func _take_inputs() -> void:
	var inputs: Variant = _worker.take_inputs()
	if inputs != null:
		_table = InputTable.new(inputs[0])
		_is_declared = true


## The value as it is sent; the table's `error` says what is wrong with it.
func _plain(name: String, value: Variant) -> Variant:
	_take_inputs()
	if _is_declared:
		return _table.value(name, value)
	return _table.plain_value(name, value) if _table.plain_name(name) != null else null


func _change_gain(fields: Dictionary) -> void:
	if Message.of("control", fields).error != null:
		push_error("segue: ramp_ms: expected 0 to 60000, got %d" % fields["ramp_ms"])
		return
	var player := _worker.player
	_worker.enqueue(
		func(session: ClientSession, _numbers: GameNumbers) -> void:
			player.change_gain(fields)
			session.control(fields)
	)


## On the thread.
static func _move(
	_session: ClientSession, _numbers: GameNumbers, address: Address, worker: ClientWorker
) -> void:
	worker.move(address)


## On the thread: makes one event of a game frame. A frame that says nothing new gets its receipt at
## once.
static func _end_frame(
	session: ClientSession,
	numbers: GameNumbers,
	number: int,
	frame: Dictionary,
	played: int,
	worker: ClientWorker,
) -> void:
	if frame["reset"]:
		_tell_refused("", session.reset(), worker)
	for name: String in frame["set"]:
		_tell_refused(name, session.set_input(name, frame["set"][name]), worker)
	for name: String in frame["fire"]:
		_tell_refused(name, session.fire(name), worker)
	var seq := session.end_frame(played)
	var superseded := number if seq == 0 else numbers.frame(number, seq)
	if superseded != 0:
		var receipt := {
			"seq": superseded,
			"accepted": true,
			"code": "superseded",
			"frame": 0,
			"text": "the inputs have these values, or a later frame sets them",
		}
		worker.report(ClientEvent.new(ClientEvent.RECEIPT, receipt))


## What was good at the call may fit no more: the rules have changed, or too much waits.
static func _tell_refused(name: String, fault: InputError, worker: ClientWorker) -> void:
	if fault != null:
		var fields := {"name": name, "code": fault.code, "text": fault.text}
		worker.report(ClientEvent.new(ClientEvent.INPUT_REFUSED, fields))
