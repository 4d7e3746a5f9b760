extends RefCounted
## Payloads to samples: a Vector2 is a sample of both channels.

## The head of a serialized PackedVector2Array; the count follows in four bytes.
const _ARRAY_HEAD: Array[int] = [TYPE_PACKED_VECTOR2_ARRAY, 0, 0, 0, 0, 0, 0, 0]
const _COUNT_AT := 4
const _S16_SCALE := 1.0 / 32768.0

## Half the side of a square around all samples of music.
const _WIDE := 4096.0


## The samples of a payload; null if one of them is no finite number.
## format: `f32le` or `s16le`.
static func samples(payload: PackedByteArray, format: String) -> Variant:
	if format == "s16le":
		return _from_s16(payload)
	var converted := _from_f32(payload)
	var values := payload.to_float32_array()
	if values.has(INF) or values.has(-INF):
		return null
	if not _has_area(converted) and not _are_finite(converted):
		return null
	return converted


## The engine's own reader is several times faster than a loop in script.
static func _from_f32(payload: PackedByteArray) -> PackedVector2Array:
	var bytes := PackedByteArray(_ARRAY_HEAD)
	@warning_ignore("integer_division")
	bytes.encode_u32(_COUNT_AT, payload.size() / 8)
	bytes.append_array(payload)
	return bytes_to_var(bytes)


## Whether the samples and a great square have an area, which the engine sums in a tenth of the time
## of a loop in script. A sum with a NaN in it is none. False for some good samples.
static func _has_area(points: PackedVector2Array) -> bool:
	var polygon := points.duplicate()
	for corner: Vector2 in [Vector2(0, -1), Vector2(-1, -1), Vector2(-1, 1), Vector2(1, 1)]:
		polygon.append(corner * _WIDE)
	polygon.append(Vector2(_WIDE, -_WIDE))
	return Geometry2D.is_polygon_clockwise(polygon)


static func _are_finite(points: PackedVector2Array) -> bool:
	for point in points:
		if not point.is_finite():
			return false
	return true


static func _from_s16(payload: PackedByteArray) -> PackedVector2Array:
	var pairs := payload.to_int32_array()
	var converted := PackedVector2Array()
	converted.resize(pairs.size())
	for i in pairs.size():
		var pair := pairs[i]
		converted[i] = Vector2((pair << 48) >> 48, pair >> 16) * _S16_SCALE
	return converted
