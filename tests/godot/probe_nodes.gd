extends "node_probe.gd"
## A game that uses every node.

const Binding := preload("res://addons/segue/nodes/segue_binding.gd")
const Duck := preload("res://addons/segue/nodes/segue_duck.gd")
const Overlay := preload("res://addons/segue/nodes/segue_overlay.gd")
const Trigger := preload("res://addons/segue/nodes/segue_trigger.gd")
const Zone2D := preload("res://addons/segue/nodes/segue_zone_2d.gd")
const Zone3D := preload("res://addons/segue/nodes/segue_zone_3d.gd")

## A node with what bindings read and triggers hear.
const GUARD := """
extends Node
signal hit(by: String, hard: bool)
var health := 100.0


func take_hit() -> void:
	hit.emit("arrow", true)
"""


## Calls, answers and signals of the player, zones, bindings, triggers, ducks and beats.
func game() -> Dictionary:
	var player := _player()
	player.set_input("level", 0.25)
	# An autoload without rules, and a player in a branch of the scene: the nodes find the second.
	var idle := Player.new()
	idle.autostart = false
	for each: Player in [idle, player]:
		var branch := Node.new()
		branch.add_child(each)
		root.add_child(branch)
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
	guard.call("take_hit")
	guard.call("take_hit")
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
	for each: Player in [idle, player]:
		each.get_parent().free()
	return result


## Two players, of which an AnimationPlayer uses the one: calls, and properties of a duck.
func animated() -> Dictionary:
	var players: Array[Player] = [_player(), _player()]
	AudioServer.add_bus()
	AudioServer.set_bus_name(1, "Music")
	players[1].bus = &"Music"
	players[0].pre_roll_ms = 2000
	var receipts: Array = []
	players[0].receipt.connect(
		func(number: int, accepted: bool, _code: String, _text: String) -> void:
			receipts.append([number, accepted])
	)
	var scene := Node.new()
	var duck := Duck.new()
	var trigger := Trigger.new()
	var animation := AnimationPlayer.new()
	duck.player = players[0]
	trigger.player = players[0]
	trigger.trigger = "ping"
	for node: Node in [players[0], players[1], duck, trigger, animation]:
		scene.add_child(node)
	root.add_child(scene)
	await _until(
		func() -> bool:
			return players.all(func(each: Player) -> bool: return each.statistics()["played"] > 0)
	)
	var result := {"buffered_s": players[0].statistics()["buffer_s"]}
	result["committed_s"] = players[0].statistics()["committed"] / float(_RATE)
	result["buses"] = players.map(func(each: Player) -> StringName: return each._speaker.bus)
	players[1].bus = &"Master"
	result["moved"] = players[1]._speaker.bus
	animation.add_animation_library(&"", _library(scene, players[0], trigger, duck))
	animation.play(&"cutscene")
	await _until(func() -> bool: return players[0].statistics()["gain_db"] == -12.0)
	await _until(func() -> bool: return not animation.is_playing())
	await _until(func() -> bool: return ["changed", "heard"] in _told)
	# The scene may not be freed while the signal is emitted.
	await process_frame
	result["gains"] = players.map(func(each: Player) -> float: return each.statistics()["gain_db"])
	result["values"] = players.map(
		func(each: Player) -> float: return each._inputs.value_of("level")
	)
	await _until(func() -> bool: return receipts.size() == players[0].last_frame)
	result["receipts"] = receipts
	scene.free()
	AudioServer.remove_bus(1)
	return result


## An animation that sets an input, fires a trigger, and lowers the music for half a second.
func _library(scene: Node, player: Node, trigger: Node, duck: Node) -> AnimationLibrary:
	var cutscene := Animation.new()
	cutscene.length = 1.0
	var calls := cutscene.add_track(Animation.TYPE_METHOD)
	cutscene.track_set_path(calls, scene.get_path_to(player))
	var set_level := {"method": &"set_input", "args": ["level", 0.75]}
	cutscene.track_insert_key(calls, 0.1, set_level)
	calls = cutscene.add_track(Animation.TYPE_METHOD)
	cutscene.track_set_path(calls, scene.get_path_to(trigger))
	cutscene.track_insert_key(calls, 0.1, {"method": &"fire", "args": []})
	var lowered := cutscene.add_track(Animation.TYPE_VALUE)
	cutscene.value_track_set_update_mode(lowered, Animation.UPDATE_DISCRETE)
	cutscene.track_set_path(lowered, NodePath("%s:active" % scene.get_path_to(duck)))
	cutscene.track_insert_key(lowered, 0.0, false)
	cutscene.track_insert_key(lowered, 0.2, true)
	cutscene.track_insert_key(lowered, 0.9, false)
	var library := AnimationLibrary.new()
	library.add_animation(&"cutscene", cutscene)
	return library


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
	# On a busy machine the next bar may not be announced yet.
	await _until(func() -> bool: return is_finite(player.next_beat_time(Player.Unit.BAR)))
	return {
		"seconds": seconds, "late": called[0] - at, "bar_s": player.next_beat_time(Player.Unit.BAR)
	}


## The value of `level` that the client knows as sent, after the frame's end.
func _sent(player: Player) -> Variant:
	await process_frame
	return player._inputs.value_of("level")


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
