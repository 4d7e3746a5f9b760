extends RefCounted
## The last value that the game gave each input, so that no value is sent twice in a row.

const Limits := preload("session_limits.gd")

## By name, the latest last: [value, number of the event that sets it, whether setting it again
## changes nothing].
var _values := {}


## Notes the values of an event.
func note(values: Dictionary, seq: int) -> void:
	for name: String in values:
		_values.erase(name)
		_values[name] = [values[name], seq, true]
	while _values.size() > Limits.MOST_SETTINGS:
		_values.erase(_values.keys()[0])


## Whether the input has this value already.
func is_known(name: String, value: Variant) -> bool:
	if not _values.has(name):
		return false
	var last: Array = _values[name]
	return last[2] and typeof(last[0]) == typeof(value) and last[0] == value


## Whether the event of this number was the last to set the input.
func is_from(name: String, seq: int) -> bool:
	return _values.has(name) and _values[name][1] == seq


## Lets the input be set again, even to the same value.
func doubt(name: String) -> void:
	_values[name][2] = false


## The same for every input: the service's values may differ.
func doubt_all() -> void:
	for name: String in _values:
		doubt(name)


## Forgets all values: they were reset.
func clear() -> void:
	_values.clear()


## The last value of every input.
func all() -> Dictionary:
	var values := {}
	for name: String in _values:
		values[name] = _values[name][0]
	return values
