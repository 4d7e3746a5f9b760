extends RefCounted
## The conditions of a baked soundtrack in one frame (the rules' SEMANTICS 3 and 4).

const BakedInputs := preload("baked_inputs.gd")

## A stay that lasts.
const STILL := 1 << 40

var _inputs: BakedInputs
var _latch_rules: Array
var _counter_rules: Array
var _stay_rules: Array
var _frame := 0
var _active: Array[int] = []
var _latches: Array[bool] = []
var _counts: Array[int] = []
var _left: Array[int] = []


func _init(manifest: Dictionary, inputs: BakedInputs) -> void:
	_inputs = inputs
	_latch_rules = manifest["latches"]
	_counter_rules = manifest["counters"]
	_stay_rules = manifest["stays"]
	reset()


## Forgets what was counted and latched.
func reset() -> void:
	_latches.resize(_latch_rules.size())
	_latches.fill(false)
	_counts.resize(_counter_rules.size())
	_counts.fill(0)
	_left.resize(_stay_rules.size())
	_left.fill(BakedInputs.NEVER)


## Goes on to a frame, whose inputs have moved. active: the states of the layers in the frame
## before, by index.
func step(frame: int, active: Array[int]) -> void:
	_frame = frame
	_active = active
	for i in _counts.size():
		var after := int(_counter_rules[i][1])
		if after >= 0 and _inputs.values[after]:
			_counts[i] = 0
		if _inputs.values[int(_counter_rules[i][0])]:
			_counts[i] += 1
	for i in _left.size():
		if holds(_stay_rules[i]):
			_left[i] = STILL
		elif _left[i] == STILL:
			_left[i] = frame
	var before := _latches.duplicate()
	for i in before.size():
		var is_set := holds(_latch_rules[i][0])
		_latches[i] = is_set or (before[i] and not holds(_latch_rules[i][1]))


## Whether a condition of the manifest holds in this frame.
func holds(condition: Array) -> bool:
	match condition[0]:
		"compare":
			return _compare(_inputs.values[int(condition[1])], condition[2], condition[3])
		"one_of":
			return _inputs.values[int(condition[1])] in (condition[2] as Array)
		"latch":
			return _latches[int(condition[1])]
		"in":
			return float(_active[int(condition[1])]) in (condition[2] as Array)
		"fired":
			return _frame - _inputs.since[int(condition[1])] < int(condition[2])
		"counted":
			return _compare(_counts[int(condition[1])], condition[2], condition[3])
		"lately":
			return _frame - _left[int(condition[1])] < int(condition[2])
		"all":
			return condition.slice(1).all(holds)
		"any":
			return condition.slice(1).any(holds)
	return not holds(condition[1])


static func _compare(value: Variant, op: String, other: Variant) -> bool:
	match op:
		"==":
			return value == other
		"!=":
			return value != other
		"<":
			return value < other
		"<=":
			return value <= other
		">":
			return value > other
	return value >= other
