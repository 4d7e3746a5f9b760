extends Node2D
## The way itself: earth with grass, the crypt's flags, the town's cobbles.

const Palette := preload("res://demo/palette.gd")
const Places := preload("res://demo/course/places.gd")

const _LOW := 860.0
const _LEFT := -400.0
const _RIGHT := Places.END + 900.0


func _draw() -> void:
	var random := RandomNumberGenerator.new()
	random.seed = 5
	_earth(_LEFT, Places.CRYPT)
	_grass(random, _LEFT, Places.CRYPT - 30.0, Color("3d6b62"))
	_flags(random)
	_earth(Places.TOWN, _RIGHT)
	draw_rect(Rect2(Places.TOWN, Places.GROUND, _RIGHT - Places.TOWN, 300.0), Color("2a2034"))
	_cobbles(random)
	_stones(random)


func _earth(from: float, to: float) -> void:
	var corners: PackedVector2Array = [
		Vector2(from, Places.GROUND),
		Vector2(to, Places.GROUND),
		Vector2(to, _LOW),
		Vector2(from, _LOW),
	]
	var high := Color("1b3340")
	var low := Color("070d18")
	draw_polygon(corners, PackedColorArray([high, high, low, low]))
	draw_line(corners[0], corners[1], Color("4f8577"), 3.0)


func _grass(random: RandomNumberGenerator, from: float, to: float, colour: Color) -> void:
	var x := from
	while x < to:
		var high := random.randf_range(5.0, 17.0)
		var lean := random.randf_range(-5.0, 7.0)
		var shade := colour.darkened(random.randf_range(0.0, 0.5))
		var blade: PackedVector2Array = [
			Vector2(x - 2.0, Places.GROUND + 2.0),
			Vector2(x + lean, Places.GROUND - high),
			Vector2(x + 2.5, Places.GROUND + 2.0),
		]
		draw_colored_polygon(blade, shade)
		x += random.randf_range(4.0, 11.0)


func _flags(random: RandomNumberGenerator) -> void:
	for row in 5:
		var top := Places.GROUND + row * row * 9.0 + row * 14.0
		var high := 14.0 + row * 18.0 + 9.0
		var x := Places.CRYPT - random.randf_range(0.0, 40.0)
		while x < Places.TOWN:
			var wide := random.randf_range(70.0, 130.0) + row * 20.0
			var stone := Palette.STONE.darkened(0.12 * row + random.randf_range(0.0, 0.15))
			draw_rect(Rect2(x, top, wide, high), stone)
			draw_line(Vector2(x, top + 1), Vector2(x + wide, top + 1), stone.lightened(0.18), 2.0)
			draw_rect(Rect2(x, top, wide, high), Palette.STONE_DARK, false, 2.0)
			x += wide


func _cobbles(random: RandomNumberGenerator) -> void:
	var x := Places.TOWN
	while x < _RIGHT:
		for row in 11:
			var wide := random.randf_range(20.0, 34.0)
			var at := Rect2(x + (row % 2) * 14.0, Places.GROUND + 4.0 + row * 15.0, wide, 12.0)
			var stone := Color("6a5464").darkened(
				minf(0.85, 0.075 * row + random.randf_range(0.0, 0.15))
			)
			draw_rect(at, stone)
			draw_line(at.position, at.position + Vector2(wide, 0), stone.lightened(0.25), 1.5)
		x += 30.0
	draw_line(
		Vector2(Places.TOWN, Places.GROUND), Vector2(_RIGHT, Places.GROUND), Color("c58f78"), 3.0
	)


## Stones, roots and mushrooms of the forest.
func _stones(random: RandomNumberGenerator) -> void:
	var x := _LEFT
	while x < Places.CRYPT - 120.0:
		x += random.randf_range(120.0, 320.0)
		var size := random.randf_range(8.0, 22.0)
		var at := Vector2(x, Places.GROUND + 3.0)
		var stone: PackedVector2Array = [
			at + Vector2(-size, 0),
			at + Vector2(-size * 0.7, -size * 0.6),
			at + Vector2(size * 0.1, -size * 0.8),
			at + Vector2(size * 0.9, -size * 0.3),
			at + Vector2(size, 0),
		]
		var dark := Color("16283a")
		var lit := Color("3d6274")
		draw_polygon(stone, PackedColorArray([dark, lit, lit, dark, dark]))
