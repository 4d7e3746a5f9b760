extends Node2D
## The crypt: a gate in a hill, a corridor of arches and candles, and the Warden's hall.

const Glow := preload("glow.gd")
const Palette := preload("res://demo/palette.gd")
const Places := preload("res://demo/course/places.gd")

const _PILLARS := 230.0
const _TOP := -60.0

var _random := RandomNumberGenerator.new()


func _ready() -> void:
	for bowl in _bowls():
		Glow.add(self, bowl, Color(Palette.EMBER, 0.6), 170.0, 0.35)
	for side: float in [-330.0, 330.0]:
		var at := Vector2(Places.WARDEN + side, 330.0)
		Glow.add(self, at, Color(Palette.RUNE, 0.42), 240.0, 0.6)
	Glow.add(self, Vector2(Places.CRYPT - 40.0, 470.0), Color(Palette.RUNE, 0.5), 200.0, 0.4)


func _draw() -> void:
	_random.seed = 11
	_hill(Places.CRYPT - 620.0, Places.CRYPT + 10.0)
	_hill(Places.TOWN + 420.0, Places.TOWN - 10.0)
	_wall()
	var x := Places.CRYPT + 60.0
	while x < Places.HALL - 60.0:
		_niche(x + _PILLARS / 2.0)
		_pillar(x, 34.0)
		x += _PILLARS
	for bowl in _bowls():
		_brazier(bowl)
	_hall()
	_gate(Places.CRYPT)
	_gate(Places.TOWN)


## The hill in whose side the gate is.
func _hill(from: float, to: float) -> void:
	var hill: PackedVector2Array = [Vector2(from, Places.GROUND + 6.0)]
	var shades: PackedColorArray = [Palette.NEAR]
	var steps := 12
	for index in range(1, steps + 1):
		var part := float(index) / steps
		var high := 640.0 * pow(part, 1.7) + _random.randf_range(-14.0, 14.0)
		hill.append(Vector2(lerpf(from, to, part), Places.GROUND - high))
		shades.append(Palette.NEAR.lerp(Palette.MOONLIT, 0.3 * (1.0 - part)))
	hill.append(Vector2(to, Places.GROUND + 6.0))
	shades.append(Palette.FRONT)
	draw_polygon(hill, shades)
	draw_polyline(hill.slice(1, steps), Color(Palette.MOONLIT, 0.5), 2.0, true)


func _wall() -> void:
	var corners: PackedVector2Array = [
		Vector2(Places.CRYPT, _TOP),
		Vector2(Places.TOWN, _TOP),
		Vector2(Places.TOWN, Places.GROUND),
		Vector2(Places.CRYPT, Places.GROUND),
	]
	var low := Palette.STONE.darkened(0.15)
	var high := Palette.STONE_DARK
	draw_polygon(corners, PackedColorArray([high, high, low, low]))
	var row := 0
	var y := _TOP
	while y < Places.GROUND:
		var x := Places.CRYPT + (0.0 if row % 2 == 0 else -45.0)
		while x < Places.TOWN:
			if _random.randf() < 0.6:
				var light := _random.randf_range(0.01, 0.07) * (y + 200.0) / 700.0
				var stone := Rect2(maxf(x, Places.CRYPT) + 2, y + 2, 86, 36)
				draw_rect(stone, Color(Palette.STONE_LIT, light * 4.0))
			x += 90.0
		y += 40.0
		row += 1


## An arched niche with a candle, or a coffin that stands.
func _niche(x: float) -> void:
	var top := 330.0
	var half := 52.0
	var arch := PackedVector2Array([Vector2(x - half, Places.GROUND - 40.0)])
	for index in 13:
		var angle := PI + PI * index / 12.0
		arch.append(Vector2(x, top) + Vector2(cos(angle) * half, sin(angle) * 78.0))
	arch.append(Vector2(x + half, Places.GROUND - 40.0))
	draw_colored_polygon(arch, Color("0b0818"))
	draw_polyline(arch, Palette.STONE_LIT, 7.0, true)
	draw_polyline(arch, Palette.STONE_DARK, 2.0, true)
	var sill := Rect2(x - half - 8, Places.GROUND - 46.0, half * 2.0 + 16, 12)
	draw_rect(sill, Palette.STONE_LIT.darkened(0.2))
	for candle in _random.randi_range(2, 4):
		var at := Vector2(x - 34 + candle * 22, sill.position.y)
		var high := _random.randf_range(14.0, 34.0)
		draw_rect(Rect2(at - Vector2(3, high), Vector2(6, high)), Color("cdbfa6").darkened(0.3))
		draw_circle(at - Vector2(0, high + 5), 3.2, Palette.FLAME)
		draw_circle(at - Vector2(0, high + 6), 10.0, Color(Palette.EMBER, 0.18))


