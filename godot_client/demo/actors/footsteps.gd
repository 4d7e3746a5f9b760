extends Node
## Lets the hero's steps fall on beats and half beats, whichever comes first; without music on time.

signal stepped

const BeatClock := preload("res://demo/course/beat_clock.gd")
const Hero := preload("hero.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")

const _LEAST_S := 0.1
const _WITHOUT_MUSIC_S := 0.3

@export var player: Player
@export var clock: BeatClock
@export var hero: Hero

var _is_waiting := false
var _was_on_beat := false
var _silent_s := 0.0


func _process(delta: float) -> void:
	if not hero.is_walking():
		_silent_s = _WITHOUT_MUSIC_S
		return
	var to_beat_s := player.next_beat_time()
	if to_beat_s == INF:
		_silent_s += delta
		if _silent_s >= _WITHOUT_MUSIC_S:
			_silent_s = 0.0
			_step()
	elif not _is_waiting and (not _was_on_beat or to_beat_s > _LEAST_S):
		_is_waiting = true
		# Just after a beat, half of the time to the next one leads to the middle between them.
		var lead_s := to_beat_s / 2.0 if _was_on_beat else 0.0
		_was_on_beat = not _was_on_beat
		player.schedule_on_beat(_step, Player.Unit.BEAT, lead_s)


func _step() -> void:
	_is_waiting = false
	if hero.is_walking():
		hero.step(clock.beat_s() / 2.0)
		stepped.emit()
	else:
		_was_on_beat = false
