@tool
extends Node2D
## A soft light that is added to what lies behind it.

const _SHADER := preload("res://demo/shaders/glow.gdshader")

## Its colour; alpha is its strength.
@export var tint := Color("ff9c4a"):
	set(value):
		tint = value
		queue_redraw()
## How far it reaches.
@export var radius := 120.0:
	set(value):
		radius = value
		queue_redraw()
## How much it flickers.
@export_range(0, 1) var flicker := 0.0
## How much of it comes with the beat.
@export_range(0, 1) var beat_share := 0.0


func _ready() -> void:
	var shading := ShaderMaterial.new()
	shading.shader = _SHADER
	shading.set_shader_parameter("beat_share", beat_share)
	shading.set_shader_parameter("flicker", flicker)
	shading.set_shader_parameter("number", position.x)
	material = shading


func _draw() -> void:
	var corners: PackedVector2Array = [
		Vector2(-radius, -radius),
		Vector2(radius, -radius),
		Vector2(radius, radius),
		Vector2(-radius, radius),
	]
	var uvs: PackedVector2Array = [Vector2.ZERO, Vector2.RIGHT, Vector2.ONE, Vector2.DOWN]
	draw_polygon(corners, [tint], uvs)


## Makes one, as a child of a node.
static func add(to: Node, at: Vector2, with_tint: Color, reach: float, beat: float) -> Node2D:
	var made: Node2D = load("res://demo/world/glow.gd").new()
	made.position = at
	made.set("tint", with_tint)
	made.set("radius", reach)
	made.set("beat_share", beat)
	to.add_child(made)
	return made
