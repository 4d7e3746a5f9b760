extends RefCounted
## Strict UTF-8: surrogates and overlong forms are errors. The engine's own reader would replace
## them and print.
##
## A Godot String holds no U+0000; the protocol allows none, and who calls this has looked for it.

const _BYTE_ORDER_MARK := [0xEF, 0xBB, 0xBF]

## The least code point of a sequence of 2, 3 and 4 bytes; a smaller one is overlong.
const _LEAST := [0x80, 0x800, 0x10000]


## The String in bytes, or null if they are not UTF-8.
static func decode(bytes: PackedByteArray) -> Variant:
	if not is_valid(bytes):
		return null
	# The engine drops a mark at the start; on the wire it is a character like any other.
	var marks := ""
	while bytes.size() >= 3 and Array(bytes.slice(0, 3)) == _BYTE_ORDER_MARK:
		marks += String.chr(0xFEFF)
		bytes = bytes.slice(3)
	return marks + bytes.get_string_from_utf8()


static func is_valid(bytes: PackedByteArray) -> bool:
	var at := 0
	var count := bytes.size()
	while at < count:
		var head := bytes[at]
		at += 1
		if head < 0x80:
			continue
		var more := 1 if head < 0xE0 else 2 if head < 0xF0 else 3
		if head < 0xC2 or head > 0xF4 or at + more > count:
			return false
		var point := head & (0x3F >> more)
		for i in more:
			if bytes[at + i] & 0xC0 != 0x80:
				return false
			point = (point << 6) | (bytes[at + i] & 0x3F)
		at += more
		if point < _LEAST[more - 1] or point > 0x10FFFF or (point >= 0xD800 and point <= 0xDFFF):
			return false
	return true
