extends RefCounted
## Reads the one MessagePack map of a header, every legal encoding of it, within limits that no
## bytes can make costly: PROTOCOL.md section 2.2.
##
## Whatever the bytes: `map` or `error`. Every function returns null once there is an error.

const ProtocolError := preload("protocol_error.gd")
const Limits := preload("limits.gd")
const Utf8 := preload("utf8.gd")

var map: Dictionary
var error: ProtocolError

var _data: PackedByteArray
var _stream := StreamPeerBuffer.new()


func _init(header: PackedByteArray) -> void:
	if header.size() > Limits.HEADER_BYTES:
		_fail(
			ProtocolError.TOO_LARGE,
			"expected at most %d bytes, got %d" % [Limits.HEADER_BYTES, header.size()]
		)
		return
	_data = header
	_stream.data_array = header
	_stream.big_endian = true
	var value: Variant = _next(1)
	if error != null:
		return
	if _stream.get_available_bytes() > 0:
		_fail(ProtocolError.TRAILING, "%d bytes after its end" % _stream.get_available_bytes())
	elif value is Dictionary:
		map = value
	else:
		_fail(ProtocolError.MALFORMED, "expected a map, got %s" % type_string(typeof(value)))


func _next(depth: int) -> Variant:
	if not _has(1):
		return null
	var head := _stream.get_u8()
	if head <= 0x7F:
		return head
	if head <= 0x8F:
		return _map(head & 0x0F, depth)
	if head <= 0x9F:
		return _list(head & 0x0F, depth)
	if head <= 0xBF:
		return _text(head & 0x1F)
	if head >= 0xE0:
		return head - 0x100
	return _next_wide(head, depth)


## A value whose first byte, 0xC0 to 0xDF, says how long its number or length is.
func _next_wide(head: int, depth: int) -> Variant:
	match head:
		0xC0:
			return null
		0xC1:
			return _fail(ProtocolError.MALFORMED, "a byte that begins no value")
		0xC2, 0xC3:
			return head == 0xC3
		0xC4, 0xC5, 0xC6:
			return _bytes(_unsigned(1 << (head - 0xC4)))
		0xCA, 0xCB:
			return _real(head == 0xCA)
		0xCC, 0xCD, 0xCE:
			return _unsigned(1 << (head - 0xCC))
		0xCF, 0xD3:
			return _long(head == 0xD3)
		0xD0, 0xD1, 0xD2:
			var width := 1 << (head - 0xD0)
			var number := _unsigned(width)
			var half := 1 << (8 * width - 1)
			return number if number < half else number - 2 * half
		0xD9, 0xDA, 0xDB:
			return _text(_unsigned(1 << (head - 0xD9)))
		0xDC, 0xDD:
			return _list(_unsigned(2 << (head - 0xDC)), depth)
		0xDE, 0xDF:
			return _map(_unsigned(2 << (head - 0xDE)), depth)
	return _fail(ProtocolError.EXT_TYPE, "an extension type; none is allowed")


## The next 1, 2 or 4 bytes as a number; 0 if they are not there.
func _unsigned(width: int) -> int:
	if not _has(width):
		return 0
	match width:
		1:
			return _stream.get_u8()
		2:
			return _stream.get_u16()
	return _stream.get_u32()


func _long(is_signed: bool) -> Variant:
	if not _has(8):
		return null
	# An unsigned number from 2^63 on reads as a negative one here.
	var number := _stream.get_64()
	var least := -Limits.LARGEST_INTEGER if is_signed else 0
	if number < least or number > Limits.LARGEST_INTEGER:
		return _fail(ProtocolError.OUT_OF_RANGE, "expected an integer within ±(2^53 - 1)")
	return number


func _real(is_single: bool) -> Variant:
	if not _has(4 if is_single else 8):
		return null
	var number := _stream.get_float() if is_single else _stream.get_double()
	if not is_finite(number):
		return _fail(ProtocolError.NOT_FINITE, "expected a finite number")
	return number


func _text(count: int) -> Variant:
	var bytes: Variant = _bytes(count)
	if error != null:
		return null
	if (bytes as PackedByteArray).has(0):
		return _fail(ProtocolError.BAD_VALUE, "expected texts without U+0000")
	var text: Variant = Utf8.decode(bytes)
	if text == null:
		return _fail(ProtocolError.BAD_UTF8, "a text that is not UTF-8")
	return text


func _bytes(count: int) -> Variant:
	if not _has(count):
		return null
	var start := _stream.get_position()
	_stream.seek(start + count)
	return _data.slice(start, start + count)


func _list(count: int, depth: int) -> Variant:
	if not _may_open(count, depth):
		return null
	var items := []
	for i in count:
		items.append(_next(depth + 1))
		if error != null:
			return null
	return items


func _map(count: int, depth: int) -> Variant:
	if not _may_open(count, depth):
		return null
	var pairs := {}
	for i in count:
		var key: Variant = _next(depth + 1)
		if error != null:
			return null
		if not key is String:
			return _fail(ProtocolError.BAD_KEY, "expected texts as keys")
		if pairs.has(key):
			return _fail(ProtocolError.DUPLICATE_KEY, "a key stands twice in one map")
		pairs[key] = _next(depth + 1)
		if error != null:
			return null
	return pairs


## Checks a count before memory is taken for it: each item takes at least a byte of what is left.
func _may_open(count: int, depth: int) -> bool:
	if depth > Limits.DEEPEST and error == null:
		_fail(ProtocolError.TOO_DEEP, "expected at most %d levels" % Limits.DEEPEST)
	return _has(count)


func _has(count: int) -> bool:
	if error == null and count > _stream.get_available_bytes():
		_fail(ProtocolError.TRUNCATED, "ends inside a value")
	return error == null


func _fail(code: String, text: String) -> Variant:
	error = ProtocolError.new(code, "header: " + text)
	return null
