extends Node
## Plays the demo by itself, by the same input as a player, and waits where the music has to arrive.

signal reached(place: String)
signal finished

const Controls := preload("controls.gd")
const Hero := preload("res://demo/actors/hero.gd")
const Places := preload("places.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")
const Warden := preload("res://demo/actors/warden.gd")
const Wolf := preload("res://demo/actors/wolf.gd")

## Each step: walk `to`, then `fight`, then until `hear` [layer, state] or as much of `mix` [style,
## share] is heard, then `rest_s`.
const COURSE: Array[Dictionary] = [
	{"to": Places.START + 260.0, "hear": ["place", "forest"], "rest_s": 2.0},
	{"to": Places.SHRINE, "rest_s": 3.0, "name": "forest"},
	{"to": Places.WOLVES - 330.0, "hear": ["action", "combat"], "name": "wolves"},
	{"fight": "wolves"},
	{"to": Places.WOLVES + 400.0, "hear": ["action", "calm"], "rest_s": 1.0},
	{"to": Places.CRYPT + 520.0, "hear": ["place", "crypt"], "rest_s": 2.0},
	{"to": Places.HALL - 260.0, "mix": ["abyss", 0.4], "rest_s": 4.0, "name": "crypt"},
	{"to": Places.HALL + 330.0, "hear": ["action", "boss"]},
	{"fight": "warden", "name": "boss"},
	{"hear": ["action", "aftermath"], "rest_s": 4.0, "name": "victory"},
	{"to": Places.TOWN + 480.0, "hear": ["place", "town"], "rest_s": 2.0},
	{"to": Places.END - 700.0, "hear": ["action", "calm"], "rest_s": 4.0, "name": "town"},
]
const _NEAR := 90.0
const _STRIKE_EACH_S := 0.5

@export var player: Player
@export var hero: Hero
@export var warden: Warden

var _step := -1
var _left_s := 0.0
var _strike_s := 0.0


func _ready() -> void:
	# The hero sees a key in the tick in which it is pressed.
	process_physics_priority = -10


func _physics_process(delta: float) -> void:
	if not is_active():
		return
	_strike_s -= delta
	Input.action_release(Controls.STRIKE)
	Input.action_release(Controls.JUMP)
	var step := COURSE[_step]
	if not _has_walked(step) or not _has_fought(step) or not _has_heard(step):
		_left_s = step.get("rest_s", 0.0)
		return
	_left_s -= delta
	if _left_s <= 0.0:
		_next(step)


func is_active() -> bool:
	return _step >= 0


## Walks on from where the hero is.
func start() -> void:
	_step = 0
	while _step < COURSE.size() - 1 and COURSE[_step].get("to", 0.0) < hero.position.x - 60.0:
		_step += 1
	_left_s = COURSE[_step].get("rest_s", 0.0)


func stop() -> void:
	if is_active():
		_step = -1
		Controls.release()


func _next(step: Dictionary) -> void:
	if step.has("name"):
		reached.emit(step["name"])
	_step += 1
	if _step == COURSE.size():
		stop()
		finished.emit()
	else:
		_left_s = COURSE[_step].get("rest_s", 0.0)


func _has_walked(step: Dictionary) -> bool:
	if not step.has("to"):
		return true
	return _walk(float(step["to"]) - hero.position.x, 14.0)


## Presses a key towards somewhere; whether the hero is there.
func _walk(away: float, near: float) -> bool:
	var is_there := absf(away) < near
	_hold(Controls.RIGHT, not is_there and away > 0.0)
	_hold(Controls.LEFT, not is_there and away < 0.0)
	return is_there


func _has_heard(step: Dictionary) -> bool:
	# Without a session there is nothing to wait for.
	if player.state == Player.State.FAILED:
		return true
	var now := player.statistics()
	if step.has("hear") and now["states"].get(step["hear"][0], "") != step["hear"][1]:
		return false
	return not step.has("mix") or now["mix"].get(step["mix"][0], 0.0) >= step["mix"][1]


func _has_fought(step: Dictionary) -> bool:
	match step.get("fight", ""):
		"wolves":
			return _has_driven_off_wolves()
		"warden":
			return _has_beaten_warden()
		_:
			return true


func _has_driven_off_wolves() -> bool:
	var nearest: Wolf = null
	for wolf: Wolf in get_tree().get_nodes_in_group(&"wolves"):
		if not wolf.is_away() and (nearest == null or wolf.distance < nearest.distance):
			nearest = wolf
	if nearest == null:
		_walk(0.0, 1.0)
		return true
	_attack(nearest.position.x - hero.position.x)
	return false


func _has_beaten_warden() -> bool:
	if warden.is_dead():
		_walk(0.0, 1.0)
		return true
	# Out of the ring while it closes, back in once the blow has fallen: then hits count.
	if warden.reaches(hero.position.x):
		_walk(-200.0, 1.0)
	elif warden.is_open():
		_attack(warden.position.x - hero.position.x)
	else:
		_walk(0.0, 1.0)
	return false


func _attack(away: float) -> void:
	if absf(away) < _NEAR and signf(away) != hero.facing:
		_walk(away, 1.0)
	elif _walk(away, _NEAR) and _strike_s <= 0.0:
		_strike_s = _STRIKE_EACH_S
		Input.action_press(Controls.STRIKE)


static func _hold(action: StringName, is_held: bool) -> void:
	if is_held:
		Input.action_press(action)
	else:
		Input.action_release(action)
