extends SceneTree
## Plays a case of the nodes: `-- CASE.json RESULT.json`. The case names a function of this file,
## whose Dictionary is the result.

const Binding := preload("res://addons/segue/nodes/segue_binding.gd")
const Duck := preload("res://addons/segue/nodes/segue_duck.gd")
const Overlay := preload("res://addons/segue/nodes/segue_overlay.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")
const Trigger := preload("res://addons/segue/nodes/segue_trigger.gd")
const Zone2D := preload("res://addons/segue/nodes/segue_zone_2d.gd")
const Zone3D := preload("res://addons/segue/nodes/segue_zone_3d.gd")

const _GIVE_UP_MS := 60000
const _RATE := 48000

## A node with what bindings read and triggers hear.
const GUARD := "extends Node\nsignal hit(by: String, hard: bool)\nvar health := 100.0\n"

var _case: Dictionary
var _told: Array = []


func _initialize() -> void:
	var files := OS.get_cmdline_user_args()
	_case = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	Engine.max_fps = 100
	await process_frame
	var result: Dictionary = await call(_case["run"])
	result["told"] = _told
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(result))
	out.close()
	# The engine's audio thread lets go of what has stopped.
	await _mixes(3)
	quit()


# --- cases ----------------------------------------------------------------------------------------


## What comes to the Master bus in spite of a main thread that stalls.
func captured() -> Dictionary:
	var capture := AudioEffectCapture.new()
	capture.buffer_length = 8.0
	AudioServer.add_bus_effect(0, capture)
	var player := _player()
	player.fill_ms = 400
	root.add_child(player)
	var heard := FileAccess.open(_case["heard"], FileAccess.WRITE)
	var count := 0
	var has_stalled := false
	var ducked := 0
	await _until(func() -> bool: return player.statistics()["committed"] > 0)
	while count < int(_case["seconds"]) * _RATE and player.statistics()["underruns"] == 0:
		await process_frame
		if not has_stalled and count > _RATE:
			has_stalled = true
			OS.delay_msec(1500)
		if ducked == 0 and count > int(_case["duck_after"]):
			ducked = count
			player.duck(self, -12.0, 10)
		var block := capture.get_buffer(capture.get_frames_available())
		count += block.size()
		heard.store_buffer(var_to_bytes(block).slice(8))
	heard.close()
	var statistics := _plain(player)
	statistics["discarded"] = capture.get_discarded_frames()
	statistics["has_stalled"] = has_stalled
	statistics["ducked"] = ducked
	player.free()
	AudioServer.remove_bus_effect(0, 0)
	return statistics


## What each interruption does: samples of the clock and of the bus.
func interruptions() -> Dictionary:
	var player := _player()
	player.on_pause = int(_case["policy"])
	root.add_child(player)
	await _until(func() -> bool: return player.statistics()["played"] > _RATE)
	paused = true
	await _until(func() -> bool: return _is_settled(player))
	var before: int = player.statistics()["committed"]
	# What was handed over before is heard by then.
	await _mixes(5)
	var peak_db := -INF
	for mix in 3:
		await _mixes(1)
		peak_db = maxf(peak_db, AudioServer.get_bus_peak_volume_left_db(0, 0))
	var meanwhile := _plain(player)
	meanwhile["peak_db"] = peak_db
	meanwhile["moved"] = meanwhile["committed"] - before
	paused = false
	var at: int = player.statistics()["committed"]
	await _until(func() -> bool: return player.statistics()["committed"] > at + 9600)
	var after := _plain(player)
	player.process_mode = Node.PROCESS_MODE_ALWAYS
	paused = true
	await process_frame
	var always := _plain(player)
	paused = false
	player.process_mode = Node.PROCESS_MODE_INHERIT
	player.on_focus_loss = Player.Interruption.DUCK
	player.notification(Node.NOTIFICATION_APPLICATION_FOCUS_OUT)
	var unfocused := _plain(player)
	player.notification(Node.NOTIFICATION_APPLICATION_FOCUS_IN)
	player.free()
	var result := {"meanwhile": meanwhile, "after": after, "always": always}
	result["unfocused"] = unfocused
	return result


