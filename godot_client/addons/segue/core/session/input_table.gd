extends RefCounted
## Checks what a game sets and fires against the inputs that the rules declare.
##
## A function that finds a mistake sets `error` and returns null; a good call clears it.

const InputError := preload("input_error.gd")
const Limits := preload("../protocol/limits.gd")
const SimilarNames := preload("similar_names.gd")

## Names listed in an error's text.
const _MOST_LISTED := 12
const _EXCERPT := 48

## What was wrong with the last call; null: nothing.
var error: InputError

var _inputs := {}


## inputs: the records `Input` of a declaration.
func _init(inputs: Array) -> void:
	for input: Dictionary in inputs:
		_inputs[input["name"]] = input


## The value converted to the input's type: a float for a number, an int for an integer, else a bool
## or a String. A number beyond its range stays: the service clamps it and says so in the receipt.
func value(name: String, given: Variant) -> Variant:
	error = null
	var spec := _find(name)
	if error != null:
		return null
	if spec["type"] == "trigger":
		return _fail(
			"not_settable", "input '%s' is a trigger, which has no value; call fire" % name
		)
	var plain: Variant = plain_value(name, given)
	if error != null:
		return null
	match spec["type"]:
		"flag":
			return plain if plain is bool else _wrong(name, "true or false", given)
		"choice":
			return _choice(spec, plain)
		"number":
			return float(plain) if _is_number(plain) else _wrong(name, "a number", given)
		"integer":
			var is_whole := _is_number(plain) and float(plain) == floorf(float(plain))
			return int(plain) if is_whole else _wrong(name, "a whole number", given)
	# A type that only a later service knows: it checks the value itself.
	return plain


## The name of a trigger, checked.
func trigger(name: String) -> Variant:
	error = null
	var spec := _find(name)
	if error != null:
		return null
	if spec["type"] != "trigger":
		return _fail(
			"not_a_trigger",
			"input '%s' is a %s, not a trigger; call set_input" % [name, spec["type"]]
		)
	return name


## The values that fit these rules, in the order of the declaration.
func fitting(values: Dictionary) -> Dictionary:
	var fit := {}
	for name: String in _inputs:
		if values.has(name):
			var converted: Variant = value(name, values[name])
			if error == null:
				fit[name] = converted
	return fit


## The parts `set` and `fire` of an event that fit these rules, and as `refused` the [name, error]
## of each that does not.
func checked(item: Dictionary) -> Dictionary:
	var fit := {"set": {}, "fire": [], "refused": []}
	for name: String in item["set"]:
		var converted: Variant = value(name, item["set"][name])
		if error == null:
			fit["set"][name] = converted
		else:
			fit["refused"].append([name, error])
	for name: String in item["fire"]:
		trigger(name)
		if error == null:
			fit["fire"].append(name)
		else:
			fit["refused"].append([name, error])
	error = null
	return fit


## A value that a message can carry, before its input is known.
func plain_value(name: String, given: Variant) -> Variant:
	match typeof(given):
		TYPE_BOOL:
			return given
		TYPE_STRING, TYPE_STRING_NAME:
			return _text(name, String(given))
		TYPE_INT, TYPE_FLOAT:
			return _number(name, given)
	return _wrong(name, "a boolean, a number or a text", given)


## The name of an input before the rules are known.
func plain_name(name: String) -> Variant:
	error = null
	var size := name.to_utf8_buffer().size()
	if size < 1 or size > Limits.NAME_BYTES:
		return _fail(
			"out_of_range", "expected a name of 1 to %d bytes, got %d" % [Limits.NAME_BYTES, size]
		)
	return name


func _text(name: String, text: String) -> Variant:
	var size := text.to_utf8_buffer().size()
	if size > Limits.NAME_BYTES:
		return _fail(
			"out_of_range",
			"input '%s': expected at most %d bytes, got %d" % [name, Limits.NAME_BYTES, size]
		)
	return text


func _number(name: String, number: Variant) -> Variant:
	if number is float and not is_finite(number):
		return _fail(
			"not_finite",
			"input '%s' takes finite numbers; check for a division by zero before it" % name
		)
	if number < -Limits.LARGEST_INTEGER or number > Limits.LARGEST_INTEGER:
		return _fail("out_of_range", "input '%s': expected a number within ±(2^53 - 1)" % name)
	return number


func _is_number(plain: Variant) -> bool:
	return plain is int or plain is float


func _choice(spec: Dictionary, plain: Variant) -> Variant:
	var options: Array = spec["of"]
	if not plain is String:
		return _wrong(spec["name"], "one of %s" % _listed(options), plain)
	if plain in options:
		return plain
	var close := SimilarNames.closest(plain, options)
	return _fail(
		"unknown_choice",
		(
			"input '%s' takes one of %s, got '%s'%s"
			% [
				spec["name"],
				_listed(options),
				String(plain).left(_EXCERPT),
				"" if close.is_empty() else "; did you mean '%s'?" % close,
			]
		)
	)


func _find(name: String) -> Dictionary:
	if _inputs.has(name):
		return _inputs[name]
	var close := SimilarNames.closest(name, _inputs.keys())
	var hint := "did you mean '%s'?" % close
	if close.is_empty():
		hint = "they declare %s" % ("none" if _inputs.is_empty() else _listed(_inputs.keys()))
	_fail("unknown_input", "the rules declare no input '%s'; %s" % [name.left(_EXCERPT), hint])
	return {}


func _wrong(name: String, expected: String, given: Variant) -> Variant:
	return _fail(
		"wrong_type",
		(
			"input '%s' takes %s, got %s of type %s"
			% [name, expected, str(given).left(_EXCERPT), type_string(typeof(given))]
		)
	)


func _listed(names: Array) -> String:
	var listed := ", ".join(names.slice(0, _MOST_LISTED))
	if names.size() > _MOST_LISTED:
		listed += " and %d more" % (names.size() - _MOST_LISTED)
	return listed


func _fail(code: String, text: String) -> Variant:
	error = InputError.new(code, text)
	return null
