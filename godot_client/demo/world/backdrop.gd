extends CanvasLayer
## The sky behind everything, which turns from night to dawn along the way.

const Palette := preload("res://demo/palette.gd")
const Places := preload("res://demo/course/places.gd")

const _SHADER := preload("res://demo/shaders/sky.gdshader")
const _DAWN_FROM := 5600.0

var _shading := ShaderMaterial.new()


func _ready() -> void:
	_shading.shader = _SHADER
	var colours := {
		"night_top": Palette.SKY_TOP,
		"night_low": Palette.SKY_LOW,
		"dawn_top": Palette.DAWN_TOP,
		"dawn_low": Palette.DAWN_LOW,
		"moon": Palette.MOON,
	}
	for colour: String in colours:
		_shading.set_shader_parameter(colour, colours[colour])
	($Sky as ColorRect).material = _shading


func _process(_delta: float) -> void:
	var camera := get_viewport().get_camera_2d()
	if camera == null:
		return
	var x := camera.get_screen_center_position().x
	_shading.set_shader_parameter("travelled", x / 1280.0)
	_shading.set_shader_parameter("dawn", smoothstep(_DAWN_FROM, Places.TOWN + 500.0, x))
