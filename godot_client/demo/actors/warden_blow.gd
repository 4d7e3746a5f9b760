extends Node2D
## Draws the ring on the ground that closes until the Warden's blow falls, and the blow.

const Palette := preload("res://demo/palette.gd")
const Warden := preload("warden.gd")

@export var warden: Warden


func _process(_delta: float) -> void:
	queue_redraw()


func _draw() -> void:
	_ring()
	_blow()


## The outer ring shrinks onto the inner one: they meet on the bar line.
func _ring() -> void:
	if warden.warning < 0.0:
		return
	var at := Vector2(warden.target_x - warden.position.x, 0.0)
	draw_set_transform(at, 0.0, Vector2(1.0, 0.22))
	var near := warden.warning
	draw_circle(Vector2.ZERO, Warden.BLOW, Color(Palette.DANGER, 0.1 + 0.3 * near))
	draw_arc(Vector2.ZERO, Warden.BLOW, 0.0, TAU, 64, Palette.DANGER, 5.0, true)
	var closing := lerpf(330.0, Warden.BLOW, near)
	draw_arc(
		Vector2.ZERO, closing, 0.0, TAU, 64, Color(Palette.FLAME, 0.35 + 0.65 * near), 7.0, true
	)
	draw_set_transform(at)
	var beam := Color(Palette.DANGER, 0.05 + 0.15 * near * near)
	var sides: PackedVector2Array = [
		Vector2(-60, -500), Vector2(60, -500), Vector2(Warden.BLOW, 0), Vector2(-Warden.BLOW, 0)
	]
	var none := Color(beam, 0.0)
	draw_polygon(sides, PackedColorArray([none, none, beam, beam]))
	draw_set_transform(Vector2.ZERO)


func _blow() -> void:
	if warden.blow_left <= 0.0:
		return
	var part := 1.0 - warden.blow_left
	var at := Vector2(warden.target_x - warden.position.x, 0.0)
	draw_set_transform(at)
	var light := Color(Palette.FLAME, warden.blow_left * warden.blow_left * 0.8)
	var none := Color(light, 0.0)
	var half := 150.0 * (1.0 - part * 0.6)
	var column: PackedVector2Array = [
		Vector2(-half * 0.6, -620), Vector2(half * 0.6, -620), Vector2(half, 0), Vector2(-half, 0)
	]
	draw_polygon(column, PackedColorArray([none, none, light, light]))
	for index in 14:
		var angle := PI + PI * (index + 0.5) / 14.0
		var from := Vector2.from_angle(angle) * Vector2(1.4, 0.9) * (40.0 + 260.0 * part)
		from.y += 420.0 * part * part
		if from.y < 6.0:
			draw_rect(Rect2(from, Vector2(7, 7) * warden.blow_left), Palette.STONE_LIT)
	draw_set_transform(at, 0.0, Vector2(1.0, 0.2))
	draw_arc(Vector2.ZERO, 150.0 + 300.0 * part, 0.0, TAU, 64, light, 14.0 * warden.blow_left, true)
	draw_set_transform(Vector2.ZERO)
