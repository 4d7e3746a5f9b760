extends RefCounted
## Answers invalid messages: ten times a second at most, and never an `error` or a `bye`. So two
## sides cannot refuse each other's answers for ever.

const Limits := preload("session_limits.gd")
const Message := preload("../protocol/message.gd")
const ProtocolError := preload("../protocol/protocol_error.gd")
const Unpacker := preload("../protocol/unpacker.gd")

const _MOST_PER_SECOND := 10
const _ABOUT_BYTES := 64
const _LARGEST := (1 << 53) - 1

var _since_s := 0.0
var _answers := 0


## Type and number of a message, as far as it can be read: `about` and `seq` of an `error`.
static func about(parts: Array[PackedByteArray]) -> Array:
	var type := ""
	var number := 0
	if not parts.is_empty():
		var map := Unpacker.new(parts[0]).map
		if map.get("t") is String and (map["t"] as String).to_utf8_buffer().size() <= _ABOUT_BYTES:
			type = map["t"]
		for key: String in ["seq", "id"]:
			if number == 0 and map.get(key) is int and map[key] >= 0 and map[key] <= _LARGEST:
				number = map[key]
	return [type, number]


## The `error` to send for a message; null if there is none to send. refused: as `about` gives it.
func answer(error: ProtocolError, refused: Array, now_s: float) -> Message:
	if now_s - _since_s >= 1.0:
		_answers = 0
		_since_s = now_s
	_answers += 1
	if refused[0] == "error" or refused[0] == "bye" or _answers > _MOST_PER_SECOND:
		return null
	var text := _cut(error.text)
	var fields := {"code": error.code, "text": text, "about": refused[0], "seq": refused[1]}
	return Message.of("error", fields)


## The text's beginning that fits a message.
func _cut(text: String) -> String:
	while text.to_utf8_buffer().size() > Limits.TEXT_BYTES:
		text = text.left(mini(text.length() - 1, Limits.TEXT_BYTES))
	return text
