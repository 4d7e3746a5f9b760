extends RefCounted
## One golden vector: engine_sdk/vectors/README.md says what its members mean.

var name: String
var parts: Array[PackedByteArray] = []
var is_accepted: bool
var type: String

## The fields as MessagePack would give them.
var fields: Dictionary

## The code it must be refused with; empty, in the corpus of mutated messages: any.
var code: String

## The header that encoding the message gives; null: not told.
var encoded: Variant


func _init(json: Dictionary) -> void:
	name = json["name"]
	parts.append(raw(json["header"]))
	if json.has("payload"):
		parts.append(raw(json["payload"]))
	is_accepted = json.has("accept")
	if not is_accepted:
		code = json["reject"]
		return
	type = json["accept"]
	fields = plain(json["value"])
	if json.get("canonical", false):
		encoded = parts[0]
	elif json.has("encoded"):
		encoded = raw(json["encoded"])


## Bytes: hex digits, or runs of them.
static func raw(runs: Variant) -> PackedByteArray:
	if runs is String:
		return (runs as String).hex_decode()
	var bytes := PackedByteArray()
	for run: Dictionary in runs:
		var unit := (run["hex"] as String).hex_decode()
		for i in int(run["times"]):
			bytes.append_array(unit)
	return bytes


## A value of the file as MessagePack would give it. The engine's JSON knows no integers: a number
## that equals one is one, since the files mark reals that do.
static func plain(value: Variant) -> Variant:
	if value is float and int(value) == value:
		return int(value)
	if value is Array:
		return (value as Array).map(plain)
	if not value is Dictionary:
		return value
	if value.has("$bytes"):
		return raw(value["$bytes"])
	if value.has("$real"):
		return float(value["$real"])
	if value.has("$real64"):
		return real64(value["$real64"])
	var map := {}
	for key: String in value:
		map[key] = plain(value[key])
	return map


## A real by the hex digits of its float64, the most significant first.
static func real64(digits: String) -> float:
	var bytes := digits.hex_decode()
	bytes.reverse()
	return bytes.decode_double(0)


## Equal in type as well as value, and maps in order.
static func same(left: Variant, right: Variant) -> bool:
	if typeof(left) != typeof(right):
		return false
	if left is Dictionary:
		if left.keys() != right.keys():
			return false
		return left.keys().all(func(key: String) -> bool: return same(left[key], right[key]))
	if left is Array:
		if left.size() != right.size():
			return false
		return range(left.size()).all(func(i: int) -> bool: return same(left[i], right[i]))
	return left == right
