extends RefCounted
## ZMTP frames to bytes and back: rfc.zeromq.org 37, "Framing". Bytes come in pieces of any size.
##
## A frame that is too long is refused from its header, before its body is stored.

const FLAG_MORE := 1
const FLAG_LONG := 2
const FLAG_COMMAND := 4

## Longest body of a command, in bytes.
const COMMAND_BYTES := 1024

const _SHORT_BODY := 255
const _SHORT_HEADER := 2
const _LONG_HEADER := 9

## What was wrong with the bytes; empty: nothing. Nothing is read after it.
var error: String = ""

var _data := PackedByteArray()
var _at := 0


## Adds received bytes.
func feed(bytes: PackedByteArray) -> void:
	if _at > 0:
		_data = _data.slice(_at)
		_at = 0
	_data.append_array(bytes)


## Removes the first `count` bytes and returns them; empty if fewer are there.
func take(count: int) -> PackedByteArray:
	if _data.size() - _at < count:
		return PackedByteArray()
	_at += count
	return _data.slice(_at - count, _at)


## The bytes that wait, none removed; at most `most`.
func peek(most: int) -> PackedByteArray:
	return _data.slice(_at, mini(_data.size(), _at + most))


## The next whole frame as [flags, body]; empty: it is not there yet, or `error` is set.
## longest: the most bytes that a body may have which is no command's.
func next(longest: int) -> Array:
	var left := _data.size() - _at
	if not error.is_empty() or left < 1:
		return []
	var flags := _data[_at]
	if flags & ~7 or (flags & FLAG_COMMAND and flags & FLAG_MORE):
		return _fail("a frame with flags %d" % flags)
	var header := _LONG_HEADER if flags & FLAG_LONG else _SHORT_HEADER
	if left < header:
		return []
	var size := _data[_at + 1]
	if flags & FLAG_LONG:
		for i in range(2, _LONG_HEADER):
			# However great the number, it stays one that is too great.
			size = mini(1 << 32, (size << 8) | _data[_at + i])
	var most := COMMAND_BYTES if flags & FLAG_COMMAND else longest
	if size > most:
		return _fail("a frame of more than %d bytes" % most)
	if left < header + size:
		return []
	_at += header + size
	return [flags, _data.slice(_at - size, _at)]


## The bytes of a frame. flags: FLAG_MORE or FLAG_COMMAND; the length's own flag is added.
static func frame(flags: int, body: PackedByteArray) -> PackedByteArray:
	var bytes := PackedByteArray()
	if body.size() <= _SHORT_BODY:
		bytes.append(flags)
		bytes.append(body.size())
	else:
		bytes.append(flags | FLAG_LONG)
		for shift: int in [56, 48, 40, 32, 24, 16, 8, 0]:
			bytes.append((body.size() >> shift) & 0xFF)
	bytes.append_array(body)
	return bytes


func _fail(text: String) -> Array:
	error = text
	_data.clear()
	_at = 0
	return []
