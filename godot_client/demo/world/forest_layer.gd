extends Node2D
## A row of trees at some depth: the farther away, the more slowly it moves past. It glows on the
## beat.

const Palette := preload("res://demo/palette.gd")
const Places := preload("res://demo/course/places.gd")

const _SHADER := preload("res://demo/shaders/trees.gdshader")
const _SCREEN := 1280.0
const _DAWN := Color(1.25, 0.72, 0.85)

## 0: with the ground, nearly 1: with the sky; below 0: in front.
@export_range(-0.6, 0.98) var depth := 0.5
## How many trees for each 1000 pixels.
@export var density := 9.0
@export var least_height := 160.0
@export var most_height := 300.0
@export var root_y := 560.0
@export var colour := Color("18324a")
@export var moonlit := Color("5d8ea0")
@export var glow_strength := 0.4
@export var number := 1
## The part of the way, in pixels of the ground, that has trees.
@export var from_x := -200.0
@export var to_x := 3500.0
## Whether the ground between the trees is filled below the roots.
@export var has_ground := true

var _random := RandomNumberGenerator.new()


func _ready() -> void:
	var shading := ShaderMaterial.new()
	shading.shader = _SHADER
	shading.set_shader_parameter("glow", Palette.SPIRIT)
	shading.set_shader_parameter("glow_strength", glow_strength)
	shading.set_shader_parameter("stretch", 4.0 + most_height * 0.035)
	shading.set_shader_parameter("sway", most_height * 0.016)
	material = shading


func _process(_delta: float) -> void:
	var camera := get_viewport().get_camera_2d()
	if camera != null:
		var x := camera.get_screen_center_position().x
		position.x = (x - _SCREEN / 2.0) * depth
		var dawn := smoothstep(Places.TOWN - 500.0, Places.TOWN + 600.0, x)
		modulate = Color.WHITE.lerp(_DAWN, dawn)


func _draw() -> void:
	_random.seed = number
	# What is seen at a point of the way lies here in this layer.
	var first := from_x * (1.0 - depth) - _SCREEN * maxf(0.0, -depth)
	var last := to_x * (1.0 - depth) + _SCREEN * maxf(0.0, depth)
	if has_ground:
		_draw_ground(first, last)
	var gap := 1000.0 / density
	var x := first
	while x < last:
		var at := Vector2(x + _random.randf_range(-0.4, 0.4) * gap, root_y + _ground(x))
		var height := _random.randf_range(least_height, most_height)
		if _random.randf() < 0.62:
			_pine(at, height)
		else:
			_broad(at, height)
		x += gap


## Hills of the ground.
func _ground(x: float) -> float:
	return sin(x * 0.004 + number) * 14.0 + sin(x * 0.011 + number * 2.0) * 6.0


func _draw_ground(first: float, last: float) -> void:
	var x := first
	while x < last:
		var next := minf(x + 80.0, last)
		var corners: PackedVector2Array = [
			Vector2(x, root_y + _ground(x) - 6.0),
			Vector2(next, root_y + _ground(next) - 6.0),
			Vector2(next, 860.0),
			Vector2(x, 860.0),
		]
		var low := colour.darkened(0.35)
		draw_polygon(corners, PackedColorArray([colour, colour, low, low]), _uvs(4, 0.0, 0.0))
		x = next


func _pine(root: Vector2, height: float) -> void:
	var own := _random.randf()
	var wide := height * _random.randf_range(0.17, 0.24)
	_trunk(root, height * 0.3, height * 0.03, own)
	var tiers := 6
	for tier in tiers:
		var low := height * (0.1 + 0.75 * tier / tiers)
		var high := minf(height, low + height * 0.34)
		var half := wide * (1.0 - 0.86 * tier / tiers) * _random.randf_range(0.9, 1.1)
		var droop := height * 0.035
		var corners: PackedVector2Array = [
			root + Vector2(0, -high),
			root + Vector2(half * 0.5, -low - (high - low) * 0.28),
			root + Vector2(half, -low + droop),
			root + Vector2(half * 0.3, -low - droop * 0.4),
			root + Vector2(-half * 0.35, -low - droop * 0.3),
			root + Vector2(-half, -low + droop),
			root + Vector2(-half * 0.5, -low - (high - low) * 0.28),
		]
		var lit := colour.lerp(moonlit, 0.16 + 0.2 * tier / tiers)
		var dark := colour.darkened(0.2)
		var shades: PackedColorArray = [lit, lit, lit, dark, dark, dark, colour]
		var uvs: PackedVector2Array = []
		for corner in corners:
			uvs.append(Vector2(own, clampf((root.y - corner.y) / height, 0.0, 1.0)))
		draw_polygon(corners, shades, uvs)


func _broad(root: Vector2, height: float) -> void:
	var own := _random.randf()
	_trunk(root, height * 0.75, height * 0.055, own)
	for branch in 3:
		var side := -1.0 if branch % 2 == 0 else 1.0
		var from := root + Vector2(0, -height * (0.38 + 0.1 * branch))
		var to := from + Vector2(side * height * 0.17, -height * 0.13)
		var high := clampf((root.y - to.y) / height, 0.0, 1.0)
		var thick := Vector2(0, height * 0.022)
		var arm: PackedVector2Array = [from - thick, to, from + thick]
		var dark := colour.darkened(0.25)
		var low := Vector2(own, 0.4 * high)
		draw_polygon(
			arm,
			PackedColorArray([dark, dark, dark]),
			PackedVector2Array([low, Vector2(own, high), low])
		)
	for leaf in 9:
		var angle := TAU * leaf / 8.0
		var out := 0.0 if leaf == 8 else 1.0
		var centre := root + Vector2(0, -height * 0.76)
		centre += Vector2(cos(angle) * 0.2, sin(angle) * 0.14) * height * out
		_leaves(centre, height * _random.randf_range(0.1, 0.15), root, height, own)


## A round mass of leaves, lit from above.
func _leaves(centre: Vector2, radius: float, root: Vector2, height: float, own: float) -> void:
	var corners := PackedVector2Array()
	var shades := PackedColorArray()
	var uvs := PackedVector2Array()
	for index in 14:
		var angle := TAU * index / 14.0
		var bumpy := radius * (1.0 + 0.1 * sin(angle * 5.0 + centre.x))
		var corner := centre + Vector2.from_angle(angle) * bumpy
		corners.append(corner)
		var light := clampf(0.5 - sin(angle) * 0.5 + cos(angle) * 0.2, 0.0, 1.0)
		shades.append(colour.lerp(moonlit, 0.36 * light))
		uvs.append(Vector2(own, clampf((root.y - corner.y) / height, 0.0, 1.0)))
	draw_polygon(corners, shades, uvs)


func _trunk(root: Vector2, height: float, half: float, own: float) -> void:
	var corners: PackedVector2Array = [
		root + Vector2(-half, 8),
		root + Vector2(-half * 0.5, -height),
		root + Vector2(half * 0.5, -height),
		root + Vector2(half, 8),
	]
	var dark := colour.darkened(0.4)
	var lit := colour.lerp(moonlit, 0.18)
	var uvs: PackedVector2Array = [
		Vector2(own, 0), Vector2(own, 0.3), Vector2(own, 0.3), Vector2(own, 0)
	]
	draw_polygon(corners, PackedColorArray([dark, dark, lit, lit]), uvs)


func _uvs(count: int, own: float, high: float) -> PackedVector2Array:
	var uvs := PackedVector2Array()
	for index in count:
		uvs.append(Vector2(own, high))
	return uvs
