extends RefCounted
## Writes the one encoding of a value: shortest integers and lengths, reals as float64, keys in the
## order given: PROTOCOL.md section 2.3.

var _stream := StreamPeerBuffer.new()


func _init() -> void:
	_stream.big_endian = true


## value: null, bool, int, float, String, PackedByteArray, or an Array or Dictionary of these.
static func pack(value: Variant) -> PackedByteArray:
	var packer := new()
	packer._put(value)
	return packer._stream.data_array


func _put(value: Variant) -> void:
	match typeof(value):
		TYPE_NIL:
			_stream.put_u8(0xC0)
		TYPE_BOOL:
			_stream.put_u8(0xC3 if value else 0xC2)
		TYPE_INT:
			_put_integer(value)
		TYPE_FLOAT:
			_stream.put_u8(0xCB)
			_stream.put_double(value)
		TYPE_STRING:
			_put_text(value)
		TYPE_PACKED_BYTE_ARRAY:
			_put_bytes(value)
		TYPE_ARRAY:
			_put_list(value)
		TYPE_DICTIONARY:
			_put_map(value)
		_:
			assert(false, "packer: no MessagePack for %s" % type_string(typeof(value)))


func _put_text(text: String) -> void:
	var bytes := text.to_utf8_buffer()
	_put_head(bytes.size(), 0xA0, 32, 0xD9, 0xDA)
	_stream.put_data(bytes)


func _put_bytes(bytes: PackedByteArray) -> void:
	_put_head(bytes.size(), 0, 0, 0xC4, 0xC5)
	_stream.put_data(bytes)


func _put_list(items: Array) -> void:
	_put_head(items.size(), 0x90, 16, 0, 0xDC)
	for item: Variant in items:
		_put(item)


func _put_map(map: Dictionary) -> void:
	_put_head(map.size(), 0x80, 16, 0, 0xDE)
	for key: String in map:
		_put_text(key)
		_put(map[key])


func _put_integer(value: int) -> void:
	if value >= 0:
		_put_positive(value)
	elif value >= -32:
		_stream.put_8(value)
	elif value >= -0x80:
		_stream.put_u8(0xD0)
		_stream.put_8(value)
	elif value >= -0x8000:
		_stream.put_u8(0xD1)
		_stream.put_16(value)
	elif value >= -0x80000000:
		_stream.put_u8(0xD2)
		_stream.put_32(value)
	else:
		_stream.put_u8(0xD3)
		_stream.put_64(value)


func _put_positive(value: int) -> void:
	if value <= 0x7F:
		_stream.put_u8(value)
	elif value <= 0xFF:
		_stream.put_u8(0xCC)
		_stream.put_u8(value)
	elif value <= 0xFFFF:
		_stream.put_u8(0xCD)
		_stream.put_u16(value)
	elif value <= 0xFFFFFFFF:
		_stream.put_u8(0xCE)
		_stream.put_u32(value)
	else:
		_stream.put_u8(0xCF)
		_stream.put_u64(value)


## A length. fix: the head byte that holds lengths below fix_count itself; head8: the one before a
## length in one byte, 0 for none; head16: in two bytes; the next after it: in four.
func _put_head(count: int, fix: int, fix_count: int, head8: int, head16: int) -> void:
	if count < fix_count:
		_stream.put_u8(fix | count)
	elif head8 != 0 and count <= 0xFF:
		_stream.put_u8(head8)
		_stream.put_u8(count)
	elif count <= 0xFFFF:
		_stream.put_u8(head16)
		_stream.put_u16(count)
	else:
		_stream.put_u8(head16 + 1)
		_stream.put_u32(count)
