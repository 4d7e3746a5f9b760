extends Node
## Tells everything that is heard and done, and writes it as lines of JSON if asked to.

signal noted(kind: String, fields: Dictionary)

const Footsteps := preload("res://demo/actors/footsteps.gd")
const Hero := preload("res://demo/actors/hero.gd")
const Lens := preload("res://demo/world/lens.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")
const Pilot := preload("pilot.gd")
const Warden := preload("res://demo/actors/warden.gd")

const _RATE := 48000.0

@export var player: Player
@export var hero: Hero
@export var footsteps: Footsteps
@export var lens: Lens
@export var pilot: Pilot
@export var warden: Warden

var _file: FileAccess
## In the frame before: what was heard, and how far the next beat and the next bar were.
var _heard := 0.0
var _beat_in_s := INF
var _bar_in_s := INF
## The last beat that was heard.
var _last_beat := 0.0


func _ready() -> void:
	player.connected.connect(func(title: String) -> void: note("connected", {"title": title}))
	player.disconnected.connect(
		func(reason: String, _text: String) -> void: note("disconnected", {"reason": reason})
	)
	player.failed.connect(func(text: String) -> void: note("failed", {"text": text}))
	player.decided.connect(_note_decision)
	player.changed.connect(_note_change)
	player.stinger.connect(func(sound: String) -> void: note("stinger", {"name": sound}))
	player.rules_changed.connect(
		func(errors: PackedStringArray) -> void: note("rules", {"errors": errors})
	)
	hero.struck.connect(note.bind("strike", {}))
	footsteps.stepped.connect(_note_step)
	warden.announced.connect(func(seconds: float) -> void: note("announced", {"seconds": seconds}))
	warden.struck.connect(_note_blow)
	pilot.reached.connect(
		func(place: String) -> void: note("reached", {"name": place, "darkness": lens.darkness})
	)
	pilot.finished.connect(note.bind("finished", {}))


func _process(_delta: float) -> void:
	if _moved_s() > _beat_in_s:
		_last_beat = _heard + _beat_in_s * _RATE
	_heard = player.heard_sample()
	_beat_in_s = player.next_beat_time()
	_bar_in_s = player.next_beat_time(Player.Unit.BAR)


## Begins to write.
func start(path: String) -> void:
	_file = FileAccess.open(path, FileAccess.WRITE)
	if _file == null:
		push_error("cannot write %s: %s" % [path, error_string(FileAccess.get_open_error())])


## Tells something.
func note(kind: String, fields: Dictionary) -> void:
	noted.emit(kind, fields)
	if _file == null:
		return
	var now := player.statistics()
	var line := {"kind": kind, "heard": player.heard_sample(), "x": hero.position.x}
	line["pid"] = now["service_pid"]
	line["underruns"] = now["underruns"]
	_file.store_line(JSON.stringify(line.merged(fields, true)))
	_file.flush()


func _note_decision(layer: String, from: String, to: String, seconds: float) -> void:
	note("decided", {"layer": layer, "from": from, "to": to, "seconds": seconds})


func _note_change(layer: String, from: String, to: String, causes: PackedStringArray) -> void:
	var fields := {"layer": layer, "from": from, "to": to, "because": causes}
	fields["event_ms"] = player.statistics()["event_ms"]
	note("changed", fields)


## How far the step is from a beat or the middle between two.
func _note_step() -> void:
	var ahead_s := _beat_in_s - _moved_s()
	var since_s := (player.heard_sample() - _last_beat) / _RATE
	var off_s := minf(absf(ahead_s), absf(ahead_s - since_s) / 2.0)
	_note_beat("step", off_s)


## How far the blow is from a bar line.
func _note_blow() -> void:
	_note_beat("blow", absf(_bar_in_s - _moved_s()))


func _note_beat(kind: String, off_s: float) -> void:
	if off_s != INF:
		var frame_s := get_process_delta_time()
		note(kind, {"off_s": off_s, "moved_s": _moved_s(), "frame_s": frame_s})


func _moved_s() -> float:
	return maxf(0.0, player.heard_sample() - _heard) / _RATE
