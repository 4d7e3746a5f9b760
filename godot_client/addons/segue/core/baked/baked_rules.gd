extends RefCounted
## The rules of a baked soundtrack, frame by frame: from what the game sets and fires to states, the
## loop that is to play, and stingers. No clock, no sound: equal calls give equal results.

const BakedConditions := preload("baked_conditions.gd")
const BakedInputs := preload("baked_inputs.gd")
const BakedLayer := preload("baked_layer.gd")
const MusicalClock := preload("musical_clock.gd")

const FORMAT := "segue-bake"
const VERSION := 1

## In place of a loop: the rules let the music be silent.
const SILENCE := -1
## In place of a loop: what plays goes on.
const KEEP := -2

const _FIRST_LINE := {"unit": "immediate"}

var clock := MusicalClock.new()

## The next frame.
var frame := 0

## The loop that leads, by index; [constant SILENCE]: none does.
var loop := SILENCE

var _manifest: Dictionary
var _inputs: BakedInputs
var _conditions: BakedConditions
var _layers: Array[BakedLayer] = []
var _stingers: Array = []
var _baked: Array
var _sampled: Array
var _rows: Array


## manifest: one without a [method fault].
func _init(manifest: Dictionary) -> void:
	_manifest = manifest
	_inputs = BakedInputs.new(manifest["inputs"])
	_conditions = BakedConditions.new(manifest, _inputs)
	_rows = manifest["rows"]
	for layer: Dictionary in manifest["layers"]:
		_layers.append(BakedLayer.new(layer, _rows, _conditions))
	_baked = manifest["baked_layers"]
	_sampled = manifest["sampled_inputs"]
	_forget_stingers()
	clock.begin(manifest["loops"][0])


## Why this is no manifest that can be played; empty: it is one.
static func fault(manifest: Variant) -> String:
	if not manifest is Dictionary or manifest.get("format") != FORMAT:
		return "expected the manifest of 'segue bake', got something else"
	if manifest.get("version") != VERSION:
		var came: Variant = manifest.get("version")
		return "expected a bake of version %d, got %s; bake the rules again" % [VERSION, came]
	for key: String in ["inputs", "latches", "counters", "stays", "layers", "rows", "stingers"]:
		if not manifest.get(key) is Array:
			return "the manifest lacks '%s'; bake the rules again" % key
	for key: String in ["baked_layers", "sampled_inputs", "scenes", "loops"]:
		if not manifest.get(key) is Array:
			return "the manifest lacks '%s'; bake the rules again" % key
	if (manifest["loops"] as Array).is_empty():
		return "the manifest has no loop; bake the rules again"
	return ""


## The names of the active states, by layer.
func states() -> Dictionary:
	var found := {}
	for i in _layers.size():
		var layer: Dictionary = _manifest["layers"][i]
		found[layer["name"]] = layer["states"][_layers[i].active]["name"]
	return found


## The value that the game has set, or the default; null for what is no input with a value.
func input_value(name: String) -> Variant:
	return _inputs.target_of(name)


## Plays a frame. events: dictionaries with `reset`, `set` and `fire`, whose values were checked.
## Returns `changes`, of each its `layer`, `from` and `to`; `loop`, the change of the loop or null;
## `stingers` that start, of each its `index` and its `offset` in samples; `beat`, null or the
## `offset`, `bar` and `beat` of the one in the frame.
func step(events: Array) -> Dictionary:
	for event: Dictionary in events:
		_take(event)
	_inputs.step(frame)
	var active: Array[int] = []
	for layer in _layers:
		active.append(layer.active)
	_conditions.step(frame, active)
	if frame == 0:
		_begin()
	var started := _step_layers(clock.tempo, clock.meter)
	var stingers := _step_stingers()
	var from := clock.ticks
	var tempo := clock.tempo
	var moved: Variant = _follow_scene(started)
	var result := {
		"changes": _told(active),
		"loop": moved,
		"stingers": stingers,
		"beat": _beat(from, tempo),
	}
	clock.advance()
	frame += 1
	return result


func _take(event: Dictionary) -> void:
	if event.get("reset", false):
		_inputs.reset(frame)
		_conditions.reset()
		for layer in _layers:
			layer.reset()
		_forget_stingers()
	var values: Dictionary = event.get("set", {})
	for name: String in values:
		_inputs.set_value(name, values[name], frame)
	for name: String in event.get("fire", []):
		_inputs.fire(name, frame)


## Finds the loop of the first frame, whose tempo and meter count in that frame already.
func _begin() -> void:
	var memories := _layers.map(func(layer: BakedLayer) -> Array: return layer.memory())
	_step_layers(1, 1)
	var first := _scene_loop()
	for i in _layers.size():
		_layers[i].restore(memories[i])
	if first >= 0:
		clock.begin(_manifest["loops"][first])


