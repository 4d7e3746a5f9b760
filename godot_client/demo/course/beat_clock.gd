extends Node
## Where the music is between two beats, for pictures: every shader reads `music_pulse`.

const Player := preload("res://addons/segue/nodes/segue_player.gd")

const _PULSE := &"music_pulse"
const _DECAY := 4.0

@export var player: Player

## From 0 on a beat to nearly 1 before the next.
var phase := 0.0
## 1 on a beat, then falling; 0 without music.
var pulse := 0.0
var tempo_bpm := 96.0
## The beat of the bar that is heard, from 0.
var beat_in_bar := 0


func _ready() -> void:
	player.beat.connect(_hear)


func _process(_delta: float) -> void:
	var next_s := player.next_beat_time()
	if next_s == INF or player.statistics()["is_standing"]:
		pulse = move_toward(pulse, 0.0, 0.02)
	else:
		phase = clampf(1.0 - next_s / beat_s(), 0.0, 1.0)
		pulse = exp(-_DECAY * phase)
	RenderingServer.global_shader_parameter_set(_PULSE, pulse)


## How long a beat is.
func beat_s() -> float:
	return 60.0 / tempo_bpm


func _hear(_bar: int, beat: int, tempo: float, _exact: bool) -> void:
	beat_in_bar = beat
	tempo_bpm = tempo
