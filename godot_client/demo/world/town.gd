extends Node2D
## The town at dawn: houses with lit windows, a well, and strings of lanterns that glow on the beat.

const Glow := preload("glow.gd")
const Palette := preload("res://demo/palette.gd")
const Places := preload("res://demo/course/places.gd")

const _WALLS: Array[Color] = [Color("7d5a5e"), Color("8a6a58"), Color("6a5570"), Color("946f5a")]
const _ROOFS: Array[Color] = [Color("4a2c3d"), Color("53303a"), Color("3c2b4a")]

var _random := RandomNumberGenerator.new()


func _ready() -> void:
	for lantern in _lanterns():
		Glow.add(self, lantern, Color(Palette.EMBER, 0.55), 95.0, 0.8)
	for window: float in [6720.0, 7080.0, 7420.0, 7790.0]:
		Glow.add(self, Vector2(window, 470.0), Color(Palette.EMBER, 0.4), 190.0, 0.15)


func _draw() -> void:
	_random.seed = 23
	var x := Places.TOWN + 300.0
	while x < Places.END + 700.0:
		var wide := _random.randf_range(190.0, 270.0)
		_house(x, wide, _random.randf_range(180.0, 290.0))
		x += wide + _random.randf_range(14.0, 60.0)
	_well(Vector2(7480.0, Places.GROUND))
	for post: float in [6730.0, 7050.0, 7370.0, 7690.0, 8010.0]:
		draw_line(Vector2(post, Places.GROUND), Vector2(post, 318), Color("2a1c2e"), 7.0)
	var wires := _lanterns()
	for index in wires.size() - 1:
		if wires[index + 1].x - wires[index].x < 90.0:
			draw_line(
				wires[index] - Vector2(0, 12),
				wires[index + 1] - Vector2(0, 12),
				Color("2a1c2e"),
				2.0
			)
	for lantern in wires:
		draw_line(lantern - Vector2(0, 12), lantern, Color("2a1c2e"), 2.0)
		draw_circle(lantern, 8.0, Palette.EMBER.darkened(0.1))
		draw_circle(lantern, 4.0, Palette.FLAME)


## Where the lanterns hang: on wires between the posts.
func _lanterns() -> Array[Vector2]:
	var found: Array[Vector2] = []
	for post: float in [6730.0, 7050.0, 7370.0, 7690.0]:
		for index in 5:
			var part := (index + 0.5) / 5.0
			var sag := 4.0 * part * (1.0 - part) * 62.0
			found.append(Vector2(post + 320.0 * part, 334.0 + sag))
	return found


func _house(x: float, wide: float, high: float) -> void:
	var wall: Color = _WALLS[_random.randi() % _WALLS.size()]
	var roof: Color = _ROOFS[_random.randi() % _ROOFS.size()]
	var top := Places.GROUND - high
	var corners: PackedVector2Array = [
		Vector2(x, top),
		Vector2(x + wide, top),
		Vector2(x + wide, Places.GROUND),
		Vector2(x, Places.GROUND)
	]
	var dark := wall.darkened(0.45)
	draw_polygon(corners, PackedColorArray([wall, wall.lightened(0.12), dark, dark]))
	var beam := Color("33202c")
	for part: float in [0.0, 0.34, 0.67, 1.0]:
		draw_line(Vector2(x + wide * part, top), Vector2(x + wide * part, Places.GROUND), beam, 6.0)
	draw_line(Vector2(x, top + high * 0.45), Vector2(x + wide, top + high * 0.45), beam, 6.0)
	var peak := _random.randf_range(80.0, 120.0)
	var chimney := Rect2(x + wide * 0.72, top - peak * 0.9, 24, peak * 0.8)
	draw_rect(chimney, dark)
	var gable: PackedVector2Array = [
		Vector2(x - 22, top + 8),
		Vector2(x + wide * 0.5, top - peak),
		Vector2(x + wide + 22, top + 8)
	]
	draw_polygon(gable, PackedColorArray([roof, roof.lightened(0.25), roof.darkened(0.1)]))
	draw_polyline(gable, Color("e8a080", 0.55), 2.5, true)
	for column in 3:
		for row in 2:
			if row == 1 and column == 1:
				continue
			var at := Vector2(x + wide * (0.17 + 0.333 * column), top + high * (0.2 + 0.5 * row))
			_window(Rect2(at - Vector2(15, 17), Vector2(30, 34)))
	var door := Rect2(x + wide * 0.5 - 19, Places.GROUND - 66, 38, 66)
	draw_rect(door, Color("3a2230"))
	draw_rect(door, beam, false, 4.0)
	draw_circle(door.position + Vector2(30, 36), 2.5, Palette.FLAME)


func _window(at: Rect2) -> void:
	var is_lit := _random.randf() < 0.7
	draw_rect(at, Palette.FLAME if is_lit else Color("3b3a5c"))
	if is_lit:
		draw_rect(at.grow(7.0), Color(Palette.EMBER, 0.16))
	var frame := Color("33202c")
	draw_rect(at, frame, false, 3.5)
	draw_line(at.position + Vector2(15, 0), at.position + Vector2(15, 34), frame, 2.5)
	draw_line(at.position + Vector2(0, 17), at.position + Vector2(30, 17), frame, 2.5)


func _well(at: Vector2) -> void:
	draw_rect(Rect2(at + Vector2(-46, -46), Vector2(92, 46)), Color("594a5e"))
	for row in 3:
		for column in 4:
			var stone := Rect2(at + Vector2(-44 + column * 23, -44 + row * 15), Vector2(20, 12))
			draw_rect(stone, Color("75637a").darkened(0.12 * row))
	for side: float in [-40.0, 40.0]:
		draw_line(at + Vector2(side, -46), at + Vector2(side, -118), Color("33202c"), 7.0)
	var roof: PackedVector2Array = [
		at + Vector2(-62, -112), at + Vector2(0, -158), at + Vector2(62, -112)
	]
	draw_colored_polygon(roof, Color("53303a"))
	draw_polyline(roof, Color("e8a080", 0.6), 2.5, true)