## The row by which each layer changes in this frame; -1: it does not.
func _step_layers(tempo: int, meter: int) -> Array[int]:
	var started: Array[int] = []
	for layer in _layers:
		started.append(layer.step(frame, clock, tempo, meter))
	return started


## The loop of the present states and inputs.
func _scene_loop() -> int:
	var index := 0
	for at: float in _baked:
		index = (
			index * (_manifest["layers"][int(at)]["states"] as Array).size()
			+ _layers[int(at)].active
		)
	for sampled: Dictionary in _sampled:
		var points: Array = sampled["points"]
		var value := float(_inputs.values[int(sampled["input"])])
		var nearest := 0
		for i in points.size():
			if absf(points[i] - value) < absf(points[nearest] - value):
				nearest = i
		index = index * points.size() + nearest
	return int(_manifest["scenes"][index])


## Changes the loop where the scene asks for another one: `loop`, `offset` of the line in samples,
## `from`, the sample of the loop that is heard there, and the frames of both fades.
func _follow_scene(started: Array[int]) -> Variant:
	var wanted := _scene_loop()
	if wanted == KEEP or (wanted == loop and frame > 0):
		return null
	var row: Dictionary = _manifest["input_moves"]
	var by_rules := false
	for at: float in _baked:
		if started[int(at)] >= 0:
			row = _rows[started[int(at)]]
			by_rules = true
	if frame == 0:
		row = {"at": _FIRST_LINE, "ramp": 0, "curve": "linear"}
	var line := clock.line_in(row["at"])
	if line < 0 and not by_rules and loop >= 0:
		# Only an input has moved: its loop comes in at the next beat.
		return null
	# A change that could wait no longer starts with its frame.
	line = maxi(line, clock.ticks)
	var moved := {
		"loop": wanted,
		"offset": MusicalClock.offset(line, clock.ticks, clock.tempo),
		"from": _entry(wanted, line),
		"goes_on": not by_rules and loop >= 0,
		"fade_out": _fade(row, "fade_out"),
		"fade_in": _fade(row, "fade_in"),
		"curve": row["curve"],
	}
	if wanted >= 0 and frame > 0:
		clock.follow(_manifest["loops"][wanted], line)
	loop = wanted
	return moved


func _fade(row: Dictionary, side: String) -> int:
	var length: Variant = row.get(side)
	return MusicalClock.frames(row["ramp"] if length == null else length, clock.tempo, clock.meter)


## The sample of a loop that is heard at a line, so that its bar lines are those of the music.
func _entry(wanted: int, line: int) -> int:
	if wanted < 0:
		return 0
	var next: Dictionary = _manifest["loops"][wanted]
	var bar_ticks := int(next["meter"]) * MusicalClock.TICKS_PER_BEAT
	var into := posmod(-clock.to_bar_line(line), bar_ticks)
	@warning_ignore("integer_division")
	return into * int(next["samples"]) / (bar_ticks * int(next["bars"]))


func _forget_stingers() -> void:
	_stingers.clear()
	for stinger: Dictionary in _manifest["stingers"]:
		_stingers.append({"waits": false, "start": BakedInputs.NEVER})


func _step_stingers() -> Array:
	var begun: Array = []
	for i in _stingers.size():
		var stinger: Dictionary = _manifest["stingers"][i]
		var now: Dictionary = _stingers[i]
		if _inputs.since[int(stinger["trigger"])] == frame and not now["waits"]:
			var cooldown := MusicalClock.frames(stinger["cooldown"], clock.tempo, clock.meter)
			now["waits"] = frame >= int(now["start"]) + cooldown
		if now["waits"]:
			var line := clock.line_in(stinger["at"])
			if line >= 0:
				now["waits"] = false
				now["start"] = frame
				var offset := MusicalClock.offset(line, clock.ticks, clock.tempo)
				begun.append({"index": i, "offset": offset})
	return begun


func _told(before: Array[int]) -> Array:
	var changes: Array = []
	for i in _layers.size():
		if _layers[i].active != before[i]:
			var layer: Dictionary = _manifest["layers"][i]
			var names: Array = layer["states"]
			(
				changes
				. append(
					{
						"layer": layer["name"],
						"from": names[before[i]]["name"],
						"to": names[_layers[i].active]["name"],
					}
				)
			)
	return changes


func _beat(from: int, tempo: int) -> Variant:
	var beat := clock.beat_in()
	if beat < 0:
		return null
	return {
		"offset": MusicalClock.offset(beat, from, tempo),
		"bar": clock.bar_of(beat),
		"beat": clock.beat_of(beat),
	}
