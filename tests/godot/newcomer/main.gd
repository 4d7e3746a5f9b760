extends Node
## The script of the README, until two seconds of music and a change are heard.


func _ready() -> void:
	var player: SeguePlayer = $SeguePlayer
	player.captions.connect(func(text: String) -> void: print(text))
	player.failed.connect(func(text: String) -> void: print("failed: ", text))
	await player.connected
	player.set_input("place", "inside")
	var change: Array = await player.changed
	print("changed ", change)
	while player.statistics()["played"] < 96000:
		await get_tree().process_frame
	print("service ", player.statistics()["service_pid"])
	player.stop()
	# The engine's audio thread lets go of a generator some mixes after its end, or calls it leaked.
	for mix in 3:
		var before := AudioServer.get_time_since_last_mix()
		while AudioServer.get_time_since_last_mix() >= before:
			before = AudioServer.get_time_since_last_mix()
			await get_tree().process_frame
	get_tree().quit()
