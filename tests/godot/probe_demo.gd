extends SceneTree
## Plays the demo without a window: `-- --speed=4 --report=FILE` for it, and the environment's
## DEMO_RESULT for what is seen here. Keys come as events, as from a keyboard.

const _GIVE_UP_MS := 150000
const _RATE := 48000
## Longer than the lookahead of the demo and what is compared.
const _SAVED_S := 12

var _game: Node
var _result := {}
## Kinds that the report has told, with their fields.
var _noted: Array[Array] = []


func _initialize() -> void:
	Engine.max_fps = 100
	_game = (load("res://demo/emberwood.tscn") as PackedScene).instantiate()
	root.add_child(_game)
	_game.get_node("Report").connect(
		"noted", func(kind: String, fields: Dictionary) -> void: _noted.append([kind, fields])
	)
	# Left alone, the demo would play itself too early.
	process_frame.connect(_stay_awake)
	await _until(func() -> bool: return _heard_samples() > _RATE)
	await _pause()
	await _save_and_load()
	await _edit_rules()
	await _walk_and_kill()
	var out := FileAccess.open(OS.get_environment("DEMO_RESULT"), FileAccess.WRITE)
	out.store_string(JSON.stringify(_result))
	out.close()
	_game.queue_free()
	# The engine's audio thread lets go of what has stopped, and the service ends.
	await create_timer(2.0, true, false, true).timeout
	quit()


func _stay_awake() -> void:
	if is_instance_valid(_game):
		_game.set("_idle_s", 0.0)


## What a pause does to the tree and to the music.
func _pause() -> void:
	await _press(KEY_ESCAPE)
	_result["paused"] = [paused, _statistics()["gain_db"]]
	await _press(KEY_ESCAPE)
	_result["unpaused"] = [paused, _statistics()["gain_db"]]


## The music on its bus from a save on, and again from its restore on: nothing happens meanwhile. A
## save is of the newest music that is generated, which is heard a lookahead later.
func _save_and_load() -> void:
	var capture := AudioEffectCapture.new()
	capture.buffer_length = 20.0
	var bus := AudioServer.get_bus_index(&"Music")
	AudioServer.add_bus_effect(bus, capture)
	await _press(KEY_F5)
	await _told("saved")
	await _captured(capture, _SAVED_S * _RATE)
	await _press(KEY_F9)
	await _told("loaded")
	_result["loaded_at"] = capture.get_frames_available()
	await _captured(capture, capture.get_frames_available() + 4 * _RATE)
	var samples := capture.get_buffer(capture.get_frames_available())
	var file := FileAccess.open(OS.get_environment("DEMO_RESULT") + ".f32", FileAccess.WRITE)
	file.store_buffer(var_to_bytes(samples).slice(8))
	file.close()
	AudioServer.remove_bus_effect(bus, 0)


## A mistake is told with its place, a good edit is heard, and the file is as before in the end.
func _edit_rules() -> void:
	await _press(KEY_F1)
	var text: CodeEdit = _game.get_node("RulesEditor/%Text")
	var before := text.text
	var place := before.find("  hold: 3s")
	text.text = before.insert(place + 4, "u")
	await _press(KEY_S, true)
	await _told("rules")
	# The editor goes to the place at the end of the frame.
	await process_frame
	await process_frame
	_result["mistakes"] = _game.get_node("RulesEditor").call("mistakes")
	_result["caret"] = text.get_caret_line() + 1
	_result["line"] = before.substr(0, place).count("\n") + 1
	text.text = before.replace("tempo: 96bpm", "tempo: 120bpm")
	await _press(KEY_S, true)
	await _told("rules")
	_result["accepted"] = _game.get_node("RulesEditor").call("mistakes")
	await _until(func() -> bool: return absf(_tempo() - 120.0) < 0.5)
	# What is typed does not move the hero.
	var x: float = (_game.get_node("Hero") as Node2D).position.x
	Input.parse_input_event(_key(KEY_D, true))
	await create_timer(0.5).timeout
	Input.parse_input_event(_key(KEY_D, false))
	_result["moved"] = (_game.get_node("Hero") as Node2D).position.x - x
	text.text = before
	await _press(KEY_S, true)
	await _told("rules")
	await _press(KEY_F1)


## The whole course. Combat is heard when the service is killed.
func _walk_and_kill() -> void:
	_game.get_node("Pilot").call("start")
	await _told("changed", "to", "combat")
	_result["killed"] = _statistics()["service_pid"]
	_noted.clear()
	await _press(KEY_F2)
	await _told("connected")
	_result["again"] = _statistics()["service_pid"]
	await _told("finished")


# --- parts ----------------------------------------------------------------------------------------


func _statistics() -> Dictionary:
	return _game.get_node("SeguePlayer").call("statistics")


func _heard_samples() -> float:
	return _game.get_node("SeguePlayer").call("heard_sample")


func _tempo() -> float:
	return _game.get_node("BeatClock").get("tempo_bpm")


func _captured(capture: AudioEffectCapture, count: int) -> void:
	await _until(func() -> bool: return capture.get_frames_available() >= count)


## Waits for a line of the report, which may have come before, and takes it off the list.
func _told(kind: String, field: String = "", value: String = "") -> void:
	await _until(
		func() -> bool:
			for index in _noted.size():
				var fields: Dictionary = _noted[index][1]
				if _noted[index][0] == kind and (field.is_empty() or fields[field] == value):
					_noted.remove_at(index)
					return true
			return false
	)


func _press(key: Key, with_control: bool = false) -> void:
	for is_down: bool in [true, false]:
		var event := _key(key, is_down)
		event.ctrl_pressed = with_control
		Input.parse_input_event(event)
		Input.flush_buffered_events()
		await process_frame


static func _key(key: Key, is_down: bool) -> InputEventKey:
	var event := InputEventKey.new()
	event.keycode = key
	event.physical_keycode = key
	event.pressed = is_down
	return event


func _until(condition: Callable) -> void:
	var give_up := Time.get_ticks_msec() + _GIVE_UP_MS
	while not condition.call():
		if Time.get_ticks_msec() > give_up:
			printerr("gave up; noted last: %s; statistics: %s" % [_noted.slice(-5), _statistics()])
			quit(1)
			await create_timer(1000.0).timeout
		await process_frame
