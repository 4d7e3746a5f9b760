extends CanvasLayer
## The darkness around the hero: in the crypt it follows the music, as far as it is heard.

const Hero := preload("res://demo/actors/hero.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")

const _SHADER := preload("res://demo/shaders/lens.gdshader")
## The style whose share of the mix is the darkness.
const _STYLE := "abyss"
const _FULL := 0.6

@export var player: Player
@export var hero: Hero

## 0: none, 1: only the lantern is seen.
var darkness := 0.0

var _shading := ShaderMaterial.new()
var _danger := 0.0


func _ready() -> void:
	_shading.shader = _SHADER
	($Shade as ColorRect).material = _shading


func _process(delta: float) -> void:
	var heard: float = player.statistics()["mix"].get(_STYLE, 0.0)
	darkness = lerpf(darkness, clampf(heard / _FULL, 0.0, 1.0), minf(1.0, delta * 4.0))
	var wanted := maxf(hero.hurt_left, 0.7 if hero.health < 0.3 else 0.0)
	_danger = lerpf(_danger, wanted, minf(1.0, delta * 6.0))
	var at := hero.get_global_transform_with_canvas().origin + Vector2(0, -40)
	_shading.set_shader_parameter("centre", at / Vector2(1280, 720))
	_shading.set_shader_parameter("darkness", darkness)
	_shading.set_shader_parameter("danger", _danger)
