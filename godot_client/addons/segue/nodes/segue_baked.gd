@icon("res://addons/segue/icons/segue_player.svg")
class_name SegueBaked
extends Node
## Plays a soundtrack that [code]segue bake[/code] has rendered, where no service can run: its loops
## follow what the game sets and fires by the rules, to the beat.
##
## Inputs, triggers and signals are those of [SeguePlayer], so that a game talks to either alike.
## It needs Godot 4.4 or newer. The clock of the rules is that of the sound: it stands still while
## the node is paused.

## The bake was read, and plays. [param title]: of the rule file.
signal connected(title: String)

## The bake cannot be played; [param text] says why and what to do.
signal failed(text: String)

## A beat is heard. [param bar_index] and [param beat_index] count from 0.
signal beat(bar_index: int, beat_index: int, tempo_bpm: float, exact: bool)

## The first beat of a bar is heard.
signal bar(bar_index: int)

## A change is heard now. [param causes] is empty: a bake does not tell them.
signal changed(layer: String, from_state: String, to_state: String, causes: PackedStringArray)

## A stinger begins to be heard.
signal stinger(stinger_name: String)

## The rules do not know an input, or not this value; [param text] says what they expect.
signal refused(input: String, text: String)

const BakedMixer := preload("../core/baked/baked_mixer.gd")
const BakedRules := preload("../core/baked/baked_rules.gd")
const BakeFiles := preload("../core/baked/bake_files.gd")
const InputTable := preload("../core/session/input_table.gd")

const _RATE := 48000.0
const _BUFFER_S := 0.5

## The manifest that [code]segue bake[/code] wrote: [code]bake.json[/code], with its sounds beside
## it.
@export_file("*.json") var bake_file := ""

## Plays as soon as the node is in the tree.
@export var autostart := true

## The audio bus.
@export var bus: StringName = &"Master"

## Of the music.
@export_range(-80.0, 24.0, 0.1, "suffix:dB") var volume_db := 0.0:
	set(value):
		volume_db = value
		if _speaker != null:
			_speaker.volume_db = value

## Sound that is handed to the engine ahead: what the game does is heard so much later. A game whose
## frames may take longer needs more.
@export_range(40, 400, 10, "suffix:ms") var fill_ms := 120

var _rules: BakedRules
var _mixer: BakedMixer
var _files: BakeFiles
var _table: InputTable
var _speaker: AudioStreamPlayer
var _capacity := 0
var _pushed := 0
var _event := {}
## What was decided and is not heard yet: [sample, signal, arguments].
var _waiting: Array = []


func _notification(what: int) -> void:
	if what == NOTIFICATION_POST_ENTER_TREE and autostart:
		start()


func _exit_tree() -> void:
	stop()


## Reads the bake, and plays it from the start of its rules. Whether it could. Nothing, if it plays.
func start() -> bool:
	if _rules != null:
		return true
	if not is_inside_tree():
		return false
	_files = BakeFiles.new(bake_file)
	var fault := "no bake_file is set" if bake_file.is_empty() else _files.fault
	if fault.is_empty() and not ClassDB.class_has_method("AudioStreamPlayback", "mix_audio"):
		fault = "baked soundtracks need Godot 4.4 or newer"
	if not fault.is_empty():
		# Not before others can listen, where the node starts as it enters the tree.
		_fail.call_deferred(fault)
		return false
	var manifest := _files.manifest
	_rules = BakedRules.new(manifest)
	_mixer = BakedMixer.new(manifest["loops"], _files.loops, manifest["stingers"], _files.stingers)
	_table = InputTable.new(manifest["inputs"])
	_pushed = 0
	_event = {}
	_waiting.clear()
	_speaker = AudioStreamPlayer.new()
	var generator := AudioStreamGenerator.new()
	generator.mix_rate = _RATE
	generator.buffer_length = _BUFFER_S
	_speaker.stream = generator
	_speaker.bus = bus
	_speaker.volume_db = volume_db
	add_child(_speaker, false, Node.INTERNAL_MODE_BACK)
	_speaker.play()
	_capacity = _playback().get_frames_available()
	connected.emit.call_deferred(manifest["title"])
	return true


