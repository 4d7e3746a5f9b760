extends "node_probe.gd"
## Services and scenes that begin and end, and what they leave behind.


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


## A service that is away for longer than the buffer lasts, and comes back at the same address.
func outage() -> Dictionary:
	var player := _player()
	player.lookahead_ms = 1000
	player.underrun.connect(_note.bind("underrun"))
	root.add_child(player)
	await _until(func() -> bool: return player.statistics()["played"] > _RATE)
	print("playing")
	await _until(
		func() -> bool:
			var now := player.statistics()
			return now["is_standing"] and now["state"] == "CONNECTING" and now["underruns"] > 0
	)
	await process_frame
	var result := {"during": _plain(player)}
	player.set_input("deep", true)
	print("silent")
	await _heard("connected")
	var played: int = player.statistics()["played"]
	await _until(func() -> bool: return player.statistics()["played"] > played + _RATE)
	await _until(func() -> bool: return player.statistics()["states"].get("water") == "depth")
	result["after"] = _plain(player)
	player.free()
	return result


## A hundred starts and ends leave nothing behind.
func many() -> Dictionary:
	var before := {}
	for round_number in 101:
		var player := _player() if round_number % 25 > 0 else Player.new()
		if round_number % 25 == 0:
			player.command = _case["command"]
			player.rules_file = _case["rules"]
		var scene := Node.new()
		scene.add_child(player)
		root.add_child(scene)
		if round_number % 25 < 2:
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


## What the process has of the system.
func _left() -> Dictionary:
	await _mixes(3)
	var left := {}
	for what: String in ["task", "fd"]:
		var folder := DirAccess.open("/proc/self/" + what)
		left[what] = folder.get_files().size() + folder.get_directories().size()
	# A file whose size the system says is 0: it is read by lines.
	var id := OS.get_process_id()
	var children := FileAccess.open("/proc/self/task/%d/children" % id, FileAccess.READ).get_line()
	left["children"] = children.split(" ", false).size()
	left["nodes"] = Performance.get_monitor(Performance.OBJECT_NODE_COUNT)
	return left