## Whether a pause of the tree has reached the samples.
func _is_settled(player: Player) -> bool:
	return player.on_pause != Player.Interruption.PAUSE or player.statistics()["is_standing"]


## Calls, answers and signals of the player, zones, bindings, triggers, ducks and beats.
func game() -> Dictionary:
	var player := _player()
	player.set_input("level", 0.25)
	root.add_child(player)
	await _heard("connected")
	var result := {"zones": await _zones(player)}
	result["bindings"] = await _bindings(player)
	result["warnings"] = _configuration_warnings()
	var guard := _guard(100.0)
	var trigger := Trigger.new()
	trigger.trigger = "ping"
	trigger.source = guard
	trigger.source_signal = &"hit"
	trigger.cooldown_s = 10.0
	guard.add_child(trigger)
	trigger.fired.connect(_note.bind("fired"))
	guard.emit_signal("hit", "arrow", true)
	guard.emit_signal("hit", "arrow", true)
	await _heard("changed", "heard")
	guard.free()
	result["ducks"] = _ducks(player)
	result["beats"] = await _beats(player)
	var blob := await player.save_music()
	result["saved"] = blob.size()
	result["restored"] = await player.restore_music(blob)
	result["restored_nonsense"] = await player.restore_music("no blob".to_utf8_buffer())
	player.reset()
	result["refused"] = [player.set_input("levle", 1.0), player.fire("deep")]
	result["statistics"] = _plain(player)
	result["lines"] = Overlay.lines(player.statistics())
	player.free()
	return result


## Of nodes in which nothing is set.
func _configuration_warnings() -> Dictionary:
	var result := {}
	for script: GDScript in [Binding, Duck, Player, Trigger, Zone2D, Zone3D]:
		var node: Node = script.new()
		result[script.get_global_name()] = "\n".join(node.call("_get_configuration_warnings"))
		node.free()
	return result


func _zones(player: Player) -> Array:
	var low := Zone2D.new()
	var high := Zone3D.new()
	var values: Array = []
	for zone: Node in [low, high]:
		zone.set("player", player)
		zone.set("input", "level")
		zone.set("only_group", &"hero")
		root.add_child(zone)
	low.value = "0.5"
	high.value = "0.75"
	high.input_priority = 1
	var hero := Node.new()
	var other := Node.new()
	hero.add_to_group(&"hero")
	# The game's own value, then: low, high, low again, the game's own after it changed.
	high.enter(other)
	values.append(await _sent(player))
	high.enter(hero)
	values.append(await _sent(player))
	low.enter(hero)
	values.append(await _sent(player))
	high.leave(hero)
	values.append(await _sent(player))
	player.set_input("level", 0.125)
	low.leave(hero)
	values.append(await _sent(player))
	# Bodies that the physics finds.
	var body := CharacterBody2D.new()
	body.add_to_group(&"hero")
	for node: CollisionObject2D in [body, low]:
		var shape := CollisionShape2D.new()
		shape.shape = CircleShape2D.new()
		node.add_child(shape)
	root.add_child(body)
	await low.entered
	values.append(await _sent(player))
	body.position = Vector2(500, 0)
	await low.left
	values.append(await _sent(player))
	low.enter(hero)
	low.free()
	values.append(await _sent(player))
	for node: Node in [high, hero, other, body]:
		node.free()
	return values


