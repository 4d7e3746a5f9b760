extends SceneTree
## Replays recorded sessions: `-- CASES.json RESULTS.json`. Each session begins with `hello`, the
## fields of its first one; `steps` are calls, received messages and times. The result of a step is
## its return value, the messages sent (parts in hex) and the client events.

const ClientEvent := preload("res://addons/segue/core/session/client_event.gd")
const ClientSession := preload("res://addons/segue/core/session/client_session.gd")
const PlaybackPosition := preload("res://addons/segue/core/session/playback_position.gd")


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var cases: Array = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(cases.map(_replay), "", false, true))
	out.close()
	quit()


func _replay(recorded: Dictionary) -> Array:
	var session := ClientSession.new(_plain(recorded["hello"]))
	var results: Array = []
	for step: Dictionary in recorded["steps"]:
		var returned: Variant = _apply(session, step)
		var sent: Array = []
		for parts: Array[PackedByteArray] in session.to_send():
			sent.append(parts.map(func(part: PackedByteArray) -> String: return part.hex_encode()))
		var told: Array = []
		for event: ClientEvent in session.client_events():
			told.append([event.kind, _json(event.fields)])
		var counts := [session.waiting(), session.unconfirmed()]
		var state: String = ClientSession.LifeCycle.State.keys()[session.state()]
		results.append([returned, sent, told, state, counts, session.upcoming_beats().size()])
	return results


func _apply(session: ClientSession, step: Dictionary) -> Variant:
	match step["do"]:
		"connected":
			session.connected(step["now"])
		"disconnected":
			session.disconnected(step["reason"])
		"tick":
			session.tick(step["now"], _position(step["position"]))
		"receive":
			var parts: Array[PackedByteArray] = []
			for part: String in step["parts"]:
				parts.append(part.hex_decode())
			session.receive(parts, step["now"])
		"set":
			var error := session.set_input(step["name"], _plain(step["value"]))
			return "" if error == null else error.code
		"fire":
			var error := session.fire(step["name"])
			return "" if error == null else error.code
		"reset":
			var error := session.reset()
			return "" if error == null else error.code
		"end_frame":
			return session.end_frame(int(step["played"]))
		"save":
			return session.save()
		"restore":
			return session.restore((step["blob"] as String).hex_decode())
		"refuse_samples":
			var fields := {step["number"]: int(step["is"])}
			session.refuse_samples(ClientEvent.new(step["kind"], fields))
		"pause":
			session.set_paused(true)
		"resume":
			session.set_paused(false)
		"control":
			return session.control(_plain(step["fields"]))
		"close":
			session.close()
	return null


func _position(fields: Dictionary) -> PlaybackPosition:
	var position := PlaybackPosition.new()
	for name: String in fields:
		var value: Variant = fields[name]
		position.set(name, value if value is bool else int(value))
	return position


## A value of the file: the engine's JSON knows no integers, and marked reals stay reals.
func _plain(value: Variant) -> Variant:
	if value is float:
		return int(value) if int(value) == value else value
	if value is Array:
		return (value as Array).map(_plain)
	if not value is Dictionary:
		return value
	if value.has("$real"):
		return NAN if value["$real"] is String else float(value["$real"])
	var map := {}
	for key: String in value:
		map[key] = _plain(value[key])
	return map


func _json(value: Variant) -> Variant:
	if value is PackedByteArray:
		return (value as PackedByteArray).hex_encode()
	if value is Array:
		return (value as Array).map(_json)
	if not value is Dictionary:
		return value
	var map := {}
	for key: Variant in value:
		map[key] = _json(value[key])
	return map
