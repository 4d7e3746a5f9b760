extends RefCounted
## Reads the folder of a bake: its manifest and its sounds. In an exported game the sounds are there
## as the editor imported them.

const BakedRules := preload("baked_rules.gd")

const MANIFEST := "bake.json"

## What is wrong with the folder; empty: nothing.
var fault := ""

var manifest := {}

## The loops, which repeat, and the stingers, in the order of the manifest.
var loops: Array[AudioStream] = []
var stingers: Array[AudioStream] = []

var _folder: String


## path: the manifest.
func _init(path: String) -> void:
	_folder = path.get_base_dir()
	var text := FileAccess.get_file_as_string(path)
	if text.is_empty():
		fault = "%s: cannot be read: %s" % [path, error_string(FileAccess.get_open_error())]
		return
	var json := JSON.new()
	if json.parse(text) != OK:
		fault = "%s:%d: %s" % [path, json.get_error_line() + 1, json.get_error_message()]
		return
	fault = BakedRules.fault(json.data)
	if not fault.is_empty():
		fault = "%s: %s" % [path, fault]
		return
	manifest = json.data
	for loop: Dictionary in manifest["loops"]:
		loops.append(_sound(loop["file"], int(loop["samples"]), true))
	for stinger: Dictionary in manifest["stingers"]:
		stingers.append(_sound(stinger["file"], int(stinger["samples"]), false))


func _sound(file: String, samples: int, repeats: bool) -> AudioStream:
	if not fault.is_empty():
		return null
	var path := _folder.path_join(file)
	var stream: AudioStream
	if ResourceLoader.exists(path, "AudioStream"):
		stream = load(path).duplicate()
	elif not FileAccess.file_exists(path):
		fault = "%s: is not there; bake the rules again" % path
	elif file.ends_with(".wav"):
		stream = AudioStreamWAV.load_from_file(path)
	elif file.ends_with(".ogg"):
		stream = AudioStreamOggVorbis.load_from_file(path)
	if stream == null:
		fault = fault if not fault.is_empty() else "%s: cannot be read as sound" % path
		return null
	if stream is AudioStreamWAV:
		stream.loop_mode = AudioStreamWAV.LOOP_FORWARD if repeats else AudioStreamWAV.LOOP_DISABLED
		stream.loop_begin = 0
		stream.loop_end = samples
	else:
		stream.loop = repeats
	if absf(stream.get_length() * 48000.0 - samples) > 1.0:
		var text := "%s: expected %d samples, got %d; bake the rules again"
		fault = text % [path, samples, roundi(stream.get_length() * 48000.0)]
	return stream
