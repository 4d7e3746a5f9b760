extends RefCounted
## What PROTOCOL.md section 5 says of several fields of a message together, and of a payload and
## its header.

const ProtocolError := preload("protocol_error.gd")
const Limits := preload("limits.gd")
const Tables := preload("message_tables.gd")


## The error of a record whose fields contradict one another, or null.
## payload: a PackedByteArray, or null.
static func fault_of(type: String, record: Dictionary, payload: Variant) -> ProtocolError:
	if payload != null and not Tables.PAYLOADS.has(type):
		return ProtocolError.new(ProtocolError.PAYLOAD_MISMATCH, "payload: %s has none" % type)
	match type:
		"hello":
			return _at_most_one(record, "rules_text", "rules_name")
		"event":
			return _growing(record["events"], "seq", 0, "events: expected growing seq")
		"playhead":
			var ordered: bool = (
				record["played"] <= record["committed"] and record["committed"] <= record["have"]
			)
			return _unless(ordered, "playhead: expected played <= committed <= have")
		"restore":
			return _at_most_one(record, "blob", "cell")
		"control":
			return _control_fault(record)
		"rules":
			var one: bool = (record["declaration"] == null) != record["errors"].is_empty()
			return _unless(one, "rules: expected either declaration or errors")
		"chunk":
			return _samples_fault(record, payload)
		"clock":
			return _clock_fault(record)
		"stinger":
			return _stinger_fault(record, payload)
	return null


static func _at_most_one(record: Dictionary, one: String, other: String) -> ProtocolError:
	var holds: bool = record[one] == null or record[other] == null
	return _unless(holds, "expected at most one of %s, %s" % [one, other])


static func _growing(items: Array, field: String, above: int, expected: String) -> ProtocolError:
	for item: Dictionary in items:
		if item[field] <= above:
			return ProtocolError.new(ProtocolError.BAD_VALUE, expected)
		above = item[field]
	return null


static func _control_fault(record: Dictionary) -> ProtocolError:
	var needed := {"volume": "gain_db", "generator": "generator"}
	var op: String = record["op"]
	if needed.has(op) and record[needed[op]] == null:
		return ProtocolError.new(
			ProtocolError.MISSING_FIELD, "control: %s needs %s" % [op, needed[op]]
		)
	if op == "rules":
		var one: bool = (record["rules_text"] == null) != (record["rules_name"] == null)
		return _unless(one, "control: expected exactly one of rules_text, rules_name")
	return null


static func _clock_fault(record: Dictionary) -> ProtocolError:
	var expected := "clock: expected growing beats within [start, end)"
	var beats: Array = record["beats"]
	var last: int = record["start"] if beats.is_empty() else beats[-1]["at"]
	if last >= record["end"]:
		return ProtocolError.new(ProtocolError.BAD_VALUE, expected)
	return _growing(beats, "at", record["start"] - 1, expected)


static func _stinger_fault(record: Dictionary, payload: Variant) -> ProtocolError:
	if record["kind"] != "placed":
		if payload != null:
			return ProtocolError.new(
				ProtocolError.PAYLOAD_MISMATCH, "payload: stinger %s has none" % record["kind"]
			)
		return null
	if record["total"] < 1 or record["offset"] + record["count"] > record["total"]:
		return ProtocolError.new(
			ProtocolError.OUT_OF_RANGE, "stinger: expected 1 <= total and offset + count <= total"
		)
	# Without samples: the service has mixed it into its chunks.
	if record["count"] == 0 and payload == null:
		return null
	return _samples_fault(record, payload)


static func _samples_fault(record: Dictionary, payload: Variant) -> ProtocolError:
	var expected: int = (
		record["count"] * Limits.CHANNELS * (4 if record["format"] == "f32le" else 2)
	)
	var got: int = -1 if payload == null else payload.size()
	if got != expected:
		return ProtocolError.new(
			ProtocolError.PAYLOAD_MISMATCH, "payload: expected %d bytes, got %d" % [expected, got]
		)
	return null


static func _unless(holds: bool, expected: String) -> ProtocolError:
	return null if holds else ProtocolError.new(ProtocolError.BAD_VALUE, expected)
