extends "node_probe.gd"
## Games that use the nodes wrongly: values of every kind, freed objects, calls in handlers.

enum Place { FOREST, CRYPT }

const Binding := preload("res://addons/segue/nodes/segue_binding.gd")
const Duck := preload("res://addons/segue/nodes/segue_duck.gd")
const Overlay := preload("res://addons/segue/nodes/segue_overlay.gd")
const Trigger := preload("res://addons/segue/nodes/segue_trigger.gd")
const Zone2D := preload("res://addons/segue/nodes/segue_zone_2d.gd")


## Whether each value is taken by a number, before the rules are known and then, and what counts
## after all of them.
func values() -> Dictionary:
	var freed := Node.new()
	freed.free()
	var wrong: Array = [NAN, INF, -INF, null, Vector2.ONE, freed, "x".repeat(65), [1], {}, 1 << 60]
	var player := _player()
	player.set_input("level", 0.25)
	var result := {"before": wrong.map(_taken.bind(player, "level"))}
	root.add_child(player)
	await _heard("connected")
	result["wrong"] = wrong.map(_taken.bind(player, "level"))
	result["wrong_type"] = [true, "0.5", &"deep"].map(_taken.bind(player, "level"))
	result["level"] = player.input_value("level")
	# An enumeration is a number.
	result["enumeration"] = _taken(Place.CRYPT, player, "level")
	result["names"] = ["", "x".repeat(65), "a b"].map(
		func(name: String) -> bool: return player.set_input(name, 1.0) or player.fire(name)
	)
	# One warning for each kind of mistake, however many values there are.
	for index in 100:
		player.set_input("level", Vector2(index, 0))
	player.claim_input(self, "level", NAN)
	player.release_input(self, "level")
	result["last"] = player.input_value("level")
	player.free()
	return result


func _taken(value: Variant, player: Player, input: String) -> bool:
	return player.set_input(input, value)


## The gain after each volume and each duck.
func volumes() -> Dictionary:
	var player := _player()
	player.bed_stream = AudioStreamWAV.new()
	root.add_child(player)
	var result := {"volumes": [], "ducks": []}
	for volume: float in [NAN, INF, -INF, -1e30, 1e30, linear_to_db(0.0), 0.0]:
		player.volume_db = volume
		await process_frame
		result["volumes"].append(player.statistics()["gain_db"])
	for lowered: float in [NAN, INF, -INF, 5.0, -12.0]:
		player.duck(self, lowered, -5)
		result["ducks"].append(player.statistics()["gain_db"])
		player.unduck(self, 999999)
	result["unducked"] = player.statistics()["gain_db"]
	player.free()
	return result


## Objects that are freed while a node or the player relies on them.
func freed_objects() -> Dictionary:
	var player := _player()
	var other := _player()
	player.set_input("level", 0.25)
	var claimant := Node.new()
	for node: Node in [player, other]:
		root.add_child(node)
	player.duck(claimant, -20.0)
	player.claim_input(claimant, "level", 0.75)
	var result := {"held": [player.statistics()["gain_db"], player.input_value("level")]}
	claimant.free()
	await process_frame
	await process_frame
	result["freed"] = [player.statistics()["gain_db"], player.input_value("level")]
	var source := Node.new()
	source.process_priority = 7
	var nodes: Array[Node] = [Binding.new(), Duck.new(), Trigger.new(), Zone2D.new(), Overlay.new()]
	for node in nodes:
		node.set("player", other)
		node.set("input", "level")
		node.set("trigger", "ping")
		node.set("source", source)
		node.set("property", "process_priority")
		node.set("shown", true)
		root.add_child(node)
	other.free()
	result["source"] = [nodes[0].call("value_now")]
	source.free()
	result["source"].append(nodes[0].call("value_now"))
	nodes[3].set("value", "0.5")
	var hero := Node.new()
	hero.add_to_group(&"player")
	for step: Callable in [
		Callable(nodes[1], "begin"),
		Callable(nodes[1], "end"),
		Callable(nodes[2], "fire"),
		Callable(nodes[3], "enter").bind(hero),
		Callable(nodes[3], "leave").bind(hero),
		Callable(nodes[4], "refresh"),
	]:
		step.call()
		await process_frame
	for node in nodes:
		node.free()
	hero.free()
	var binding := Binding.new()
	binding.input = "level"
	binding.property = "no_such:x"
	player.add_child(binding)
	result["no_property"] = [binding.value_now(), binding.value_now()]
	player.free()
	return result


## Stops, starts and ends of the player in its own signals, and while a save is awaited.
func handlers() -> Dictionary:
	var result := {}
	var player := _player()
	player.caption_texts = {"heard": 5, "answer/heard": null}
	# Started again in the handler of its stop.
	var begun: Array = []
	var again := func(_title: String) -> void:
		begun.append(player.state)
		if begun.size() < 3:
			player.stop()
			player.start()
	player.connected.connect(again)
	root.add_child(player)
	await _until(func() -> bool: return begun.size() == 3)
	for frame in 10:
		await process_frame
	result["started"] = [begun, player.state]
	player.fire("ping")
	await _heard("captions", "<null>")
	var blob := await player.save_music()
	result["damaged"] = []
	var damaged: Array[PackedByteArray] = [
		PackedByteArray(),
		Crypto.new().generate_random_bytes(5000000),
		blob.slice(0, 40),
	]
	# The service allows few requests in a row.
	for wrong in damaged:
		result["damaged"].append(await player.restore_music(wrong))
	result["whole"] = false
	while not result["whole"]:
		await _mixes(5)
		result["whole"] = await player.restore_music(blob)
	# A save without an answer before the player is gone.
	var saved: Array = []
	_save(player, saved)
	player.free()
	result["given_up"] = saved
	var stopping := _player()
	stopping.connected.connect(func(_title: String) -> void: stopping.stop())
	root.add_child(stopping)
	await _heard("disconnected", "quit")
	for frame in 10:
		await process_frame
	result["stopped"] = [stopping.state, stopping.statistics()["committed"]]
	stopping.free()
	return result


func _save(player: Player, saved: Array) -> void:
	saved.append((await player.save_music()).size())


## Scenes that end while the player connects, and one that begins in a paused tree.
func scenes() -> Dictionary:
	for frames in 12:
		var scene := Node.new()
		scene.add_child(_player())
		root.add_child(scene)
		for frame in frames:
			await process_frame
		scene.free()
	paused = true
	var player := _player()
	root.add_child(player)
	var result := {"begun_paused": player.statistics()["is_paused"]}
	root.remove_child(player)
	paused = false
	root.add_child(player)
	result["back"] = player.statistics()["is_paused"]
	await _until(func() -> bool: return player.statistics()["played"] > 0)
	player.free()
	return result


## Many players at once.
func many_players() -> Dictionary:
	var players: Array[Player] = []
	for index in int(_case["count"]):
		players.append(_player())
		players[-1].set_input("level", index / 10.0)
		root.add_child(players[-1])
	await _until(
		func() -> bool:
			return players.all(func(each: Player) -> bool: return each.statistics()["played"] > 0)
	)
	var result := {"levels": []}
	for player in players:
		result["levels"].append(player.input_value("level"))
		player.free()
	return result
