extends "node_probe.gd"
## What is heard of a player: on the bus, while the game is interrupted, and without a service.

const Duck := preload("res://addons/segue/nodes/segue_duck.gd")


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
	player.on_pause = int(_case["policy"]) as Player.Interruption
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


## Services that are asked for over TLS: what the player tells of each, and whether the bed plays
## instead. The last one plays.
func certificates() -> Dictionary:
	var failures: Array = []
	for asked: Dictionary in _case["asked"]:
		var player := _player()
		player.address = asked["address"]
		player.token = _case["token"]
		player.certificate = X509Certificate.new()
		player.certificate.load(asked["certificate"])
		player.bed_stream = _tone()
		player.bed_after_s = 0.2
		player.bed_fade_s = 0.1
		root.add_child(player)
		if asked["is_good"]:
			await _until(func() -> bool: return player.statistics()["played"] > _RATE)
		else:
			await _heard("failed")
			failures.append(_told[-1][1])
			await _until(func() -> bool: return player.statistics()["bed_level"] == 1.0)
			failures.append(player.statistics()["played"])
		player.free()
	return {"failures": failures, "connected": _told.count(["connected", "calm water"])}


func _tone() -> AudioStreamWAV:
	var tone := AudioStreamWAV.new()
	tone.data = PackedByteArray()
	tone.data.resize(4800)
	tone.loop_mode = AudioStreamWAV.LOOP_FORWARD
	tone.loop_end = 2400
	return tone


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
	# As with a debugger.
	player._level.watch_stalls()
	OS.delay_msec(Player.Speaker.GeneratorFiller.STALL_MS + 500)
	result["stalled"] = player.statistics()["is_standing"]
	await _until(func() -> bool: return not player.statistics()["is_standing"])
	result["underruns"] = player.statistics()["underruns"]
	segue.free()
	return result
