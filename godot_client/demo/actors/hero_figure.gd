extends Node2D
## Draws the hero: a traveller in a cloak, with a lantern and a blade.

const Hero := preload("hero.gd")
const Palette := preload("res://demo/palette.gd")

const _CLOAK := Color("1d2b44")
const _CLOAK_LIT := Color("4f7590")
const _SKIN := Color("e8c7a0")
const _SCARF := Color("ff7a3d")

@export var hero: Hero
@export var lantern: Node2D

var _passed_s := 0.0
var _scarf_tail: PackedVector2Array = [Vector2.ZERO, Vector2.ZERO, Vector2.ZERO, Vector2.ZERO]


func _process(delta: float) -> void:
	_passed_s += delta
	scale.x = hero.facing
	# The swing of the legs ends when the next step falls.
	var wind := 4.0 + absf(hero.velocity.x) * 0.09
	for index in _scarf_tail.size():
		var wave := sin(_passed_s * 7.0 - index * 1.1) * (1.5 + index * 1.4)
		_scarf_tail[index] = Vector2(-4.0 - index * wind * 0.55, -47.0 + wave + index * 1.5)
	modulate = Color.WHITE.lerp(Palette.DANGER, hero.hurt_left * 0.7)
	if lantern != null:
		lantern.position = Vector2(20.0 * hero.facing, -30.0 + sin(_passed_s * 3.0))
	queue_redraw()


func _draw() -> void:
	var swing := 0.0
	if hero.is_walking():
		var part := clampf(hero.since_step_s / maxf(0.05, hero.step_s), 0.0, 1.0)
		swing = cos(part * PI) * (1.0 if hero.steps % 2 == 0 else -1.0)
	var bob := -absf(swing) * 1.5
	_leg(swing * 9.0, Color("0c1424"))
	_leg(-swing * 9.0, Color("121c30"))
	_scarf(bob)
	var hem := swing * 3.0
	var cloak: PackedVector2Array = [
		Vector2(-5, -49 + bob),
		Vector2(6, -49 + bob),
		Vector2(11, -30 + bob),
		Vector2(13 + hem, -9),
		Vector2(2, -6),
		Vector2(-15 - hem, -8),
		Vector2(-11, -32 + bob),
	]
	var shades: PackedColorArray = [
		_CLOAK_LIT,
		_CLOAK_LIT,
		_CLOAK_LIT.darkened(0.2),
		_CLOAK,
		_CLOAK,
		_CLOAK.darkened(0.4),
		_CLOAK
	]
	draw_polygon(cloak, shades)
	_head(bob)
	_arm_and_lantern(bob)
	_blade(bob)


func _leg(foot: float, colour: Color) -> void:
	draw_line(Vector2(0, -14), Vector2(foot, -2), colour, 5.0)
	draw_line(Vector2(foot - 1, -1.5), Vector2(foot + 5, -1.5), colour, 4.0)


func _scarf(bob: float) -> void:
	for index in _scarf_tail.size() - 1:
		var from := _scarf_tail[index] + Vector2(0, bob)
		var to := _scarf_tail[index + 1] + Vector2(0, bob)
		draw_line(from, to, _SCARF.darkened(index * 0.12), 6.0 - index * 1.2, true)


func _head(bob: float) -> void:
	draw_circle(Vector2(1, -55 + bob), 9.0, _CLOAK)
	var hood: PackedVector2Array = [
		Vector2(-9, -50 + bob),
		Vector2(-8, -62 + bob),
		Vector2(-1, -68 + bob),
		Vector2(7, -63 + bob),
		Vector2(9, -56 + bob),
		Vector2(6, -49 + bob),
	]
	var lit := _CLOAK_LIT
	draw_polygon(hood, PackedColorArray([_CLOAK, _CLOAK, lit, lit, _CLOAK_LIT, _CLOAK]))
	draw_circle(Vector2(4.5, -56 + bob), 5.0, _SKIN.darkened(0.25))
	draw_circle(Vector2(6, -57 + bob), 1.2, Color("1b1b2a"))
	draw_line(Vector2(-6, -49 + bob), Vector2(7, -48 + bob), _SCARF, 5.0)


func _arm_and_lantern(bob: float) -> void:
	var hand := Vector2(16, -36 + bob)
	draw_line(Vector2(4, -43 + bob), hand, _CLOAK_LIT.darkened(0.25), 4.5)
	draw_line(hand, hand + Vector2(4, 3), Color("6b5a4a"), 1.5)
	var glass := Rect2(hand + Vector2(1, 3), Vector2(7, 9))
	draw_rect(glass, Palette.FLAME)
	draw_rect(glass, Color("4a3a2c"), false, 1.5)


func _blade(bob: float) -> void:
	var shoulder := Vector2(2, -40 + bob)
	if hero.strike_left <= 0.0:
		draw_line(shoulder + Vector2(-12, -10), shoulder + Vector2(-2, 16), Color("8fa6b8"), 2.5)
		return
	var part := 1.0 - hero.strike_left
	var angle := lerpf(-2.1, 0.9, 1.0 - pow(1.0 - part, 3.0))
	var tip := shoulder + Vector2.from_angle(angle) * 50.0
	draw_line(shoulder, tip, Color("e8f4ff"), 3.5, true)
	var trail := Palette.SPIRIT
	trail.a = hero.strike_left * 0.7
	draw_arc(
		shoulder, 46.0, maxf(-2.1, angle - 1.5), angle, 20, trail, 9.0 * hero.strike_left, true
	)
