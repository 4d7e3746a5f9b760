extends CharacterBody2D
## Walks with the arrow keys; by itself as long as none is pressed.

const _SPEED := 160.0
const _TURN_S := 5.0

var _passed_s := 0.0


func _physics_process(delta: float) -> void:
	_passed_s += delta
	var way := Input.get_axis("ui_left", "ui_right")
	if way == 0.0:
		way = 1.0 if fmod(_passed_s, 2.0 * _TURN_S) < _TURN_S else -1.0
	velocity = Vector2(way * _SPEED, 0)
	move_and_slide()


func _draw() -> void:
	draw_circle(Vector2.ZERO, 16.0, Color.GOLD)
