extends RefCounted
## What a client's thread does: one connection after another, the session over them, and the music
## into the player. Only the functions under "any thread" may be called from elsewhere.

const Address := preload("transport/address.gd")
const ClientEvent := preload("session/client_event.gd")
const ClientSession := preload("session/client_session.gd")
const Connection := preload("transport/connection.gd")
const Failure := preload("transport/connect_failure.gd")
const GameNumbers := preload("game_numbers.gd")
const InputTable := preload("session/input_table.gd")
const Lengths := preload("timeline/lengths.gd")
const Player := preload("player.gd")
const RetrySchedule := preload("transport/retry_schedule.gd")

## Events kept for a game that does not poll; the oldest are dropped first.
const MOST_EVENTS := 4096

## Between two turns.
const _TURN_MS := 10

## How long the last message may take to leave.
const _LINGER_MS := 50

## Plays what the client receives.
var player := Player.new()

## Null: there is none to connect to for now.
var _address: Address
var _token: String
var _options: TLSOptions
var _pre_roll: int
var _session: ClientSession
var _numbers := GameNumbers.new()
var _retries := RetrySchedule.new()
var _connection: Connection
var _attempts := 0
var _next_attempt_s := 0.0

## Guards what follows, and is held for assignments only.
var _mutex := Mutex.new()
var _is_closing := false
## Whether no call is taken any more: they would pile up.
var _is_over := false
var _calls: Array[Callable] = []
var _events: Array[ClientEvent] = []
var _filler := Callable()
var _inputs: Variant
var _waiting := 0
var _beats: Array[Dictionary] = []


## hello: the fields of the first `hello`. pre_roll: samples of music before playing begins.
func _init(
	address: Address, token: String, options: TLSOptions, hello: Dictionary, pre_roll: int
) -> void:
	_address = address
	_token = token
	_options = options
	_pre_roll = pre_roll
	_session = ClientSession.new(hello)


# --- any thread -----------------------------------------------------------------------------------


## Lets the thread call this in its next turn, after all that was enqueued before. It gets this
## worker's session and numbers.
func enqueue(job: Callable) -> void:
	_mutex.lock()
	if not _is_over:
		_calls.append(job)
	_mutex.unlock()


## The events since the last call, in order.
func take_events() -> Array[ClientEvent]:
	_mutex.lock()
	var events := _events
	_events = []
	_mutex.unlock()
	return events


## Sets what is called in each turn to render and play samples; an empty Callable: nothing.
func set_filler(filler: Callable) -> void:
	_mutex.lock()
	_filler = filler
	_mutex.unlock()


## The inputs of the newest declaration, or null: [their records]. Each is given once.
func take_inputs() -> Variant:
	_mutex.lock()
	var inputs: Variant = _inputs
	_inputs = null
	_mutex.unlock()
	return inputs


## Events without a receipt, as of the last turn.
func waiting() -> int:
	_mutex.lock()
	var count := _waiting
	_mutex.unlock()
	return count


## The beats ahead, as of the last turn.
func upcoming_beats() -> Array[Dictionary]:
	_mutex.lock()
	var beats := _beats
	_mutex.unlock()
	return beats


## Takes no calls from now on: there is no session any more, or never will be.
func refuse_calls() -> void:
	_mutex.lock()
	_is_over = true
	_calls.clear()
	_mutex.unlock()


## Asks the thread to end the session.
func ask_to_stop() -> void:
	_mutex.lock()
	_is_closing = true
	_mutex.unlock()


# --- the thread -----------------------------------------------------------------------------------


## Runs until the session has ended or the client is closed.
func run() -> void:
	while not _must_stop():
		_turn(_now_s())
		OS.delay_msec(_TURN_MS)
	_make_calls()
	_session.close()
	_send()
	var until_ms := Time.get_ticks_msec() + _LINGER_MS
	while _connection != null and not _connection.flush() and Time.get_ticks_msec() < until_ms:
		OS.delay_msec(1)
	_drop_connection()
	_report_all()
	_mutex.lock()
	_waiting = _session.waiting()
	_mutex.unlock()
	refuse_calls()


## Ends the connection, if there is one, and makes the next to another address; null: none.
func move(address: Address) -> void:
	_address = address
	_drop_connection()
	_session.disconnected("the service has ended")
	_retries.connected()
	_next_attempt_s = 0.0


func _must_stop() -> bool:
	_mutex.lock()
	var is_closing := _is_closing
	_mutex.unlock()
	return is_closing or _session.state() == ClientSession.LifeCycle.State.CLOSED


