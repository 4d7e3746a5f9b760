extends Node2D
## Draws the Warden: stones, and runes that glow with the beat.

const Palette := preload("res://demo/palette.gd")
const Warden := preload("warden.gd")

const _STONES: Array[Rect2] = [
	Rect2(-52, -86, 42, 86),
	Rect2(12, -86, 44, 86),
	Rect2(-70, -186, 140, 104),
	Rect2(-56, -222, 112, 40),
]
const _RUNES: Array[Array] = [
	[Vector2(-30, -160), Vector2(-10, -130), Vector2(-30, -104)],
	[Vector2(30, -160), Vector2(10, -130), Vector2(30, -104)],
	[Vector2(0, -176), Vector2(0, -100)],
	[Vector2(-44, -70), Vector2(-30, -40), Vector2(-36, -14)],
	[Vector2(34, -70), Vector2(24, -40), Vector2(36, -14)],
]

@export var warden: Warden

var _passed_s := 0.0


func _process(delta: float) -> void:
	_passed_s += delta
	queue_redraw()


func _draw() -> void:
	var up := warden.waking()
	var sunk := (1.0 - up) * 46.0 + warden.fall * 150.0
	var breath := sin(_passed_s * 1.6) * 2.0 * up
	var lean := warden.fall * 0.5
	draw_set_transform(Vector2(0, sunk), lean, Vector2.ONE)
	for index in _STONES.size():
		var stone := _STONES[index]
		stone.position.y += breath * (1.0 if index > 1 else 0.0)
		_stone(stone)
	_arm(-1.0, breath)
	_arm(1.0, breath)
	var head := Vector2(0, -250 + breath * 1.5)
	var mask: PackedVector2Array = []
	for corner: Vector2 in [
		Vector2(-30, 22),
		Vector2(-38, -14),
		Vector2(-20, -36),
		Vector2(18, -38),
		Vector2(38, -12),
		Vector2(28, 24),
		Vector2(0, 34)
	]:
		mask.append(head + corner)
	draw_colored_polygon(mask, Palette.STONE_LIT.darkened(0.1))
	draw_polyline(mask.slice(1, 6), Palette.MOONLIT, 2.0, true)
	var light := Palette.RUNE.lerp(Palette.DANGER, 1.0 - warden.health)
	# Its runes are dark while hits count.
	var shine := 0.25 if warden.is_open() else 0.6
	light.a = up * (1.0 - warden.fall) * (shine + 0.4 * warden.clock.pulse)
	for side: float in [-1.0, 1.0]:
		draw_line(head + Vector2(side * 20, -6), head + Vector2(side * 8, -1), light, 6.0, true)
	var bright := light.lerp(Color.WHITE, 0.35)
	for corners in _RUNES:
		var rune := PackedVector2Array(corners)
		draw_polyline(rune, Color(light, light.a * 0.4), 10.0, true)
		draw_polyline(rune, bright, 3.0, true)
	draw_circle(Vector2(0, -138), 13.0 + 4.0 * warden.clock.pulse, Color(light, light.a * 0.5))
	draw_circle(Vector2(0, -138), 7.0, bright)
	draw_set_transform(Vector2.ZERO)


func _stone(at: Rect2) -> void:
	var lit := Palette.STONE_LIT.lerp(Color.WHITE, warden.hit_left * 0.5)
	var corners: PackedVector2Array = [
		at.position + Vector2(6, 0),
		Vector2(at.end.x - 8, at.position.y),
		Vector2(at.end.x, at.position.y + 12),
		at.end - Vector2(4, 0),
		Vector2(at.position.x + 3, at.end.y),
		at.position + Vector2(0, 10),
	]
	var low := Palette.STONE.darkened(0.25)
	draw_polygon(corners, PackedColorArray([lit, lit, Palette.STONE, low, low, Palette.STONE]))
	draw_polyline(corners.slice(0, 3), Palette.MOONLIT.darkened(0.15), 2.0, true)
	var seam := at.position.y + at.size.y * 0.6
	draw_line(
		Vector2(at.position.x + 4, seam), Vector2(at.end.x - 6, seam + 3), Palette.STONE_DARK, 2.0
	)


## Both arms rise while a blow is announced, and lie on the ground after it.
func _arm(side: float, breath: float) -> void:
	var raised := maxf(0.0, warden.warning) * 1.9 - warden.blow_left * 0.7
	var shoulder := Vector2(side * 74, -172 + breath)
	var angle := PI / 2.0 - side * (0.15 + raised)
	var elbow := shoulder + Vector2.from_angle(angle) * 62.0
	var fist := elbow + Vector2.from_angle(angle - side * 0.3) * 62.0
	draw_line(shoulder, elbow, Palette.STONE, 34.0)
	draw_circle(shoulder, 26.0, Palette.STONE_LIT.darkened(0.15))
	draw_line(elbow, fist, Palette.STONE_LIT.darkened(0.25), 30.0)
	draw_circle(elbow, 17.0, Palette.STONE)
	draw_circle(fist, 25.0, Palette.STONE_LIT.darkened(0.1))
	draw_arc(fist, 25.0, PI, TAU, 12, Palette.MOONLIT.darkened(0.2), 2.0, true)