func _pillar(x: float, half: float) -> void:
	var lit := Palette.STONE_LIT
	var dark := Palette.STONE_DARK
	var shaft: PackedVector2Array = [
		Vector2(x - half, _TOP),
		Vector2(x + half, _TOP),
		Vector2(x + half, Places.GROUND),
		Vector2(x - half, Places.GROUND)
	]
	draw_polygon(shaft, PackedColorArray([dark, dark.darkened(0.3), Palette.STONE, lit]))
	for ring: float in [150.0, Places.GROUND - 34.0]:
		var block := Rect2(x - half - 10, ring, half * 2.0 + 20, 34)
		draw_rect(block, Palette.STONE.lightened(0.06))
		draw_line(block.position, block.position + Vector2(block.size.x, 0), lit, 2.0)


## Where the braziers hang.
func _bowls() -> Array[Vector2]:
	var found: Array[Vector2] = []
	var x := Places.CRYPT + 60.0 + _PILLARS / 2.0
	while x < Places.HALL - 60.0:
		found.append(Vector2(x, 280.0))
		x += _PILLARS * 2.0
	return found


func _brazier(bowl: Vector2) -> void:
	draw_line(bowl + Vector2(0, -380), bowl, Color("3a3350"), 2.0)
	draw_arc(bowl, 15.0, 0.0, PI, 14, Color("6b5a55"), 7.0, true)
	draw_circle(bowl + Vector2(0, -5), 9.0, Palette.EMBER)
	draw_circle(bowl + Vector2(0, -9), 5.0, Palette.FLAME)


## Tall windows, light that falls through them, and a circle of runes on the wall.
func _hall() -> void:
	for side: float in [-560.0, -330.0, 330.0, 560.0]:
		var x := Places.WARDEN + side
		var window: PackedVector2Array = [
			Vector2(x - 34, 380),
			Vector2(x - 34, 170),
			Vector2(x, 110),
			Vector2(x + 34, 170),
			Vector2(x + 34, 380)
		]
		draw_colored_polygon(window, Color("31406e"))
		draw_polyline(window, Palette.STONE_LIT, 6.0, true)
		draw_line(Vector2(x, 112), Vector2(x, 380), Palette.STONE_DARK, 5.0)
		draw_line(Vector2(x - 34, 250), Vector2(x + 34, 250), Palette.STONE_DARK, 5.0)
		var light := Color(Palette.MOONLIT, 0.2)
		var none := Color(Palette.MOONLIT, 0.0)
		var lean := -signf(side) * 170.0
		var beam: PackedVector2Array = [
			Vector2(x - 34, 170),
			Vector2(x + 34, 170),
			Vector2(x + 90 + lean, Places.GROUND),
			Vector2(x - 90 + lean, Places.GROUND)
		]
		draw_polygon(beam, PackedColorArray([light, light, none, none]))
	var middle := Vector2(Places.WARDEN, 270.0)
	for radius: float in [205.0, 190.0, 130.0]:
		draw_arc(middle, radius, 0.0, TAU, 72, Color(Palette.RUNE, 0.28), 3.0, true)
	for index in 16:
		var angle := TAU * index / 16.0
		var at := middle + Vector2.from_angle(angle) * 160.0
		var rune := Vector2.from_angle(angle * 3.0) * 11.0
		draw_line(at - rune, at + rune, Color(Palette.RUNE, 0.4), 3.0, true)
		draw_line(at, at + rune.orthogonal(), Color(Palette.RUNE, 0.4), 3.0, true)
	_pillar(Places.HALL + 20.0, 46.0)
	_pillar(Places.TOWN - 70.0, 46.0)


func _gate(x: float) -> void:
	var opening: PackedVector2Array = PackedVector2Array([Vector2(x - 64, Places.GROUND)])
	for index in 13:
		var angle := PI + PI * index / 12.0
		opening.append(Vector2(x, 400) + Vector2(cos(angle) * 64, sin(angle) * 84))
	opening.append(Vector2(x + 64, Places.GROUND))
	var frame := Rect2(x - 104, 268, 208, Places.GROUND - 268)
	draw_rect(frame, Palette.STONE)
	draw_rect(Rect2(x - 120, 250, 240, 26), Palette.STONE_LIT)
	draw_line(Vector2(x - 120, 250), Vector2(x + 120, 250), Palette.MOONLIT, 2.0)
	draw_colored_polygon(opening, Color("08060f"))
	draw_polyline(opening, Palette.STONE_LIT, 10.0, true)
	draw_polyline(opening, Color(Palette.RUNE, 0.6), 2.5, true)
