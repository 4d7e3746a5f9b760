extends RefCounted
## What a client tells of the music, as the signals of a SeguePlayer.

signal beat(bar_index: int, beat_index: int, tempo_bpm: float, exact: bool)
signal bar(bar_index: int)
signal decided(layer: String, from_state: String, to_state: String, seconds: float)
signal changed(layer: String, from_state: String, to_state: String, causes: PackedStringArray)
signal receipt(number: int, accepted: bool, code: String, text: String)
signal underrun(count: int)
signal stinger(stinger_name: String)
signal captions(text: String)
signal rules_changed(errors: PackedStringArray)
signal failed(text: String)

const ClientEvent := preload("../core/session/client_event.gd")
const HeardMusic := preload("heard_music.gd")

const _RATE := 48000.0


## Takes what the client tells. heard: what is heard of it. caption_texts: as of the player.
func take(event: ClientEvent, heard: HeardMusic, caption_texts: Dictionary) -> void:
	var fields := event.fields
	match event.kind:
		ClientEvent.BEAT_HEARD:
			beat.emit(fields["bar"], fields["beat"], fields["tempo_bpm"], fields["exact"])
			if fields["beat"] == 0:
				bar.emit(fields["bar"])
		ClientEvent.RECEIPT:
			receipt.emit(fields["seq"], fields["accepted"], fields["code"], fields["text"])
		ClientEvent.UNDERRUN:
			underrun.emit(fields["count"])
		ClientEvent.STINGER_HEARD:
			stinger.emit(fields["name"])
			_caption([fields["name"]], caption_texts)
		"rules":
			rules_changed.emit(PackedStringArray(fields["errors"]))
		"change":
			_take_decision(fields, heard)
		ClientEvent.CHANGE_HEARD:
			_take_change(fields["change"], caption_texts)
		"error":
			failed.emit("%s: %s" % [fields["code"], fields["text"]])


func _take_decision(change: Dictionary, heard: HeardMusic) -> void:
	if heard.is_new_decision(change):
		var seconds := maxf(0.0, (change["audible"] - heard.heard_sample()) / _RATE)
		decided.emit(change["layer"], change["from_state"], change["to_state"], seconds)


func _take_change(change: Dictionary, caption_texts: Dictionary) -> void:
	var to_state: String = change["to_state"]
	var causes := HeardMusic.causes(change)
	changed.emit(change["layer"], change["from_state"], to_state, causes)
	_caption(["%s/%s" % [change["layer"], to_state], to_state], caption_texts)


## Emits the first text that is set for one of the keys, or the last key itself.
func _caption(keys: Array[String], texts: Dictionary) -> void:
	var text := "[music: %s]" % keys[-1].replace("_", " ")
	for key in keys:
		if texts.has(key):
			text = str(texts[key])
			break
	if not text.is_empty():
		captions.emit(text)
