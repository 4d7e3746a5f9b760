extends RefCounted
## How loud the music is, and whether it pauses: from its volume, the ducks and the interruptions.

## What an interruption does, the strongest first.
enum Interruption { PAUSE, DUCK, KEEP }

## The least and the greatest volume, in dB; the least is silence.
const LEAST_DB := -96.0
const GREATEST_DB := 12.0

var volume_db := 0.0
var is_muted := false

## How much an interruption lowers the music.
var interruption_duck_db := -12.0

## By ducker's number: the gain in dB.
var _ducks := {}
## By reason: an Interruption.
var _interruptions := {}


## Lowers the music to `lowered_db` for a ducker, until `unduck`.
func duck(ducker: Object, lowered_db: float) -> void:
	_ducks[ducker.get_instance_id()] = minf(lowered_db, 0.0)


## Ends a duck; whether there was one.
func unduck(ducker: Object) -> bool:
	return _ducks.erase(ducker.get_instance_id())


## Notes that an interruption begins, or with KEEP that it is over.
func interrupt(reason: String, what: Interruption) -> void:
	if what == Interruption.KEEP:
		_interruptions.erase(reason)
	else:
		_interruptions[reason] = what


## Whether the music pauses.
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


## The gain in dB if an interruption that ducks came now.
func interrupted_gain_db() -> float:
	return minf(gain_db(), volume_db + interruption_duck_db)


## The strongest interruption that holds.
func _policy() -> Interruption:
	var strongest := Interruption.KEEP
	for what: Interruption in _interruptions.values():
		if what < strongest:
			strongest = what
	return strongest
