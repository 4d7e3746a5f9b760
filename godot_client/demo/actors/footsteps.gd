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
var _silent_s := 0.0


func _process(delta: float) -> void:
	if not hero.is_walking():
		_silent_s = _WITHOUT_MUSIC_S
		return
	if player.next_beat_time() == INF:
		_silent_s += delta
		if _silent_s >= _WITHOUT_MUSIC_S:
			_silent_s = 0.0
			_step()
	elif not _is_waiting:
		_is_waiting = true
		# A lead of half a beat calls it half a beat ahead: between two beats.
		var half_s := clock.beat_s() / 2.0
		var to_beat_s := player.next_beat_time()
		# The beat that is just being stepped on may still lie a little ahead.
		var is_half_next := to_beat_s > half_s + _LEAST_S or to_beat_s < _LEAST_S
		player.schedule_on_beat(_step, Player.Unit.BEAT, half_s if is_half_next else 0.0)


func _step() -> void:
	_is_waiting = false
	if hero.is_walking():
		hero.step(clock.beat_s() / 2.0)
		stepped.emit()
