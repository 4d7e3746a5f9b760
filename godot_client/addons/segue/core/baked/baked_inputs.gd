extends RefCounted
## The inputs of a baked soundtrack: what the game has set and fired, and numbers on their way
## (the rules' SEMANTICS 1 and 2).

const FRAME_RATE := 25.0

## Before all frames.
const NEVER := -(1 << 40)

## In this frame, of each input; of a trigger whether it is fired.
var values: Array = []

## Of each input, the frame in which its target was set, or in which it was fired last.
var since: Array[int] = []

var _declared: Array
var _index := {}
var _origins: Array = []
var _targets: Array = []
## By input: the frame in which its timer began.
var _timers := {}


## inputs: of the manifest.
func _init(inputs: Array) -> void:
	_declared = inputs
	for i in inputs.size():
		_index[inputs[i]["name"]] = i
	reset(0)


## Sets every input to its default; no trigger was ever fired.
func reset(frame: int) -> void:
	values.resize(_declared.size())
	since.resize(_declared.size())
	_origins.resize(_declared.size())
	_targets.resize(_declared.size())
	for i in _declared.size():
		var is_trigger: bool = _declared[i]["type"] == "trigger"
		since[i] = NEVER if is_trigger else frame
		_targets[i] = false if is_trigger else _typed(i, _declared[i]["default"])
		_origins[i] = _targets[i]
		values[i] = _targets[i]
		if is_trigger and _declared[i]["every"] != null:
			_timers[i] = frame


## Sets an input, whose value was checked, in a frame.
func set_value(name: String, value: Variant, frame: int) -> void:
	var i: int = _index[name]
	var target: Variant = _typed(i, value)
	if target == _targets[i]:
		return
	_origins[i] = _value(i, frame)
	_targets[i] = target
	since[i] = frame


## Fires a trigger in a frame.
func fire(name: String, frame: int) -> void:
	since[_index[name]] = frame


## Moves everything to a frame, whose events have been taken.
func step(frame: int) -> void:
	for i: int in _timers:
		var is_fired := since[i] == frame
		if not is_fired and frame - int(_timers[i]) >= int(_declared[i]["every"]):
			since[i] = frame
			is_fired = true
		if is_fired:
			_timers[i] = frame
	for i in _declared.size():
		values[i] = _value(i, frame)


## The value that the game has set, or the default; null for what is no input with a value.
func target_of(name: String) -> Variant:
	var i: int = _index.get(name, -1)
	return null if i < 0 or _declared[i]["type"] == "trigger" else _targets[i]


func _value(i: int, frame: int) -> Variant:
	var declared: Dictionary = _declared[i]
	if declared["type"] == "trigger":
		return since[i] == frame
	if declared["type"] != "number" or _origins[i] == _targets[i]:
		return _targets[i]
	var origin: float = _origins[i]
	var target: float = _targets[i]
	var rate: Variant = declared["rise"] if target > origin else declared["fall"]
	if rate == null:
		return target
	var distance := float(rate) * (frame - since[i]) / FRAME_RATE
	if target > origin:
		return minf(origin + distance, target)
	return maxf(origin - distance, target)


func _typed(i: int, value: Variant) -> Variant:
	var declared: Dictionary = _declared[i]
	match declared["type"]:
		"number":
			return clampf(float(value), declared["low"], declared["high"])
		"integer":
			return clampi(int(value), int(declared["low"]), int(declared["high"]))
		"flag":
			return bool(value)
	return value
