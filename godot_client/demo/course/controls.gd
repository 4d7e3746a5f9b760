extends RefCounted
## The keys of the demo.

const LEFT := &"walk_left"
const RIGHT := &"walk_right"
const JUMP := &"jump"
const STRIKE := &"strike"

## By action: its keys.
const KEYS: Dictionary = {
	LEFT: [KEY_LEFT, KEY_A],
	RIGHT: [KEY_RIGHT, KEY_D],
	JUMP: [KEY_UP, KEY_W],
	STRIKE: [KEY_SPACE],
}


## Lets the keys act.
static func register() -> void:
	for action: StringName in KEYS:
		if not InputMap.has_action(action):
			InputMap.add_action(action)
		InputMap.action_erase_events(action)
		for key: Key in KEYS[action]:
			var event := InputEventKey.new()
			event.physical_keycode = key
			InputMap.action_add_event(action, event)


## Lets the keys be for typing; the actions can still be pressed from scripts.
static func unregister() -> void:
	for action: StringName in KEYS:
		InputMap.action_erase_events(action)


## Lets go of all of them.
static func release() -> void:
	for action: StringName in KEYS:
		Input.action_release(action)


## Whether an event is one of the keys that move the hero.
static func is_of_hero(event: InputEvent) -> bool:
	for action: StringName in KEYS:
		if event.is_action_pressed(action):
			return true
	return false
