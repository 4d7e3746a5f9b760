extends RefCounted
## One layer of a baked soundtrack: which of its states is active, and which change waits for its
## boundary (the rules' SEMANTICS 5 to 8).

const BakedConditions := preload("baked_conditions.gd")
const BakedInputs := preload("baked_inputs.gd")
const MusicalClock := preload("musical_clock.gd")

const _NONE := -1

## The active state, by index.
var active := 0

var _states: Array
var _rows: Array
var _row_of: Array
var _default: int
var _conditions: BakedConditions
var _holds: Array[bool] = []
var _since: Array[int] = []
var _cooldowns: Array[int] = []
var _vetoes: Array[bool] = []
var _entered := BakedInputs.NEVER
var _pending := _NONE
var _decided := 0
var _frame := 0
var _tempo := 1
var _meter := 1


func _init(layer: Dictionary, rows: Array, conditions: BakedConditions) -> void:
	_states = layer["states"]
	_row_of = layer["rows"]
	_rows = rows
	_default = int(layer["default"])
	_conditions = conditions
	reset()


## The default state, as if it had always been active.
func reset() -> void:
	active = _default
	_entered = BakedInputs.NEVER
	_pending = _NONE
	_holds.resize(_states.size())
	_holds.fill(false)
	_since.resize(_states.size())
	_since.fill(BakedInputs.NEVER)
	_cooldowns.resize(_states.size())
	_cooldowns.fill(BakedInputs.NEVER)
	_vetoes.resize(_states.size())


## What the layer remembers; [method restore] takes it back.
func memory() -> Array:
	return [
		active,
		_entered,
		_pending,
		_decided,
		_holds.duplicate(),
		_since.duplicate(),
		_cooldowns.duplicate()
	]


## Goes back to a [method memory].
func restore(memory_of: Array) -> void:
	active = memory_of[0]
	_entered = memory_of[1]
	_pending = memory_of[2]
	_decided = memory_of[3]
	_holds = memory_of[4]
	_since = memory_of[5]
	_cooldowns = memory_of[6]


## Decides in a frame. The row by which a change starts in it, by index; -1: none does.
func step(frame: int, clock: MusicalClock, tempo: int, meter: int) -> int:
	_frame = frame
	_tempo = tempo
	_meter = meter
	for i in _states.size():
		var state: Dictionary = _states[i]
		_vetoes[i] = state["unless"] != null and _conditions.holds(state["unless"])
		var is_true: bool = state["when"] == null or _conditions.holds(state["when"])
		if (is_true and not _vetoes[i]) != _holds[i]:
			_holds[i] = not _holds[i]
			_since[i] = frame
	var winner := _winner()
	if winner == active:
		_pending = _NONE
		return _NONE
	if winner != _pending:
		_pending = winner
		_decided = frame
	var index := int(_row_of[active][winner])
	if not _is_reached(_rows[index], clock):
		return _NONE
	if not _is_eligible(active):
		_cooldowns[active] = frame + _frames(_states[active]["cooldown"])
	active = winner
	_entered = frame
	_pending = _NONE
	return index


func _winner() -> int:
	if _states[active]["resist"] and not _vetoes[active] and _lasts():
		return active
	var best := _default
	for i in _states.size():
		if i == _default or not _is_eligible(i):
			continue
		var is_higher: bool = best == _default or _states[i]["priority"] > _states[best]["priority"]
		var is_tied: bool = best != _default and _states[i]["priority"] == _states[best]["priority"]
		if is_higher or (is_tied and i == active):
			best = i
	return best


func _is_eligible(i: int) -> bool:
	if i == _default:
		return true
	var state: Dictionary = _states[i]
	if i != active:
		var has_lasted := _frame - _since[i] >= _frames(state["attack"])
		return _holds[i] and has_lasted and _frame >= _cooldowns[i]
	if _vetoes[i]:
		return false
	return _holds[i] or _frame - _since[i] < _frames(state["hold"]) or _lasts()


func _lasts() -> bool:
	return _frame - _entered < _frames(_states[active]["min_time"])


func _is_reached(row: Dictionary, clock: MusicalClock) -> bool:
	if row["max_wait"] != null and _frame - _decided >= _frames(row["max_wait"]):
		return true
	return clock.line_in(row["at"]) >= 0


func _frames(length: Variant) -> int:
	return MusicalClock.frames(length, _tempo, _meter)
