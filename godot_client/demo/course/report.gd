extends Node
## Writes a line of JSON for everything that is heard and done, for whoever wants to know.

const BeatClock := preload("beat_clock.gd")
const Footsteps := preload("res://demo/actors/footsteps.gd")
const Lens := preload("res://demo/world/lens.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")
const Pilot := preload("pilot.gd")
const Warden := preload("res://demo/actors/warden.gd")

const _RATE := 48000.0

@export var player: Player
@export var clock: BeatClock
@export var footsteps: Footsteps
@export var lens: Lens
@export var pilot: Pilot
@export var warden: Warden

var _file: FileAccess
## What was heard in the frame before, and how far it has moved since.
var _heard := 0.0
var _moved_s := 0.0


func _ready() -> void:
	# Before everything that acts on a beat.
	process_priority = -100


func _process(_delta: float) -> void:
	if _file != null:
		_moved_s = maxf(0.0, player.heard_sample() - _heard) / _RATE
		_heard = player.heard_sample()


## Begins to write.
func start(path: String) -> void:
	_file = FileAccess.open(path, FileAccess.WRITE)
	if _file == null:
		push_error("cannot write %s: %s" % [path, error_string(FileAccess.get_open_error())])
		return
	player.connected.connect(func(title: String) -> void: note("connected", {"title": title}))
	player.disconnected.connect(
		func(reason: String, _text: String) -> void: note("disconnected", {"reason": reason})
	)
	player.failed.connect(func(text: String) -> void: note("failed", {"text": text}))
	player.changed.connect(_note_change)
	player.stinger.connect(func(name: String) -> void: note("stinger", {"name": name}))
	player.rules_changed.connect(
		func(errors: PackedStringArray) -> void: note("rules", {"errors": errors})
	)
	footsteps.stepped.connect(_note_beat.bind("step", Player.Unit.BEAT))
	warden.announced.connect(func(seconds: float) -> void: note("announced", {"seconds": seconds}))
	warden.struck.connect(_note_beat.bind("blow", Player.Unit.BAR))
	pilot.reached.connect(
		func(place: String) -> void: note("reached", {"name": place, "darkness": lens.darkness})
	)
	pilot.finished.connect(note.bind("finished", {}))


## Writes a line.
func note(kind: String, fields: Dictionary) -> void:
	if _file == null:
		return
	var line := {
		"kind": kind, "heard": player.heard_sample(), "pid": player.statistics()["service_pid"]
	}
	line["underruns"] = player.statistics()["underruns"]
	_file.store_line(JSON.stringify(line.merged(fields)))
	_file.flush()


func _note_change(layer: String, from: String, to: String, causes: PackedStringArray) -> void:
	var now := player.statistics()
	var fields := {"layer": layer, "from": from, "to": to, "because": causes}
	fields["event_ms"] = now["event_ms"]
	note("changed", fields)


## How far the nearest beat is from what is heard, and how far one frame has brought it.
func _note_beat(kind: String, unit: Player.Unit) -> void:
	if player.next_beat_time(unit) == INF:
		return
	var fields := {"next_s": player.next_beat_time(unit), "beat_s": clock.beat_s()}
	fields["moved_s"] = _moved_s
	fields["frame_s"] = get_process_delta_time()
	note(kind, fields)
