extends RefCounted
## Writes each connection's `hello`, with the rules and the generator that the game changed to since
## the first, and remembers the game's pause and volume for each connection.

const Limits := preload("../protocol/limits.gd")

## The controls of which each connection is told the last, and what they change.
const _KEPT := {
	"pause": "pause",
	"resume": "pause",
	"volume": "volume",
	"mute": "mute",
	"unmute": "mute",
}

var _hello: Dictionary
## The fields of the control that asked for other rules; empty: none is open.
var _rules := {}
var _generator := ""
## The fields of the last control of each kind, by what they change.
var _changed := {}


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


## Notes what the game changes for all connections: its pause and its volume.
func changed(control: Dictionary) -> void:
	if _KEPT.has(control["op"]):
		var kept := control.duplicate()
		kept.erase("ramp_ms")
		_changed[_KEPT[control["op"]]] = kept


## The fields of the controls that follow every `welcome`: what the game ever changed, as it is now.
func changes() -> Array:
	return _changed.values()


## Notes that the service has accepted or refused the requested rules.
func rules(answer: Dictionary) -> void:
	if not _rules.is_empty() and answer["declaration"] != null:
		_hello.erase("rules_text")
		_hello.erase("rules_name")
		for field: String in ["rules_text", "rules_name"]:
			if _rules.get(field) != null:
				_hello[field] = _rules[field]
	_rules = {}


## Notes that the service does not have what was asked for.
func refused(error: Dictionary) -> void:
	if error["about"] == "control" and error["code"] == "unknown_rules":
		_rules = {}
	elif error["about"] == "control" and error["code"] == "unknown_generator":
		_generator = ""


## Notes which generator plays.
func status(fields: Dictionary) -> void:
	if fields["level"] == 0 and not _generator.is_empty() and fields["generator"] == _generator:
		_hello["generator"] = _generator
		_generator = ""