func _bindings(player: Player) -> Dictionary:
	var guards: Array[Node] = []
	for health: float in [20.0, 40.0, 90.0]:
		guards.append(_guard(health))
	var binding := Binding.new()
	binding.player = player
	binding.input = "level"
	binding.property = "health"
	binding.source = guards[1]
	binding.is_mapped = true
	binding.from_high = 100.0
	binding.to_low = 1.0
	binding.to_high = 0.0
	root.add_child(binding)
	var result := {"one": binding.value_now()}
	binding.send_now()
	result["sent"] = await _sent(player)
	binding.curve = Curve.new()
	binding.curve.add_point(Vector2(0, 0))
	binding.curve.add_point(Vector2(1, 0))
	result["curve"] = binding.value_now()
	binding.curve = null
	binding.is_mapped = false
	binding.group = &"guards"
	for how: String in Binding.Aggregate:
		binding.aggregate = Binding.Aggregate[how]
		result[how] = binding.value_now()
	binding.group = &"nobody"
	binding.aggregate = Binding.Aggregate.MEAN
	result["nobody"] = binding.value_now()
	# The rate limit: in ten seconds of game time as many values as it says, and none twice.
	binding.group = &""
	binding.is_mapped = true
	binding.rate = 2.0
	# A signal counts in an array: a lambda has copies of numbers.
	var sent: Array = []
	binding.sent.connect(func(value: Variant) -> void: sent.append(value))
	for frame in 600:
		guards[1].set("health", 40.0 + frame / 20.0)
		binding._process(1.0 / 60.0)
	result["limited"] = sent.size()
	for frame in 600:
		binding._process(1.0 / 60.0)
	result["unchanged"] = sent.size() - int(result["limited"])
	for node in guards:
		node.free()
	binding.free()
	await process_frame
	return result


func _ducks(player: Player) -> Array:
	var gains: Array = []
	var dialogue := Duck.new()
	var menu := Duck.new()
	dialogue.gain_db = -10.0
	menu.gain_db = -20.0
	player.volume_db = -3.0
	for duck: Duck in [dialogue, menu]:
		duck.player = player
		root.add_child(duck)
	for step: Callable in [
		dialogue.begin,
		dialogue.begin,
		menu.set.bind("active", true),
		dialogue.end,
		menu.set.bind("active", false),
		dialogue.end,
		dialogue.end,
		menu.begin,
		menu.free,
	]:
		step.call()
		gains.append(player.statistics()["gain_db"])
	player.muted = true
	gains.append(player.statistics()["gain_db"])
	player.muted = false
	dialogue.free()
	return gains


func _beats(player: Player) -> Dictionary:
	await _until(func() -> bool: return is_finite(player.next_beat_time()))
	var seconds := player.next_beat_time()
	var called: Array = []
	player.schedule_on_beat(func() -> void: called.append(player.heard_sample()))
	var at := player.heard_sample() + player.next_beat_time() * _RATE
	await _until(func() -> bool: return not called.is_empty())
	await _heard("bar")
	return {"seconds": seconds, "late": called[0] - at, "bar_s": player.next_beat_time(1)}


## The default player over changes of the scene, and a main thread that the debugger stops.
func autoload() -> Dictionary:
	ProjectSettings.set_setting("segue/player/address", _case["address"])
	var segue: Node = (load("res://addons/segue/segue.gd") as GDScript).new()
	var player: Player = segue.get("player")
	_watch(player)
	root.add_child(segue)
	await _until(func() -> bool: return player.statistics()["played"] > 0)
	var scene := Node.new()
	var duck := Duck.new()
	duck.active = true
	scene.add_child(duck)
	duck.owner = scene
	var packed := PackedScene.new()
	packed.pack(scene)
	var gains: Array = []
	for round_number in 3:
		change_scene_to_packed(packed)
		await _until(func() -> bool: return player.statistics()["gain_db"] == -12.0)
		gains.append(player.statistics()["gain_db"])
		unload_current_scene()
		await process_frame
		gains.append(player.statistics()["gain_db"])
	scene.free()
	var result := {"gains": gains, "connected": _told.count(["connected", "calm water"])}
	player._filler.set_when_stalled(
		Player._stalled.bind(player._client, Player.Interruption.PAUSE, 0.0)
	)
	OS.delay_msec(Player.GeneratorFiller.STALL_MS + 500)
	result["stalled"] = player.statistics()["is_standing"]
	await _until(func() -> bool: return not player.statistics()["is_standing"])
	result["underruns"] = player.statistics()["underruns"]
	segue.free()
	return result


