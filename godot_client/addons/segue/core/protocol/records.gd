extends RefCounted
## Reads decoded maps by the message tables, and makes plain maps of records again.
##
## A record is a Dictionary with all fields of its table, in its order: those absent have their
## default, or null if they have none. `error` is set at the first mistake; every function returns
## null from then on.

const ProtocolError := preload("protocol_error.gd")
const Limits := preload("limits.gd")
const Tables := preload("message_tables.gd")

const _NAME := {"kind": "text", "least": 1, "most": Limits.NAME_BYTES}
const _LARGEST_REAL := float(Limits.LARGEST_INTEGER)
const _VALUES: Dictionary = {
	TYPE_BOOL: {"kind": "boolean"},
	TYPE_INT: {"kind": "integer", "low": -Limits.LARGEST_INTEGER, "high": Limits.LARGEST_INTEGER},
	TYPE_FLOAT: {"kind": "real", "low": -_LARGEST_REAL, "high": _LARGEST_REAL},
	TYPE_STRING: {"kind": "text", "most": Limits.NAME_BYTES},
}

var error: ProtocolError


## The record of a table in a map of plain values. Unknown names are ignored.
func read(table: String, map: Dictionary, path: String = "") -> Variant:
	var record := {}
	for field: Dictionary in Tables.RECORDS[table]:
		var name: String = field["name"]
		if map.has(name):
			record[name] = _value(field, map[name], path + name)
		elif field.get("required", false):
			_fail(ProtocolError.MISSING_FIELD, path + name, "expected, not there")
		else:
			record[name] = field.get("default")
		if error != null:
			return null
	return record


## A record as plain values: optional fields that hold their default are left out.
static func plain(table: String, record: Dictionary) -> Dictionary:
	var map := {}
	for field: Dictionary in Tables.RECORDS[table]:
		var value: Variant = record[field["name"]]
		if field.get("required", false) or value != field.get("default"):
			map[field["name"]] = _plain_value(field, value)
	return map


static func _plain_value(kind: Dictionary, value: Variant) -> Variant:
	match kind["kind"]:
		"record":
			return plain(kind["record"], value)
		"list":
			return (value as Array).map(
				func(item: Variant) -> Variant: return _plain_value(kind["of"], item)
			)
	return value


func _value(kind: Dictionary, value: Variant, path: String) -> Variant:
	match kind["kind"]:
		"integer":
			return _integer(kind, value, path)
		"real":
			return _real(kind, value, path)
		"boolean":
			return value if _is(value, TYPE_BOOL, path) else null
		"text":
			return _text(kind, value, path)
		"word":
			return _word(kind, value, path)
		"bytes":
			return _bytes(kind, value, path)
		"value":
			return _any(value, path)
		"list":
			return _list(kind, value, path)
		"map":
			return _map(kind, value, path)
	return read(kind["record"], value, path + ".") if _is(value, TYPE_DICTIONARY, path) else null


func _integer(kind: Dictionary, value: Variant, path: String) -> Variant:
	# Languages with one type of numbers send whole numbers as reals.
	if value is float and value == floorf(value):
		if not _in_range(value, kind["low"], kind["high"], path):
			return null
		value = int(value)
	if not _is(value, TYPE_INT, path) or not _in_range(value, kind["low"], kind["high"], path):
		return null
	if value % kind.get("step", 1) != 0:
		return _fail(ProtocolError.OUT_OF_RANGE, path, "expected a multiple of %d" % kind["step"])
	return value


func _real(kind: Dictionary, value: Variant, path: String) -> Variant:
	if not value is int and not _is(value, TYPE_FLOAT, path):
		return null
	if not is_finite(value):
		return _fail(ProtocolError.NOT_FINITE, path, "expected a finite number")
	if not _in_range(value, kind["low"], kind["high"], path):
		return null
	return float(value)


func _text(kind: Dictionary, value: Variant, path: String) -> Variant:
	if not _is(value, TYPE_STRING, path):
		return null
	var length := (value as String).to_utf8_buffer().size()
	return value if _in_range(length, kind.get("least", 0), kind["most"], path) else null


func _word(kind: Dictionary, value: Variant, path: String) -> Variant:
	if not _is(value, TYPE_STRING, path):
		return null
	if not value in kind["words"]:
		return _fail(ProtocolError.BAD_VALUE, path, "expected one of %s" % ", ".join(kind["words"]))
	return value


func _bytes(kind: Dictionary, value: Variant, path: String) -> Variant:
	if not _is(value, TYPE_PACKED_BYTE_ARRAY, path):
		return null
	var length := (value as PackedByteArray).size()
	return value if _in_range(length, kind.get("least", 0), kind["most"], path) else null


func _any(value: Variant, path: String) -> Variant:
	if not _VALUES.has(typeof(value)):
		return _fail(ProtocolError.WRONG_TYPE, path, "expected a number, a boolean or a text")
	return _value(_VALUES[typeof(value)], value, path)


func _list(kind: Dictionary, value: Variant, path: String) -> Variant:
	if not _is(value, TYPE_ARRAY, path):
		return null
	if not _in_range((value as Array).size(), kind.get("least", 0), kind["most"], path):
		return null
	var items := []
	for item: Variant in value:
		items.append(_value(kind["of"], item, path))
		if error != null:
			return null
	return items


func _map(kind: Dictionary, value: Variant, path: String) -> Variant:
	if not _is(value, TYPE_DICTIONARY, path):
		return null
	if not _in_range((value as Dictionary).size(), 0, kind["most"], path):
		return null
	var map := {}
	for name: Variant in value:
		if _text(_NAME, name, path) != null:
			map[name] = _value(kind["of"], value[name], path)
		if error != null:
			return null
	return map


func _is(value: Variant, type: int, path: String) -> bool:
	if typeof(value) != type:
		var got := type_string(typeof(value))
		_fail(ProtocolError.WRONG_TYPE, path, "expected %s, got %s" % [type_string(type), got])
	return error == null


func _in_range(number: Variant, low: Variant, high: Variant, path: String) -> bool:
	if number < low or number > high:
		var shown := [low, high, number].map(_bound)
		_fail(ProtocolError.OUT_OF_RANGE, path, "expected %s to %s, got %s" % shown)
	return error == null


## A number as PROTOCOL.md writes its bounds.
static func _bound(number: Variant) -> String:
	if absf(number) == _LARGEST_REAL:
		return "-(2^53 - 1)" if number < 0 else "(2^53 - 1)"
	return str(number)


func _fail(code: String, path: String, text: String) -> Variant:
	error = ProtocolError.new(code, "%s: %s" % [path, text])
	return null
