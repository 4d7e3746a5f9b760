extends "node_probe.gd"
## Services that a game starts and that do not do what they should.


## Programs that are no service, in turn: what the player tells of each, and its state then.
func programs() -> Dictionary:
	var result := {}
	for program: String in _case["programs"]:
		var player := _starting(program)
		root.add_child(player)
		await _heard("failed")
		result[program.get_file()] = [_told[-1][1], player.state]
		player.free()
	return result


## A service that plays, whatever the paths of its program and its rules are.
func plays() -> Dictionary:
	var player := _starting(_case["program"])
	root.add_child(player)
	await _until(func() -> bool: return player.statistics()["played"] > 0)
	var result := {"pid": player.statistics()["service_pid"]}
	if _case.get("waits", false):
		print("serving %d" % result["pid"])
		await _until(func() -> bool: return FileAccess.file_exists(_case["goes_on"]))
	if _case.get("quits", false):
		# The player is still there when the game quits.
		return result
	player.free()
	return result


## A service that hangs for so long that it is killed and started again.
func hangs() -> Dictionary:
	var player := _starting(_case["program"])
	root.add_child(player)
	await _until(func() -> bool: return player.statistics()["played"] > 0)
	var pid: int = player.statistics()["service_pid"]
	OS.execute("kill", ["-STOP", str(pid)])
	await _until(func() -> bool: return player.state == Player.State.CONNECTING)
	await _until(func() -> bool: return player.state == Player.State.LIVE)
	var result := {"pids": [pid, player.statistics()["service_pid"]]}
	player.free()
	return result


## A trigger that is fired before the service is ready, and one while a killed service is started
## again.
func killed() -> Dictionary:
	var player := _starting(_case["program"])
	root.add_child(player)
	var result := {"states": [player.state], "fired": [player.fire("ping")]}
	await _heard("changed", "heard")
	await _heard("changed", "silent")
	player.disconnected.connect(
		func(_reason: String, _text: String) -> void: result["fired"].append(player.fire("ping")),
		CONNECT_ONE_SHOT
	)
	print("serving %d" % player.statistics()["service_pid"])
	await _heard("connected")
	print("serving %d" % player.statistics()["service_pid"])
	await _heard("changed", "heard")
	await _heard("changed", "silent")
	var played: int = player.statistics()["played"]
	await _until(func() -> bool: return player.statistics()["played"] > played + _RATE)
	result["states"].append(player.state)
	player.free()
	return result


func _starting(program: String) -> Player:
	var player := Player.new()
	player.command = program
	player.rules_file = _case["rules"]
	_watch(player)
	return player
