extends CanvasLayer
## Mist over the ground, thick in the forest and thin in the town.

const Places := preload("res://demo/course/places.gd")

const _SHADER := preload("res://demo/shaders/mist.gdshader")

var _shading := ShaderMaterial.new()


func _ready() -> void:
	_shading.shader = _SHADER
	($Mist as ColorRect).material = _shading


func _process(_delta: float) -> void:
	var camera := get_viewport().get_camera_2d()
	if camera == null:
		return
	var x := camera.get_screen_center_position().x
	_shading.set_shader_parameter("travelled", x / 1280.0)
	var is_inside := x > Places.CRYPT and x < Places.TOWN
	_shading.set_shader_parameter("density", 0.22 if is_inside else 0.34)
	var dawn := smoothstep(Places.TOWN - 300.0, Places.TOWN + 300.0, x)
	_shading.set_shader_parameter("tint", Color("8cbccf").lerp(Color("ffc9a8"), dawn))
