extends Node2D
## The Warden of the crypt: wakes, and strikes on bar lines that it announces ahead of time.

signal woke
signal announced(seconds: float)
signal struck
signal died

enum Mood { ASLEEP, WAKING, FIGHTS, DEAD }

const BeatClock := preload("res://demo/course/beat_clock.gd")
const Hero := preload("hero.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")
const Sounds := preload("sounds.gd")

const _WAKES := 520.0
const _WAKING_S := 2.5
## How long before its bar line a blow is announced.
const _WARNING_S := 1.3
## How long before a bar line it ends its rest; the bar line of the blow itself is too near.
const _END_OF_REST_S := 0.5
## Half the width of a blow.
const BLOW := 125.0
const _HIT := 0.1
const _DAMAGE := 0.2

@export var player: Player
@export var clock: BeatClock
@export var hero: Hero
@export var sounds: Sounds

## What the bindings read.
var health := 1.0
var is_fighting := false
## How far a strike may be off.
var width := 70.0
## Where the next blow falls, and how near it is: 0 to 1; negative: none is announced.
var target_x := 0.0
var warning := -1.0
## From 1 to 0 after a blow, a hit, and its death.
var blow_left := 0.0
var hit_left := 0.0
var fall := 0.0

var _mood := Mood.ASLEEP
var _left_s := 0.0
## How many have fallen since it woke, or since a saved game was loaded.
var _blows := 0
## Blows that were announced before this one's number do not fall any more.
var _number := 0


func _process(delta: float) -> void:
	blow_left = maxf(0.0, blow_left - delta * 1.6)
	hit_left = maxf(0.0, hit_left - delta * 4.0)
	match _mood:
		Mood.ASLEEP:
			if hero.position.x > position.x - _WAKES:
				_mood = Mood.WAKING
				is_fighting = true
				_left_s = _WAKING_S
				woke.emit()
		Mood.WAKING:
			_left_s -= delta
			if _left_s <= 0.0:
				_mood = Mood.FIGHTS
				_announce_next(_number)
		Mood.FIGHTS:
			_aim()
		Mood.DEAD:
			fall = minf(1.0, fall + delta * 0.5)


## 0: asleep, 1: awake, for the picture.
func waking() -> float:
	match _mood:
		Mood.ASLEEP:
			return 0.0
		Mood.WAKING:
			return 1.0 - _left_s / _WAKING_S
		_:
			return 1.0


func is_dead() -> bool:
	return _mood == Mood.DEAD


## Where it is dangerous: left and right of the announced blow.
func reaches(x: float) -> bool:
	return warning >= 0.0 and absf(x - target_x) < BLOW


## Whether a hit counts: from a blow until the next one is announced; without music always.
func is_open() -> bool:
	var has_struck := _blows > 0 and warning < 0.0
	return _mood == Mood.FIGHTS and (has_struck or player.state == Player.State.FAILED)


## Takes a hit of the hero.
func take_hit(_from_facing: float) -> void:
	if not is_open():
		return
	health = maxf(0.0, health - _HIT)
	hit_left = 1.0
	sounds.play("hit")
	if health <= 0.0:
		_mood = Mood.DEAD
		is_fighting = false
		_forget_blow()
		sounds.play("slam")
		died.emit()


## What a saved game keeps.
func saved() -> Dictionary:
	return {"health": health, "is_awake": _mood != Mood.ASLEEP, "is_dead": is_dead()}


## Continues from what [method saved] has given.
func restore(state: Dictionary) -> void:
	_forget_blow()
	health = state["health"]
	fall = 1.0 if state["is_dead"] else 0.0
	is_fighting = state["is_awake"] and not state["is_dead"]
	_mood = Mood.ASLEEP
	if state["is_dead"]:
		_mood = Mood.DEAD
	elif is_fighting:
		_mood = Mood.FIGHTS
		_announce_next(_number)


func _aim() -> void:
	if warning >= 0.0:
		warning = clampf(1.0 - player.next_beat_time(Player.Unit.BAR) / _WARNING_S, 0.0, 1.0)


## The announcement comes a fixed time before a bar line, whatever the tempo; the blow on that line.
func _announce_next(number: int) -> void:
	if number != _number:
		return
	player.schedule_on_beat(_announce.bind(_number), Player.Unit.BAR, _WARNING_S)


func _announce(number: int) -> void:
	if number != _number:
		return
	warning = 0.0
	target_x = hero.position.x
	announced.emit(player.next_beat_time(Player.Unit.BAR))
	player.schedule_on_beat(_strike.bind(_number), Player.Unit.BAR)


func _strike(number: int) -> void:
	if number != _number:
		return
	if reaches(hero.position.x) and hero.is_on_floor():
		hero.hurt(_DAMAGE, position.x + 400.0)
	warning = -1.0
	_blows += 1
	blow_left = 1.0
	sounds.play("slam")
	struck.emit()
	# It rests for a bar: there is time for some hits, at any tempo.
	player.schedule_on_beat(_announce_next.bind(_number), Player.Unit.BAR, _END_OF_REST_S)


func _forget_blow() -> void:
	_number += 1
	_blows = 0
	warning = -1.0
	_left_s = 0.0
