extends SceneTree
## Runs vector files, and messages made here, through the codec:
## `godot --headless --script run_vectors.gd -- FILE...`.
## Prints each failure, then `N passed, M failed`.

const Codec := preload("res://addons/segue/core/protocol/codec.gd")
const Message := preload("res://addons/segue/core/protocol/message.gd")
const Records := preload("res://addons/segue/core/protocol/records.gd")
const Vector := preload("res://vector.gd")

## Values of an input that no bytes could hold, and the codes they are refused with.
const CONSTRUCTED: Dictionary = {
	1 << 53: "out_of_range",
	-(1 << 53): "out_of_range",
	float(1 << 53): "out_of_range",
	1e300: "out_of_range",
	NAN: "not_finite",
	null: "wrong_type",
	Vector2.ZERO: "wrong_type",
	[]: "wrong_type",
}


func _init() -> void:
	var failed := _faults_of_construction()
	var passed := CONSTRUCTED.size() + 1 - failed
	for file: String in OS.get_cmdline_user_args():
		var json: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(file))
		if not json.has("segue_vectors"):
			# Another kind of file: zmtp.json is no matter of a codec.
			continue
		for each: Dictionary in json["vectors"]:
			var vector := Vector.new(each)
			var fault := _fault_of(vector)
			if fault.is_empty():
				passed += 1
			else:
				failed += 1
				print("%s: %s: %s" % [file.get_file(), vector.name, fault])
	print("%d passed, %d failed" % [passed, failed])
	quit(0 if failed == 0 and passed > CONSTRUCTED.size() + 1 else 1)


## Messages that a game could make and no bytes could hold: refused when they are made.
func _faults_of_construction() -> int:
	var failed := 0
	for value: Variant in CONSTRUCTED:
		var message: Message = Message.of(
			"event", {"events": [{"seq": 1, "at": 0, "set": {"threat": value}}]}
		)
		var code := "none" if message.error == null else message.error.code
		if code != CONSTRUCTED[value]:
			failed += 1
			print("construction: %s: expected %s, got %s" % [value, CONSTRUCTED[value], code])
	var errors := {"errors": range(256).map(func(_i: int) -> String: return "a".repeat(1024))}
	if not Codec.encode(Message.of("rules", errors)).is_empty():
		failed += 1
		print("construction: expected no parts for a header that is too large")
	return failed


## What is wrong with the codec's answer to a vector; empty: nothing.
func _fault_of(vector: Vector) -> String:
	var message := Codec.decode(vector.parts)
	if message.error != null:
		return _fault_of_refusal(vector, message)
	if not vector.is_accepted:
		return "expected %s, got %s" % [vector.code if vector.code else "an error", message.type]
	if message.type != vector.type:
		return "expected type %s, got %s" % [vector.type, message.type]
	if not Vector.same(Records.plain(message.type, message.fields), vector.fields):
		return "decoded to another value"
	return _fault_of_encoding(vector, message)


func _fault_of_refusal(vector: Vector, message: Message) -> String:
	if vector.is_accepted:
		return "expected %s, got %s: %s" % [vector.type, message.error.code, message.error.text]
	if vector.code.is_empty() or vector.code == message.error.code:
		return ""
	return "expected %s, got %s: %s" % [vector.code, message.error.code, message.error.text]


## Both the decoded message and one built from the vector's value must give the one encoding.
func _fault_of_encoding(vector: Vector, message: Message) -> String:
	if vector.encoded == null:
		return ""
	var expected := vector.parts.duplicate()
	expected[0] = vector.encoded
	if Codec.encode(message) != expected:
		return "decoded and encoded again: other bytes"
	var built: Message = Message.of(vector.type, vector.fields, message.payload)
	if built.error != null or Codec.encode(built) != expected:
		return "built from its value: other bytes"
	return ""