## An ordinary stream while there is no music.
func bed() -> Dictionary:
	var player := _player()
	player.bed_stream = _tone()
	player.bed_after_s = 0.2
	player.bed_fade_s = 0.1
	player.autostart = false
	player.address = "tcp://127.0.0.1:%d" % int(_case["free_port"])
	root.add_child(player)
	await process_frame
	var result := {"stopped": _plain(player)}
	player.start()
	await _heard("failed")
	await _until(func() -> bool: return player.statistics()["bed_level"] == 1.0)
	result["without"] = _plain(player)
	player.stop()
	player.address = _case["address"]
	player.start()
	await _until(func() -> bool: return not player.statistics()["is_standing"])
	await _until(func() -> bool: return player.statistics()["bed_level"] == 0.0)
	result["with"] = _plain(player)
	player.free()
	return result


## A service of the game's own, over changes of the scene.
func own_service() -> Dictionary:
	var player := Player.new()
	player.command = _case["command"]
	player.rules_file = _case["rules"]
	_watch(player)
	var scenes: Array[Node] = [Node.new(), Node.new()]
	root.add_child(scenes[0])
	scenes[0].add_child(player)
	await _until(func() -> bool: return player.statistics()["played"] > 0)
	var result := {"pid": player.statistics()["service_pid"]}
	if _case.get("is_killed", false):
		print("serving %d" % result["pid"])
		await _until(func() -> bool: return false)
	# The engine's own call also takes its end, which the node is to see.
	OS.execute("kill", ["-9", str(result["pid"])])
	await _heard("disconnected")
	await _heard("connected")
	result["again"] = player.statistics()["service_pid"]
	var played: int = player.statistics()["played"]
	await _until(func() -> bool: return player.statistics()["played"] > played)
	player.fire("boss_dead")
	await _heard("stinger", "victory")
	scenes[0].remove_child(player)
	await _until(func() -> bool: return not OS.is_process_running(result["again"]))
	result["ended"] = _plain(player)
	player.free()
	scenes[0].free()
	scenes[1].free()
	var missing := Player.new()
	missing.command = "/no/such/program"
	missing.rules_file = _case["rules"]
	_watch(missing)
	root.add_child(missing)
	await _heard("failed")
	result["missing"] = _told[-1]
	missing.free()
	return result


## Every example scene plays, or plays its bed.
func examples() -> Dictionary:
	var result := {}
	for file in DirAccess.get_files_at("res://examples"):
		if not file.ends_with(".tscn"):
			continue
		var scene: Node = (load("res://examples/" + file) as PackedScene).instantiate()
		var player: Player = scene.get_node("SeguePlayer")
		_watch(player)
		if player.service == Player.Service.START:
			player.service = Player.Service.CONNECT
			player.address = _case["address"]
		root.add_child(scene)
		if file.begins_with("zone"):
			await _heard("changed", "cave")
			await _heard("changed", "combat")
		elif file.begins_with("bed"):
			await _until(func() -> bool: return player.statistics()["bed_level"] == 1.0)
		else:
			await _until(func() -> bool: return player.statistics()["played"] > 0)
		result[file] = _plain(player)
		scene.free()
	return result


## Many starts and ends leave nothing behind.
func many() -> Dictionary:
	var before := {}
	for round_number in 21:
		var player := _player() if round_number % 5 > 0 else Player.new()
		if round_number % 5 == 0:
			player.command = _case["command"]
			player.rules_file = _case["rules"]
		var scene := Node.new()
		scene.add_child(player)
		root.add_child(scene)
		if round_number % 5 == 0 or round_number == 1:
			await _until(func() -> bool: return player.state == Player.State.LIVE)
		else:
			await _mixes(round_number % 3)
		var pid: int = player.statistics()["service_pid"]
		if round_number % 2 == 0:
			player.stop()
		scene.free()
		await _until(func() -> bool: return pid == 0 or not OS.is_process_running(pid))
		if round_number == 0:
			before = await _left()
	return {"before": before, "after": await _left()}


