extends Node2D
## A stone in the forest whose runes wake when somebody comes near.

const BeatClock := preload("res://demo/course/beat_clock.gd")
const Glow := preload("glow.gd")
const Palette := preload("res://demo/palette.gd")

@export var clock: BeatClock

var _light := 0.0
var _is_near := false
var _glow: Node2D


func _ready() -> void:
	_glow = Glow.add(self, Vector2(0, -70), Color(Palette.SPIRIT, 0.0), 260.0, 0.6)
	var area := get_parent() as Area2D
	area.body_entered.connect(func(_body: Node2D) -> void: _is_near = true)
	area.body_exited.connect(func(_body: Node2D) -> void: _is_near = false)


func _process(delta: float) -> void:
	_light = move_toward(_light, 1.0 if _is_near else 0.25, delta * 0.8)
	_glow.set("tint", Color(Palette.SPIRIT, 0.3 * _light))
	queue_redraw()


func _draw() -> void:
	var stone: PackedVector2Array = [
		Vector2(-40, 4),
		Vector2(-32, -112),
		Vector2(-8, -140),
		Vector2(24, -128),
		Vector2(36, -60),
		Vector2(42, 4)
	]
	var lit := Color("4a6f80")
	var dark := Color("14263a")
	draw_polygon(stone, PackedColorArray([dark, lit, lit, Color("2b4a5c"), dark, dark]))
	draw_polyline(stone.slice(1, 4), Palette.MOONLIT, 2.0, true)
	var rune := Color(Palette.SPIRIT, _light * (0.6 + 0.4 * clock.pulse))
	var marks: Array[Array] = [
		[Vector2(-12, -112), Vector2(-2, -86), Vector2(-14, -62)],
		[Vector2(12, -108), Vector2(4, -86), Vector2(14, -62)],
		[Vector2(0, -50), Vector2(0, -24)],
	]
	for corners in marks:
		var mark := PackedVector2Array(corners)
		draw_polyline(mark, Color(rune, rune.a * 0.35), 9.0, true)
		draw_polyline(mark, rune, 3.0, true)
	draw_arc(Vector2(0, -86), 24.0, 0.0, TAU, 40, rune, 2.5, true)
