extends Node
## The script of the README, until two seconds of music, a change and a stinger are heard.

var _stingers: Array[String] = []


func _ready() -> void:
	var player: SeguePlayer = $SeguePlayer
	player.captions.connect(func(text: String) -> void: print(text))
	player.failed.connect(func(text: String) -> void: print("failed: ", text))
	player.stinger.connect(_stingers.append)
	player.set_input("place", "inside")
	player.set_input("danger", 0.8)
	player.fire("won")
	player.changed.connect(
		func(layer: String, from: String, to: String, _causes: PackedStringArray) -> void:
			print("changed ", [layer, from, to])
	)
	while player.statistics()["played"] < 96000 or _stingers.is_empty():
		await get_tree().process_frame
	print("stinger ", _stingers[0])
	print("service ", player.statistics()["service_pid"])
	player.stop()
	# The engine's audio thread lets go of a generator some mixes after its end, or calls it leaked.
	for mix in 3:
		var before := AudioServer.get_time_since_last_mix()
		while AudioServer.get_time_since_last_mix() >= before:
			before = AudioServer.get_time_since_last_mix()
			await get_tree().process_frame
	get_tree().quit()