# --- parts ----------------------------------------------------------------------------------------


func _player() -> Player:
	var player := Player.new()
	player.service = Player.Service.CONNECT
	player.address = _case["address"]
	player.seed_number = 1
	player.lookahead_ms = 4000
	_watch(player)
	return player


func _watch(player: Player) -> void:
	player.connected.connect(_note.bind("connected"))
	player.disconnected.connect(
		func(reason: String, _text: String) -> void: _note(reason, "disconnected")
	)
	player.failed.connect(_note.bind("failed"))
	player.bar.connect(_note.bind("bar"))
	player.stinger.connect(_note.bind("stinger"))
	player.captions.connect(_note.bind("captions"))
	player.refused.connect(func(input: String, _text: String) -> void: _note(input, "refused"))
	player.changed.connect(
		func(_layer: String, _from: String, to: String, _causes: PackedStringArray) -> void:
			_note(to, "changed")
	)
	player.decided.connect(
		func(_layer: String, _from: String, to: String, _seconds: float) -> void:
			_note(to, "decided")
	)


func _note(what: Variant = null, kind: String = "") -> void:
	# `bind` appends: a signal without arguments gives the kind first.
	_told.append([what, ""] if kind.is_empty() else [kind, what])


## Waits until something is told from now on.
func _heard(kind: String, what: Variant = null) -> void:
	var from := _told.size()
	await _until(
		func() -> bool:
			for index in range(from, _told.size()):
				if _told[index][0] == kind and (what == null or _told[index][1] == what):
					return true
			return false
	)


func _until(is_done: Callable) -> void:
	var until := Time.get_ticks_msec() + _GIVE_UP_MS
	while not is_done.call():
		if Time.get_ticks_msec() > until:
			printerr("ERROR: gave up waiting: ", _told)
			quit(1)
		await process_frame


## Waits for a number of the engine's mixes.
func _mixes(count: int) -> void:
	var before := AudioServer.get_time_since_last_mix()
	while count > 0:
		await process_frame
		var now := AudioServer.get_time_since_last_mix()
		count -= 1 if now < before else 0
		before = now


## The value of `level` that the client knows as sent, after the frame's end.
func _sent(player: Player) -> Variant:
	await process_frame
	return player._claims.value("level", null)


func _guard(health: float) -> Node:
	var script := GDScript.new()
	script.source_code = GUARD
	script.reload()
	var guard := Node.new()
	guard.set_script(script)
	guard.set("health", health)
	guard.add_to_group(&"guards")
	root.add_child(guard)
	return guard


func _tone() -> AudioStreamWAV:
	var tone := AudioStreamWAV.new()
	tone.data = PackedByteArray()
	tone.data.resize(4800)
	tone.loop_mode = AudioStreamWAV.LOOP_FORWARD
	tone.loop_end = 2400
	return tone


func _plain(player: Player) -> Dictionary:
	var statistics := player.statistics()
	statistics.erase("changes")
	return statistics


## What the process has of the system.
func _left() -> Dictionary:
	await _mixes(3)
	var left := {}
	for what: String in ["task", "fd"]:
		var folder := DirAccess.open("/proc/self/" + what)
		left[what] = folder.get_files().size() + folder.get_directories().size()
	var children := FileAccess.get_file_as_string(
		"/proc/self/task/%d/children" % OS.get_process_id()
	)
	left["children"] = children.split(" ", false).size()
	left["nodes"] = Performance.get_monitor(Performance.OBJECT_NODE_COUNT)
	return left
