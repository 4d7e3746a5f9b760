extends Node2D
## Fireflies in the forest, dust in the crypt, and sparks in the town, around what the camera sees.

const Palette := preload("res://demo/palette.gd")
const Places := preload("res://demo/course/places.gd")

## Each [tint, how many, gravity, radius].
const _KINDS: Array[Array] = [
	[Color("b8ff9a"), 26, Vector2(0, -3), 13.0],
	[Color("b5a0e8"), 34, Vector2(0, 5), 6.0],
	[Color("ffb870"), 26, Vector2(10, -12), 8.0],
]

var _swarms: Array[CPUParticles2D] = []


func _ready() -> void:
	for kind in _KINDS:
		_swarms.append(_swarm(kind))


func _process(_delta: float) -> void:
	var camera := get_viewport().get_camera_2d()
	if camera == null:
		return
	var x := camera.get_screen_center_position().x
	var now := 0 if x < Places.CRYPT else (1 if x < Places.TOWN else 2)
	for index in _swarms.size():
		_swarms[index].position = Vector2(x, 440.0)
		_swarms[index].emitting = index == now


func _swarm(kind: Array) -> CPUParticles2D:
	var swarm := CPUParticles2D.new()
	swarm.amount = kind[1]
	swarm.lifetime = 7.0
	swarm.preprocess = 7.0
	swarm.local_coords = false
	swarm.emission_shape = CPUParticles2D.EMISSION_SHAPE_RECTANGLE
	swarm.emission_rect_extents = Vector2(700, 150)
	swarm.gravity = kind[2]
	swarm.direction = Vector2(1, -0.3)
	swarm.spread = 180.0
	swarm.initial_velocity_min = 6.0
	swarm.initial_velocity_max = 26.0
	swarm.scale_amount_min = 0.4
	swarm.scale_amount_max = 1.0
	swarm.texture = _dot(kind[3])
	swarm.color_ramp = _life(kind[0])
	var shading := CanvasItemMaterial.new()
	shading.blend_mode = CanvasItemMaterial.BLEND_MODE_ADD
	swarm.material = shading
	add_child(swarm)
	return swarm


static func _dot(radius: float) -> GradientTexture2D:
	var fade := Gradient.new()
	fade.set_color(0, Color.WHITE)
	fade.set_color(1, Color(1, 1, 1, 0))
	fade.add_point(0.18, Color(1, 1, 1, 0.75))
	fade.add_point(0.4, Color(1, 1, 1, 0.14))
	var texture := GradientTexture2D.new()
	texture.gradient = fade
	texture.fill = GradientTexture2D.FILL_RADIAL
	texture.fill_from = Vector2(0.5, 0.5)
	texture.fill_to = Vector2(1.0, 0.5)
	texture.width = roundi(radius * 2.0)
	texture.height = roundi(radius * 2.0)
	return texture


## A light that comes and goes twice.
static func _life(tint: Color) -> Gradient:
	var none := Color(tint, 0.0)
	var life := Gradient.new()
	life.offsets = PackedFloat32Array([0.0, 0.2, 0.45, 0.7, 1.0])
	life.colors = PackedColorArray([none, tint, Color(tint, 0.15), tint, none])
	return life
