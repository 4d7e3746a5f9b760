extends Control
## Gives the player a stream for its bed: a soft tone that is computed here. A game takes a file.

const Player := preload("res://addons/segue/nodes/segue_player.gd")

const _HERTZ := 220.0
const _RATE := 44100


func _ready() -> void:
	var tone := AudioStreamWAV.new()
	tone.format = AudioStreamWAV.FORMAT_16_BITS
	tone.mix_rate = _RATE
	tone.loop_mode = AudioStreamWAV.LOOP_FORWARD
	# One second has whole periods.
	tone.loop_end = _RATE
	var data := PackedByteArray()
	data.resize(2 * _RATE)
	for index in _RATE:
		data.encode_s16(2 * index, roundi(2000.0 * sin(TAU * _HERTZ * index / _RATE)))
	tone.data = data
	var player: Player = $SeguePlayer
	player.bed_stream = tone
	player.failed.connect(func(text: String) -> void: ($Told as Label).text = text)