func _turn(now_s: float) -> void:
	_mutex.lock()
	var filler := _filler
	_waiting = _session.waiting()
	_beats = _session.upcoming_beats()
	_mutex.unlock()
	_make_calls()
	_step_connection(now_s)
	_session.tick(now_s, player.position())
	_send()
	_report_all()
	if filler.is_valid():
		filler.call()


func _make_calls() -> void:
	_mutex.lock()
	var calls := _calls
	if not calls.is_empty():
		_calls = []
	_mutex.unlock()
	for job in calls:
		job.call(_session, _numbers)


func _step_connection(now_s: float) -> void:
	if _connection == null:
		if _address != null and now_s >= _next_attempt_s:
			_connection = Connection.new(_address, _token, _options, now_s, _attempts)
			_attempts += 1
		return
	var was_open := _connection.was_open
	_connection.step(now_s)
	if _connection.was_open and not was_open:
		_retries.connected()
		_session.connected(now_s)
	if _connection.is_silent and _connection.state != Connection.State.ENDED:
		_tell_failure(Failure.no_answer(_address.text), _retries.report)
	for parts: Array[PackedByteArray] in _connection.messages():
		_session.receive(parts, now_s)
	if _connection.state == Connection.State.ENDED:
		_end_connection(now_s)


func _end_connection(now_s: float) -> void:
	var failure := _connection.failure
	var text := _connection.text
	_drop_connection()
	_next_attempt_s = now_s + RetrySchedule.AFTER_CONNECTION_S
	if failure == null:
		_session.disconnected(text)
	else:
		_tell_failure(failure, _retries.failed)
		_next_attempt_s = now_s + _retries.pause_s


## Tells the game of a failure if `noted`, which takes it, says that it is new.
func _tell_failure(failure: Failure, noted: Callable) -> void:
	if noted.call(failure):
		var retry_ms := roundi(_retries.pause_s * 1000.0)
		var fields := {"code": failure.code, "text": failure.text, "retry_ms": retry_ms}
		report(ClientEvent.new(ClientEvent.CONNECTION_FAILED, fields))


func _drop_connection() -> void:
	if _connection != null:
		_connection.close()
		_connection = null


func _send() -> void:
	for parts: Array[PackedByteArray] in _session.to_send():
		if _connection != null:
			_connection.send(parts)
	if _connection != null:
		_connection.flush()


# --- events ---------------------------------------------------------------------------------------


func _report_all() -> void:
	for event in _session.client_events():
		match event.kind:
			ClientEvent.LIVE:
				var welcome: Dictionary = event.fields["welcome"]
				@warning_ignore("integer_division")
				var lookahead: int = welcome["lookahead_ms"] * Lengths.SAMPLE_RATE / 1000
				player.set_pre_roll(mini(_pre_roll, lookahead))
				_declare(welcome["rules"])
				report(event)
			"rules":
				if event.fields["declaration"] != null:
					_declare(event.fields["declaration"])
				report(event)
			ClientEvent.CHUNK, ClientEvent.STINGER:
				_deliver(event)
			ClientEvent.LOST:
				_drop_connection()
				var pause_s: float = event.fields["retry_ms"] / 1000.0
				_next_attempt_s = _now_s() + maxf(RetrySchedule.AFTER_CONNECTION_S, pause_s)
				report(event)
			_:
				for translated in _numbers.translated(event):
					report(translated)


## Gives samples to the player, and the event without them to the game: none pile up there. The game
## is told of a stinger once, with its first part.
func _deliver(event: ClientEvent) -> void:
	if not player.deliver(event):
		_session.refuse_samples(event)
		return
	var names := ["id", "name", "kind", "start", "reason"]
	var kind := ClientEvent.STINGER_ARRIVED
	if event.kind == ClientEvent.CHUNK:
		kind = ClientEvent.MUSIC_ARRIVED
		names = ["start", "count", "take", "generator", "reason", "states", "mix"]
	elif event.fields["offset"] > 0:
		return
	var fields := {}
	for name: String in names:
		fields[name] = event.fields[name]
	report(ClientEvent.new(kind, fields))


func _declare(declaration: Dictionary) -> void:
	_mutex.lock()
	_inputs = [declaration["inputs"]]
	_mutex.unlock()


func report(event: ClientEvent) -> void:
	_mutex.lock()
	_events.append(event)
	if _events.size() > MOST_EVENTS:
		_events.remove_at(0)
	_mutex.unlock()


func _now_s() -> float:
	return Time.get_ticks_usec() / 1e6
