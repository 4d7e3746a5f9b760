extends RefCounted
## Messages to the parts of a ZeroMQ message and back. Bad input of any kind gives a message with
## an `error`.

const ProtocolError := preload("protocol_error.gd")
const Limits := preload("limits.gd")
const Message := preload("message.gd")
const Packer := preload("packer.gd")
const Records := preload("records.gd")
const Tables := preload("message_tables.gd")
const Unpacker := preload("unpacker.gd")


## The message in the parts of one ZeroMQ message.
static func decode(parts: Array[PackedByteArray]) -> Message:
	if parts.size() < 1 or parts.size() > 2:
		return _refused(
			ProtocolError.PAYLOAD_MISMATCH, "message: expected 1 or 2 parts, got %d" % parts.size()
		)
	if parts.size() == 2 and parts[1].size() > Limits.PAYLOAD_BYTES:
		return _refused(
			ProtocolError.TOO_LARGE, "payload: expected at most %d bytes" % Limits.PAYLOAD_BYTES
		)
	var unpacker := Unpacker.new(parts[0])
	if unpacker.error != null:
		return Message.refused(unpacker.error)
	var fault := _fault_of(unpacker.map)
	if fault != null:
		return Message.refused(fault)
	var samples: Variant = null
	if parts.size() == 2:
		samples = parts[1]
	return Message.of(unpacker.map["t"], unpacker.map, samples)


## The one encoding of a good message; no parts if its header exceeds the limit.
static func encode(message: Message) -> Array[PackedByteArray]:
	var map := {"v": Limits.VERSION, "t": message.type}
	map.merge(Records.plain(message.type, message.fields))
	var parts: Array[PackedByteArray] = [Packer.pack(map)]
	if parts[0].size() > Limits.HEADER_BYTES:
		parts.clear()
	elif message.payload != null:
		parts.append(message.payload)
	return parts


## What is wrong with a header's `v` and `t`, or null.
static func _fault_of(map: Dictionary) -> ProtocolError:
	for key: String in ["v", "t"]:
		if not map.has(key):
			return ProtocolError.new(ProtocolError.MISSING_FIELD, "%s: expected, not there" % key)
	var version: Variant = map["v"]
	# A whole real is read as the integer it equals.
	var is_whole: bool = version is int or (version is float and version == floorf(version))
	if not is_whole or not map["t"] is String:
		return ProtocolError.new(ProtocolError.WRONG_TYPE, "expected v an integer and t a text")
	if version != Limits.VERSION:
		return ProtocolError.new(
			ProtocolError.UNSUPPORTED_VERSION, "v: expected %d" % Limits.VERSION
		)
	if not map["t"] in Tables.MESSAGES:
		return ProtocolError.new(ProtocolError.UNKNOWN_TYPE, "t: is no message")
	return null


static func _refused(code: String, text: String) -> Message:
	return Message.refused(ProtocolError.new(code, text))
