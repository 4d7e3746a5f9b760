extends RefCounted
## The greeting and the commands of ZMTP as bytes: rfc.zeromq.org 37 (ZMTP 3.1, NULL, PING) and
## 24 (PLAIN).

## Bytes of a greeting: signature, version, mechanism, as-server, filler.
const GREETING_BYTES := 64

const _MECHANISM_AT := 12
const _MECHANISM_BYTES := 20

## libzmq 4.3 writes ERROR without its name's length and with the first letter damaged.
const _MALFORMED_ERROR: Array[int] = [0x5E, 0x52, 0x52, 0x4F, 0x52]

## After its name a PING has two bytes of time to live, then its context.
const _CONTEXT_AT := 7
const _CONTEXT_BYTES := 16


## The client's greeting. mechanism: "NULL" or "PLAIN".
static func greeting(mechanism: String) -> PackedByteArray:
	var bytes := PackedByteArray()
	bytes.resize(GREETING_BYTES)
	bytes.fill(0)
	bytes[0] = 0xFF
	bytes[9] = 0x7F
	bytes[10] = 3
	bytes[11] = 1
	var name := mechanism.to_ascii_buffer()
	for i in name.size():
		bytes[_MECHANISM_AT + i] = name[i]
	return bytes


## Whether these first bytes of a peer can begin a greeting of ZMTP 3.
static func may_be_greeting(bytes: PackedByteArray) -> bool:
	if bytes.size() > 0 and bytes[0] != 0xFF:
		return false
	if bytes.size() > 9 and bytes[9] != 0x7F:
		return false
	return bytes.size() <= 10 or bytes[10] >= 3


## The mechanism that a whole greeting names.
static func mechanism_of(bytes: PackedByteArray) -> String:
	var name := ""
	for byte in bytes.slice(_MECHANISM_AT, _MECHANISM_AT + _MECHANISM_BYTES):
		if byte == 0:
			break
		# Text from outside: nothing but what can be printed.
		name += String.chr(byte) if byte > 0x20 and byte < 0x7F else "?"
	return name


## HELLO of PLAIN.
static func hello(user: String, password: String) -> PackedByteArray:
	var body := _named("HELLO")
	for text: String in [user, password]:
		var bytes := text.to_utf8_buffer()
		body.append(bytes.size())
		body.append_array(bytes)
	return body


## READY, or with PLAIN the INITIATE that comes in its place, of a DEALER without an identity.
static func metadata(name: String) -> PackedByteArray:
	var body := _named(name)
	var key := "Socket-Type".to_ascii_buffer()
	var value := "DEALER".to_ascii_buffer()
	body.append(key.size())
	body.append_array(key)
	body.append_array(PackedByteArray([0, 0, 0, value.size()]))
	body.append_array(value)
	return body


## Whether a command that is named PING has its time and no more context than allowed.
static func is_ping(body: PackedByteArray) -> bool:
	return body.size() >= _CONTEXT_AT and body.size() <= _CONTEXT_AT + _CONTEXT_BYTES


## PONG, the answer to a PING: its context.
static func pong(ping: PackedByteArray) -> PackedByteArray:
	var body := _named("PONG")
	body.append_array(ping.slice(_CONTEXT_AT))
	return body


## The name of a command; empty if it has none.
static func name_of(body: PackedByteArray) -> String:
	if Array(body.slice(0, 5)) == _MALFORMED_ERROR:
		return "ERROR"
	if body.is_empty() or body[0] == 0 or body.size() < 1 + body[0]:
		return ""
	return body.slice(1, 1 + body[0]).get_string_from_ascii()


## The reason in the body of an ERROR, for people.
static func reason_of(body: PackedByteArray) -> String:
	var at := 5 if body[0] == _MALFORMED_ERROR[0] else 6
	if body.size() <= at:
		return ""
	return body.slice(at + 1, at + 1 + body[at]).get_string_from_ascii()


## The properties in the body of a READY by their names in lower case; null if it is malformed.
static func properties_of(body: PackedByteArray) -> Variant:
	var found := {}
	var at := 1 + body[0]
	while at < body.size():
		var value_at := at + 1 + body[at]
		if body[at] == 0 or value_at + 4 > body.size():
			return null
		var size := 0
		for i in 4:
			size = (size << 8) | body[value_at + i]
		if value_at + 4 + size > body.size():
			return null
		var name := body.slice(at + 1, value_at).get_string_from_ascii().to_lower()
		found[name] = body.slice(value_at + 4, value_at + 4 + size).get_string_from_ascii()
		at = value_at + 4 + size
	return found


static func _named(name: String) -> PackedByteArray:
	var body := PackedByteArray([name.length()])
	body.append_array(name.to_ascii_buffer())
	return body
