extends Node2D
## Dark leaves in front of everything, which move past faster than the ground.

const Palette := preload("res://demo/palette.gd")
const Places := preload("res://demo/course/places.gd")

const _SHADER := preload("res://demo/shaders/trees.gdshader")
const _SCREEN := 1280.0
const _DEPTH := -0.35
const _ROOT := 800.0


func _ready() -> void:
	var shading := ShaderMaterial.new()
	shading.shader = _SHADER
	shading.set_shader_parameter("glow", Palette.SPIRIT)
	shading.set_shader_parameter("glow_strength", 0.05)
	shading.set_shader_parameter("sway", 9.0)
	material = shading


func _process(_delta: float) -> void:
	var camera := get_viewport().get_camera_2d()
	if camera != null:
		position.x = (camera.get_screen_center_position().x - _SCREEN / 2.0) * _DEPTH


func _draw() -> void:
	var random := RandomNumberGenerator.new()
	random.seed = 31
	var x := 0.0
	# What is seen at the crypt's gate lies here at the end.
	while x < (Places.CRYPT - _SCREEN) * (1.0 - _DEPTH):
		_tuft(Vector2(x, _ROOT), random)
		x += random.randf_range(60.0, 330.0)


func _tuft(root: Vector2, random: RandomNumberGenerator) -> void:
	var number := random.randf()
	var high := random.randf_range(90.0, 190.0)
	for leaf in random.randi_range(5, 9):
		var lean := random.randf_range(-0.9, 0.9)
		_leaf(
			root + Vector2(lean * 26.0, 0),
			lean * high * 0.9,
			high * random.randf_range(0.6, 1.0),
			number
		)


## A blade that bends to one side.
func _leaf(root: Vector2, bend: float, high: float, number: float) -> void:
	var left := PackedVector2Array()
	var right := PackedVector2Array()
	var steps := 7
	for step in steps:
		var part := float(step) / (steps - 1)
		var middle := root + Vector2(bend * part * part, -high * part)
		var half := 9.0 * sin(PI * (0.12 + 0.88 * part)) * (1.0 - part * 0.4) + 0.4
		left.append(middle - Vector2(half, 0))
		right.append(middle + Vector2(half, 0))
	right.reverse()
	var corners := left + right
	var shades := PackedColorArray()
	var uvs := PackedVector2Array()
	for corner in corners:
		var up := clampf((root.y - corner.y) / 190.0, 0.0, 1.0)
		shades.append(Palette.FRONT.lerp(Color("12303c"), up * 0.9))
		uvs.append(Vector2(number, up))
	draw_polygon(corners, shades, uvs)
