extends Node2D
## A wolf: watches, comes nearer, bites, and flees when it was hit twice.

signal fled

enum Mood { WATCH, STALK, LEAP, FLEE, GONE }

const Hero := preload("hero.gd")
const Palette := preload("res://demo/palette.gd")
const Sounds := preload("sounds.gd")

const _NOTICES := 620.0
const _BITES := 62.0
const _HITS := 2
## Far enough not to count as a threat.
const _AWAY := 5000.0
const _SIZE := 1.35
const _DARK := Color("0b1322")
const _LIT := Color("3a5568")

@export var hero: Hero
@export var sounds: Sounds
## How near it comes before it leaps: the wolves of a pack take turns.
@export var patience_s := 1.8

## Pixels to the hero; what the binding of the threat reads.
var distance := _AWAY
## How far a strike may be off.
var width := 26.0
var hits := 0

var _mood := Mood.WATCH
var _home := Vector2.ZERO
var _waited_s := 0.0
var _passed_s := 0.0
var _facing := -1.0
var _speed := 0.0


func _ready() -> void:
	_home = position
	_passed_s = position.x


func _process(delta: float) -> void:
	_passed_s += delta
	var away := hero.position.x - position.x
	distance = absf(away)
	match _mood:
		Mood.WATCH:
			_speed = sin(_passed_s * 0.7) * 18.0
			if distance < _NOTICES:
				_mood = Mood.STALK
		Mood.STALK:
			_stalk(away, delta)
		Mood.LEAP:
			_leap(delta)
		Mood.FLEE, Mood.GONE:
			distance = _AWAY
			_speed = 340.0
			modulate.a = maxf(0.0, modulate.a - delta * 0.5)
			if modulate.a <= 0.0:
				_mood = Mood.GONE
				visible = false
	position.x += _speed * delta
	if absf(_speed) > 5.0:
		_facing = signf(_speed)
	if visible:
		queue_redraw()


## Whether it has been driven away.
func is_away() -> bool:
	return _mood == Mood.FLEE or _mood == Mood.GONE


## Takes a hit of the hero.
func take_hit(from_facing: float) -> void:
	if is_away():
		return
	hits += 1
	sounds.play("hit")
	position.x += from_facing * 40.0
	_waited_s = 0.0
	_mood = Mood.STALK
	if hits >= _HITS:
		_mood = Mood.FLEE
		fled.emit()


## What a saved game keeps.
func saved() -> Dictionary:
	return {"x": position.x, "hits": hits}


## Continues from what [method saved] has given.
func restore(state: Dictionary) -> void:
	position.x = state["x"]
	hits = state["hits"]
	var is_gone := hits >= _HITS
	_mood = Mood.GONE if is_gone else Mood.WATCH
	visible = not is_gone
	modulate.a = 0.0 if is_gone else 1.0
	_waited_s = 0.0


func _stalk(away: float, delta: float) -> void:
	if distance > _NOTICES * 1.3:
		_mood = Mood.WATCH
	var wanted := 110.0 + fmod(_home.x, 90.0)
	_speed = clampf((distance - wanted) * 2.0, -90.0, 130.0) * signf(away)
	if distance < wanted + 60.0:
		_waited_s += delta
	if _waited_s > patience_s:
		_waited_s = 0.0
		_mood = Mood.LEAP
		_speed = 420.0 * signf(away)


func _leap(delta: float) -> void:
	_waited_s += delta
	position.y = _home.y - sin(clampf(_waited_s / 0.45, 0.0, 1.0) * PI) * 46.0
	if distance < _BITES and hero.hurt_left <= 0.0:
		hero.hurt(0.1, position.x)
		_waited_s = 1.0
	if _waited_s >= 0.45:
		position.y = _home.y
		_waited_s = 0.0
		_mood = Mood.STALK


func _draw() -> void:
	draw_set_transform(Vector2.ZERO, 0.0, Vector2(_facing, 1.0) * _SIZE)
	var run := _passed_s * (4.0 + absf(_speed) * 0.06)
	var stride := minf(13.0, absf(_speed) * 0.12)
	_leg(-20.0, sin(run + 2.2) * stride, _DARK.darkened(0.3))
	_leg(20.0, sin(run + 4.0) * stride, _DARK.darkened(0.3))
	_tail()
	_body()
	_leg(-25.0, sin(run) * stride, _DARK)
	_leg(24.0, sin(run + 1.8) * stride, _DARK)
	_head(sin(_passed_s * 2.0))


func _leg(at: float, swing: float, colour: Color) -> void:
	var knee := Vector2(at + swing * 0.3 - 2.0, -12)
	var foot := Vector2(at + swing, 0)
	draw_line(Vector2(at, -24), knee, colour, 7.0)
	draw_line(knee, foot, colour, 4.0)
	draw_line(foot, foot + Vector2(5, 0), colour, 3.5)


func _tail() -> void:
	var swing := sin(_passed_s * 3.0) * 4.0
	var brush: PackedVector2Array = [
		Vector2(-28, -36),
		Vector2(-44, -34 + swing * 0.5),
		Vector2(-58, -22 + swing),
		Vector2(-48, -22 + swing),
		Vector2(-30, -28),
	]
	draw_polygon(brush, PackedColorArray([_LIT, _LIT, _DARK, _DARK, _DARK]))


func _body() -> void:
	var body: PackedVector2Array = [
		Vector2(-31, -35),
		Vector2(-10, -37),
		Vector2(8, -41),
		Vector2(24, -46),
		Vector2(36, -42),
		Vector2(34, -26),
		Vector2(24, -16),
		Vector2(4, -21),
		Vector2(-20, -22),
		Vector2(-32, -25),
	]
	var shades: PackedColorArray = [_LIT, _LIT, _LIT, _LIT, _LIT, _DARK, _DARK, _DARK, _DARK, _DARK]
	draw_polygon(body, shades)
	draw_polyline(body.slice(0, 4), Color(Palette.MOONLIT, 0.7), 1.4, true)


func _head(nod: float) -> void:
	var head: PackedVector2Array = [
		Vector2(24, -45),
		Vector2(31, -53 + nod),
		Vector2(33, -63 + nod),
		Vector2(38, -54 + nod),
		Vector2(46, -50 + nod),
		Vector2(60, -42 + nod),
		Vector2(59, -38 + nod),
		Vector2(45, -36 + nod),
		Vector2(33, -30),
	]
	var shades: PackedColorArray = [_LIT, _LIT, _LIT, _LIT, _LIT, _DARK, _DARK, _DARK, _DARK]
	draw_polygon(head, shades)
	if _mood == Mood.LEAP:
		var jaw: PackedVector2Array = [Vector2(45, -36), Vector2(57, -31), Vector2(42, -31)]
		draw_colored_polygon(jaw, _DARK)
		draw_line(Vector2(47, -36), Vector2(57, -36), Color("e8e0d8"), 1.5)
	draw_circle(Vector2(45, -46 + nod), 6.0, Color(Palette.DANGER, 0.25))
	draw_circle(Vector2(45, -46 + nod), 2.4, Palette.DANGER)
	draw_circle(Vector2(45.5, -46 + nod), 1.0, Color("ffd9c0"))
