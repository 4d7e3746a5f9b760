extends CharacterBody2D
## The hero: walks, jumps, strikes, and cannot lose.

signal struck
signal was_hurt

const Controls := preload("res://demo/course/controls.gd")
const Places := preload("res://demo/course/places.gd")
const Sounds := preload("sounds.gd")

const _WALK := 165.0
const _PUSH := 900.0
const _JUMP := 430.0
const _FALL := 1300.0
const _REACH := 105.0
const _STRIKE_S := 0.42
## Less health is never left: the demo is no contest.
const _LEAST_HEALTH := 0.1
const _HEAL := 0.035

@export var sounds: Sounds

var health := 1.0
## -1: to the left, 1: to the right.
var facing := 1.0
## The hero does not go beyond these points of the way.
var limits := Vector2(Places.START - 200.0, Places.END)
## What the figure shows: counts the steps; from 1 to 0 within a strike and after a wound.
var steps := 0
var step_s := 0.3
var since_step_s := 1.0
var strike_left := 0.0
var hurt_left := 0.0


func _physics_process(delta: float) -> void:
	var way := Input.get_axis(Controls.LEFT, Controls.RIGHT)
	if Input.is_action_just_pressed(Controls.JUMP) and is_on_floor():
		velocity.y = -_JUMP
	if Input.is_action_just_pressed(Controls.STRIKE):
		strike()
	if way != 0.0:
		facing = signf(way)
	velocity.x = move_toward(velocity.x, way * _WALK, _PUSH * delta)
	velocity.y += _FALL * delta
	move_and_slide()
	position.x = clampf(position.x, limits.x, limits.y)


func _process(delta: float) -> void:
	since_step_s += delta
	strike_left = maxf(0.0, strike_left - delta / _STRIKE_S)
	hurt_left = maxf(0.0, hurt_left - delta / 0.6)
	health = minf(1.0, health + _HEAL * delta)


## Whether the hero walks on the ground.
func is_walking() -> bool:
	return absf(velocity.x) > 20.0 and is_on_floor()


## Puts a foot down; the next step comes in about [param seconds].
func step(seconds: float) -> void:
	steps += 1
	step_s = seconds
	since_step_s = 0.0
	sounds.play("step")


## Strikes at what is in front: every node of the group `foes` with a method `take_hit`.
func strike() -> void:
	if strike_left > 0.0:
		return
	strike_left = 1.0
	sounds.play("swing")
	struck.emit()
	for foe: Node2D in get_tree().get_nodes_in_group(&"foes"):
		var away := foe.global_position.x - global_position.x
		if away * facing > -30.0 and absf(away) < _REACH + float(foe.get("width")):
			foe.call("take_hit", facing)


## Takes a wound. from: where it came from.
func hurt(amount: float, from_x: float) -> void:
	health = maxf(_LEAST_HEALTH, health - amount)
	hurt_left = 1.0
	velocity = Vector2(signf(position.x - from_x) * 240.0, -150.0)
	sounds.play("bite")
	was_hurt.emit()


## What a saved game keeps.
func saved() -> Dictionary:
	return {"x": position.x, "facing": facing, "health": health}


## Continues from what [method saved] has given.
func restore(state: Dictionary) -> void:
	position = Vector2(state["x"], Places.GROUND - 1.0)
	velocity = Vector2.ZERO
	facing = state["facing"]
	health = state["health"]
	reset_physics_interpolation()
