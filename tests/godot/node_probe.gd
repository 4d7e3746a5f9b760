extends SceneTree
## Plays a case of the nodes: `-- CASE.json RESULT.json`. The case names a function of the script
## that extends this one, whose Dictionary is the result.

const Player := preload("res://addons/segue/nodes/segue_player.gd")

const _GIVE_UP_MS := 60000
const _RATE := 48000

var _case: Dictionary
var _told: Array = []


func _initialize() -> void:
	var files := OS.get_cmdline_user_args()
	_case = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	Engine.max_fps = 100
	await process_frame
	var given: Variant = await call(_case["run"])
	# An error ends a function, and it gives nothing. Without results the test fails, and it shows
	# the error.
	if given is not Dictionary:
		quit(1)
		return
	var result: Dictionary = given
	result["told"] = _told
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(result))
	out.close()
	# The engine's audio thread lets go of what has stopped.
	await _mixes(3)
	quit()


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


func _plain(player: Player) -> Dictionary:
	var statistics := player.statistics()
	statistics.erase("changes")
	return statistics
