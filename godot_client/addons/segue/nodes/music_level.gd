extends RefCounted
## How loud the music is, and whether it pauses: from its volume, the ducks and the interruptions.
## The client that plays is told whenever that changes.

## What an interruption does, the strongest first.
enum Interruption { PAUSE, DUCK, KEEP }

const Client := preload("../core/client.gd")
const GeneratorFiller := preload("generator_filler.gd")

## By a node's notification: the reason of an interruption, and the player's property that says what
## it does; empty: the reason is over. The editor's Game view suspends the game, from Godot 4.4 on:
## scripts do not get NOTIFICATION_SUSPENDED, 9003, and NOTIFICATION_UNSUSPENDED, 9004, by name.
const INTERRUPTIONS := {
	Node.NOTIFICATION_PAUSED: ["pause", "on_pause"],
	Node.NOTIFICATION_DISABLED: ["pause", "on_pause"],
	Node.NOTIFICATION_UNPAUSED: ["pause", ""],
	Node.NOTIFICATION_ENABLED: ["pause", ""],
	Node.NOTIFICATION_APPLICATION_FOCUS_OUT: ["focus", "on_focus_loss"],
	Node.NOTIFICATION_APPLICATION_PAUSED: ["focus", "on_focus_loss"],
	Node.NOTIFICATION_APPLICATION_FOCUS_IN: ["focus", ""],
	Node.NOTIFICATION_APPLICATION_RESUMED: ["focus", ""],
	9003: ["debugger", "on_debugger"],
	9004: ["debugger", ""],
}

## The least and the greatest volume, in dB; the least is silence.
const LEAST_DB := -96.0
const GREATEST_DB := 12.0

const _RAMP_MS := 50
const _LONGEST_RAMP_MS := 60000

var volume_db := 0.0:
	set(value):
		if not is_nan(value):
			volume_db = value
		_apply_gain(_RAMP_MS)
var is_muted := false:
	set(value):
		is_muted = value
		_apply_gain(_RAMP_MS)

## How much an interruption lowers the music.
var interruption_duck_db := -12.0:
	set(value):
		interruption_duck_db = value
		_apply_gain(_RAMP_MS)

## What it does that the debugger stops the main thread.
var on_debugger := Interruption.PAUSE:
	set(value):
		on_debugger = value
		_watch_debugger()

## Whether the client pauses.
var is_paused := false

var _client: Client
var _filler: GeneratorFiller
## By ducker's number: the gain in dB.
var _ducks := {}
## By reason: an Interruption.
var _interruptions := {}


## Tells this client from now on, whose samples the filler hands over.
func open(client: Client, filler: GeneratorFiller) -> void:
	_client = client
	_filler = filler
	is_paused = false
	_apply_pause()
	_apply_gain(0)


## Lets go of the client.
func close() -> void:
	_client = null
	_filler = null


## Goes on by a game frame.
func step() -> void:
	_release_freed()
	# While the main thread was away the client's thread may have done what `on_debugger` says.
	if _filler != null and _filler.main_thread_runs():
		is_paused = on_debugger == Interruption.PAUSE
		_apply_pause()
		_apply_gain(_RAMP_MS)


## Lowers the music to `lowered_db` for a ducker, until `unduck`.
func duck(ducker: Object, lowered_db: float, ramp_ms: int) -> void:
	_ducks[ducker.get_instance_id()] = 0.0 if is_nan(lowered_db) else minf(lowered_db, 0.0)
	_apply_gain(ramp_ms)


## Ends a duck.
func unduck(ducker: Object, ramp_ms: int) -> void:
	if _ducks.erase(ducker.get_instance_id()):
		_apply_gain(ramp_ms)


## Notes that an interruption begins, or with KEEP that it is over.
func interrupt(reason: String, what: Interruption) -> void:
	if what == Interruption.KEEP:
		_interruptions.erase(reason)
	else:
		_interruptions[reason] = what
	_apply_pause()
	_apply_gain(_RAMP_MS)


## Whether the music is to pause.
func must_pause() -> bool:
	return _policy() == Interruption.PAUSE


## The gain in dB that all of it makes.
func gain_db() -> float:
	var lowered := 0.0
	for duck_db: float in _ducks.values():
		lowered = minf(lowered, duck_db)
	if _policy() == Interruption.DUCK:
		lowered = minf(lowered, interruption_duck_db)
	return LEAST_DB if is_muted else clampf(volume_db + lowered, LEAST_DB, GREATEST_DB)


## Lets the client's thread do what `on_debugger` says when the main thread stands still.
func watch_stalls() -> void:
	var lowered := minf(gain_db(), volume_db + interruption_duck_db)
	_filler.set_when_stalled(_stalled.bind(_client, on_debugger, lowered))


## Ends the ducks of objects that were freed.
func _release_freed() -> void:
	for ducker: int in _ducks.keys():
		if not is_instance_id_valid(ducker):
			_ducks.erase(ducker)
			_apply_gain(_RAMP_MS)


## The strongest interruption that holds.
func _policy() -> Interruption:
	var strongest := Interruption.KEEP
	for what: Interruption in _interruptions.values():
		if what < strongest:
			strongest = what
	return strongest


func _apply_gain(ramp_ms: int) -> void:
	if _client != null:
		_client.set_volume(gain_db(), clampi(ramp_ms, 0, _LONGEST_RAMP_MS))
		_watch_debugger()


func _apply_pause() -> void:
	if _client != null and must_pause() != is_paused:
		is_paused = not is_paused
		_client.set_paused(is_paused)


## The client's thread has to know in advance what it does when the main thread stands still.
func _watch_debugger() -> void:
	if _filler != null and EngineDebugger.is_active():
		watch_stalls()


## On the client's thread, while the main thread stands still.
static func _stalled(client: Client, policy: Interruption, lowered_db: float) -> void:
	if policy == Interruption.PAUSE:
		client.set_paused(true)
	elif policy == Interruption.DUCK:
		client.set_volume(lowered_db, _RAMP_MS)
