extends RefCounted
## Payloads to samples: a Vector2 is a sample of both channels.

const CHANNELS := 2

## The head of a serialized PackedVector2Array; the count follows in four bytes.
const _ARRAY_HEAD: Array[int] = [TYPE_PACKED_VECTOR2_ARRAY, 0, 0, 0, 0, 0, 0, 0]
const _COUNT_AT := 4
const _S16_SCALE := 1.0 / 32768.0


## The samples of a payload; null if one of them is no finite number.
## format: `f32le` or `s16le`.
static func samples(payload: PackedByteArray, format: String) -> Variant:
	return _from_s16(payload) if format == "s16le" else _from_f32(payload)


## The engine's own reader is several times faster than a loop in script.
static func _from_f32(payload: PackedByteArray) -> Variant:
	# The same numbers read twice are equal unless one is no number.
	var values := payload.to_float32_array()
	if values != payload.to_float32_array() or values.has(INF) or values.has(-INF):
		return null
	var bytes := PackedByteArray(_ARRAY_HEAD)
	@warning_ignore("integer_division")
	bytes.encode_u32(_COUNT_AT, payload.size() / 8)
	bytes.append_array(payload)
	return bytes_to_var(bytes)


static func _from_s16(payload: PackedByteArray) -> PackedVector2Array:
	var pairs := payload.to_int32_array()
	var converted := PackedVector2Array()
	converted.resize(pairs.size())
	for i in pairs.size():
		var pair := pairs[i]
		converted[i] = Vector2((pair << 48) >> 48, pair >> 16) * _S16_SCALE
	return converted
