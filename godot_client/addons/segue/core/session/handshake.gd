extends RefCounted
## Writes each connection's `hello`, with the rules and the generator that the game changed to since
## the first, and remembers the game's volume for new sessions.

const Limits := preload("../protocol/limits.gd")

var _hello: Dictionary
## The fields of the control that asked for other rules; empty: none is open.
var _rules := {}
var _generator := ""
## The fields of the last control `volume`; empty: none.
var _volume := {}
var _is_muted := false


## fields: of the first `hello`.
func _init(fields: Dictionary) -> void:
	_hello = fields


## The fields of a connection's `hello`. key: of the last session, or null. last_chunk: `seq` of its
## last chunk.
func hello(key: Variant, last_chunk: int) -> Dictionary:
	var fields := _hello.duplicate()
	if key != null:
		fields["resume"] = key
	fields["last_chunk"] = last_chunk
	return fields


## What to do where the two sides share no version of the protocol. text: of the service.
func version_mismatch(text: String) -> String:
	return (
		"%s; this client speaks version %d: install the one that belongs to the service"
		% [text, Limits.VERSION]
	)


## Notes a request for other rules or another generator, which the service may refuse.
func asked(control: Dictionary) -> void:
	if control["op"] == "rules":
		_rules = control
	elif control["op"] == "generator":
		_generator = control["generator"]


## Notes a change of the game's volume, with or without a service.
func gained(control: Dictionary) -> void:
	if control["op"] == "volume":
		_volume = {"op": "volume", "gain_db": control["gain_db"]}
	elif control["op"] == "mute" or control["op"] == "unmute":
		_is_muted = control["op"] == "mute"


## The fields of the controls that give a new session the game's volume.
func gain() -> Array[Dictionary]:
	var controls: Array[Dictionary] = []
	if not _volume.is_empty():
		controls.append(_volume)
	if _is_muted:
		controls.append({"op": "mute"})
	return controls


## Notes that the service has accepted or refused the requested rules.
func rules(answer: Dictionary) -> void:
	if not _rules.is_empty() and answer["declaration"] != null:
		_hello.erase("rules_text")
		_hello.erase("rules_name")
		for field: String in ["rules_text", "rules_name"]:
			if _rules.get(field) != null:
				_hello[field] = _rules[field]
	_rules = {}


## Notes which generator plays.
func status(fields: Dictionary) -> void:
	if fields["level"] == 0 and not _generator.is_empty() and fields["generator"] == _generator:
		_hello["generator"] = _generator
		_generator = ""