## Ends the music. A later [method start] begins again.
func stop() -> void:
	if _rules == null:
		return
	_rules = null
	_mixer = null
	_speaker.stop()
	_speaker.queue_free()
	_speaker = null


## Sets an input of the rules; the last value of a game frame counts. Whether it was taken; if not,
## [signal refused] and a warning say why.
func set_input(input: String, value: Variant) -> bool:
	if _rules == null:
		return false
	var plain: Variant = _table.value(input, value)
	if _table.error != null:
		return _refuse(input)
	_event.get_or_add("set", {})[input] = plain
	return true


## The value that the game has set, or the rules' default; null: there is no such input.
func input_value(input: String) -> Variant:
	if _rules == null:
		return null
	return (_event.get("set", {}) as Dictionary).get(input, _rules.input_value(input))


## Fires a trigger of the rules. Whether it was taken.
func fire(trigger: String) -> bool:
	if _rules == null:
		return false
	_table.trigger(trigger)
	if _table.error != null:
		return _refuse(trigger)
	_event.get_or_add("fire", []).append(trigger)
	return true


## Sets all inputs and states of the rules back to their start; the clock goes on.
func reset() -> void:
	_event = {"reset": true}


## The active states as decided, by layer.
func states() -> Dictionary:
	return {} if _rules == null else _rules.states()


## The sample of the music that is heard now.
func heard_sample() -> float:
	if _rules == null:
		return 0.0
	var buffered := _capacity - _playback().get_frames_available()
	return _pushed - buffered - AudioServer.get_output_latency() * _RATE


func _process(_delta: float) -> void:
	if _rules == null:
		return
	var target := int(fill_ms * _RATE / 1000.0)
	while _capacity - _playback().get_frames_available() < target:
		_play_frame()
		if _rules == null:
			return
	_tell()


func _playback() -> AudioStreamGeneratorPlayback:
	return _speaker.get_stream_playback()


## Decides a frame of 40 ms, and hands its sound over.
func _play_frame() -> void:
	var events: Array = [] if _event.is_empty() else [_event]
	_event = {}
	var told := _rules.step(events)
	_playback().push_buffer(_mixer.render(told))
	var offset := 0 if told["loop"] == null else int(told["loop"]["offset"])
	for change: Dictionary in told["changes"]:
		var words := [change["layer"], change["from"], change["to"], PackedStringArray()]
		_waiting.append([_pushed + offset, changed, words])
	for begun: Dictionary in told["stingers"]:
		var entry: Dictionary = _files.manifest["stingers"][begun["index"]]
		_waiting.append([_pushed + int(begun["offset"]), stinger, [entry["name"]]])
	if told["beat"] != null:
		var at := _pushed + int(told["beat"]["offset"])
		var loop: Dictionary = _files.manifest["loops"][maxi(0, _rules.loop)]
		var place: Array = [told["beat"]["bar"], told["beat"]["beat"]]
		if place[1] == 0:
			_waiting.append([at, bar, [place[0]]])
		_waiting.append([at, beat, [place[0], place[1], loop["tempo_bpm"], true]])
	_pushed += BakedMixer.FRAME_SIZE


## Emits what is heard by now, in its order. A listener may stop the music.
func _tell() -> void:
	var heard := heard_sample()
	while _rules != null and not _waiting.is_empty() and _waiting[0][0] <= heard:
		var due: Array = _waiting.pop_front()
		(due[1] as Signal).emit.callv(due[2])


func _refuse(input: String) -> bool:
	push_warning("segue: %s" % _table.error.text)
	refused.emit(input, _table.error.text)
	return false


func _fail(text: String) -> void:
	if failed.get_connections().is_empty():
		push_warning("segue: %s" % text)
	failed.emit(text)
