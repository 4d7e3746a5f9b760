extends RefCounted
## The client's side of one ZMTP 3.1 connection, without a socket: received bytes in, messages and
## bytes to send out. A DEALER that speaks NULL, or PLAIN with a token.

## How far the connection is. FAILED: `failure` says why, and nothing more happens.
enum State { GREETING, HANDSHAKE, READY, FAILED }

## Why a connection failed. NOT_ZMTP: the peer is something else. MECHANISM: it needs another
## mechanism. REFUSED: it answered with ERROR. BROKEN: it broke the rules after the handshake.
enum Failure { NONE, NOT_ZMTP, MECHANISM, REFUSED, BROKEN }

const Commands := preload("zmtp_commands.gd")
const Frames := preload("zmtp_frames.gd")

## Bytes of the frames of one message: its header, and its payload if it has one.
const LONGEST_PARTS: Array[int] = [262144, 4194304]

const _USER := "segue"

var state := State.GREETING
var failure := Failure.NONE

## What was wrong, for people.
var text := ""

## The mechanism that the peer named; empty before its greeting.
var peer_mechanism := ""

## Whether the handshake has succeeded; it stays set when the connection fails after that.
var was_ready := false

## Frames taken so far.
var frames := 0

var _token: String
var _frames := Frames.new()
var _sending := PackedByteArray()
var _messages: Array[Array] = []
var _parts: Array[PackedByteArray] = []
var _welcomed := false


## token: the service's; empty: none, and so NULL.
func _init(token: String = "") -> void:
	_token = token
	# All of it at once: the service holds back the rest of its own until it has the client's.
	_sending = Commands.greeting(_mechanism())


## Takes bytes that the peer sent.
func feed(bytes: PackedByteArray) -> void:
	if state == State.FAILED:
		return
	_frames.feed(bytes)
	if state == State.GREETING:
		_read_greeting()
	while state == State.HANDSHAKE or state == State.READY:
		var frame := _frames.next(_longest())
		if frame.is_empty():
			break
		frames += 1
		_take(frame[0], frame[1])
	if not _frames.error.is_empty() and state != State.FAILED:
		_fail(Failure.BROKEN if state == State.READY else Failure.NOT_ZMTP, _frames.error)


## The messages since the last call, each an Array[PackedByteArray] of its parts.
func messages() -> Array[Array]:
	var received := _messages
	_messages = []
	return received


## Queues a message. It is sent after the handshake.
func send(parts: Array[PackedByteArray]) -> void:
	assert(state == State.READY, "zmtp_peer: send before the connection is ready")
	for i in parts.size():
		var flags := Frames.FLAG_MORE if i + 1 < parts.size() else 0
		_sending.append_array(Frames.frame(flags, parts[i]))


## The bytes to send since the last call.
func to_send() -> PackedByteArray:
	var bytes := _sending
	_sending = PackedByteArray()
	return bytes


func _mechanism() -> String:
	return "NULL" if _token.is_empty() else "PLAIN"


func _read_greeting() -> void:
	if not Commands.may_be_greeting(_frames.peek(Commands.GREETING_BYTES)):
		_fail(Failure.NOT_ZMTP, "the peer's first bytes are no greeting of ZMTP 3")
		return
	var greeting := _frames.take(Commands.GREETING_BYTES)
	if greeting.is_empty():
		return
	peer_mechanism = Commands.mechanism_of(greeting)
	if peer_mechanism != _mechanism():
		_fail(Failure.MECHANISM, "the peer needs mechanism %s" % peer_mechanism)
		return
	state = State.HANDSHAKE
	if _token.is_empty():
		_command(Commands.metadata("READY"))
	else:
		_command(Commands.hello(_USER, _token))


func _take(flags: int, body: PackedByteArray) -> void:
	if flags & Frames.FLAG_COMMAND:
		_take_command(Commands.name_of(body), body)
	elif state == State.HANDSHAKE:
		_fail(Failure.NOT_ZMTP, "a message before the end of the handshake")
	else:
		_take_part(body, bool(flags & Frames.FLAG_MORE))


func _take_command(name: String, body: PackedByteArray) -> void:
	if name == "ERROR":
		_fail(Failure.REFUSED, Commands.reason_of(body))
	elif state == State.READY:
		_take_late_command(name, body)
	elif name == "WELCOME" and not _token.is_empty() and not _welcomed:
		_welcomed = true
		_command(Commands.metadata("INITIATE"))
	elif name == "READY" and (_token.is_empty() or _welcomed):
		_read_metadata(body)
	else:
		_fail(Failure.NOT_ZMTP, "an unexpected command in the handshake")


func _take_late_command(name: String, body: PackedByteArray) -> void:
	if name == "PING" and Commands.is_ping(body):
		_command(Commands.pong(body))
	elif name == "PING" or name.is_empty():
		_fail(Failure.BROKEN, "a command without a name, or a malformed PING")
	# Of the others none asks for anything.


func _read_metadata(body: PackedByteArray) -> void:
	var properties: Variant = Commands.properties_of(body)
	if properties == null:
		_fail(Failure.NOT_ZMTP, "a malformed READY")
	elif properties.get("socket-type", "") != "ROUTER":
		_fail(Failure.NOT_ZMTP, "the peer is no ROUTER")
	else:
		state = State.READY
		was_ready = true


func _take_part(body: PackedByteArray, more: bool) -> void:
	_parts.append(body)
	if not more:
		_messages.append(_parts)
		_parts = []
	elif _parts.size() == LONGEST_PARTS.size():
		_fail(Failure.BROKEN, "a message of more than %d frames" % LONGEST_PARTS.size())


## The most bytes of the next frame of a message.
func _longest() -> int:
	return LONGEST_PARTS[_parts.size()]


func _command(body: PackedByteArray) -> void:
	_sending.append_array(Frames.frame(Frames.FLAG_COMMAND, body))


func _fail(reason: Failure, explanation: String) -> void:
	state = State.FAILED
	failure = reason
	text = explanation
	_parts = []
