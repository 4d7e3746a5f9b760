extends "node_probe.gd"
## A player beside services that fail, hang or are something else. The test does to the service what
## the game's lines tell, and the game waits for what follows from it.


## Peers that are no service or break the protocol, one after another: what the player tells first
## of each, with nothing for those of which it tells nothing.
func peers() -> Dictionary:
	var result := {}
	for name: String in _case["peers"]:
		var player := _player()
		player.address = _case["peers"][name]
		player.set_input("threat", 0.5)
		root.add_child(player)
		var from := _told.size()
		if _case["silent"].has(name):
			await _mixes(10)
		else:
			await _until(func() -> bool: return _told.size() > from)
		result[name] = _told.slice(from)
		# The client's thread comes to its end, however much the peer sends.
		player.free()
	return result


## A service that is suspended for some seconds: music plays on, and comes back.
func suspended() -> Dictionary:
	var player := _player()
	player.lookahead_ms = 10000
	var receipts: Array = []
	player.receipt.connect(
		func(number: int, accepted: bool, _code: String, _text: String) -> void:
			receipts.append([number, accepted])
	)
	root.add_child(player)
	var result := {"lost": []}
	for seconds: int in _case["seconds"]:
		await _until(
			func() -> bool:
				return player.state == Player.State.LIVE and player.statistics()["buffer_s"] > 4.0
		)
		var heard: int = player.statistics()["played"]
		var told := _told.size()
		print("suspend %d" % seconds)
		# It plays on from the buffer.
		await _until(func() -> bool: return player.statistics()["played"] > heard + _RATE)
		player.set_input("level", seconds / 100.0)
		player.fire("ping")
		await process_frame
		await process_frame
		await _until(
			func() -> bool:
				return receipts.size() == player.last_frame and player.state == Player.State.LIVE
		)
		result["lost"].append(
			_told.slice(told).any(func(each: Array) -> bool: return each[0] == "disconnected")
		)
	result["receipts"] = receipts
	result["level"] = player.input_value("level")
	player.free()
	return result


## Another service takes the place of the one that was connected, with other rules, then none, then
## the first service again.
func replaced() -> Dictionary:
	var player := _player()
	player.lookahead_ms = 1000
	player.set_input("level", 0.5)
	root.add_child(player)
	await _heard("connected", "calm water")
	print("replace")
	await _heard("connected", "other water")
	var result := {"title": player.declaration["title"]}
	result["taken"] = [player.set_input("depth", 0.5), player.set_input("level", 0.5)]
	print("no service")
	await _heard("failed")
	result["text"] = _told[-1][1]
	print("back")
	await _heard("connected", "calm water")
	var played: int = player.statistics()["played"]
	await _until(func() -> bool: return player.statistics()["played"] > played + _RATE)
	player.free()
	return result
