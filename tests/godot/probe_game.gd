extends SceneTree
## A game that does one thing after another: `-- CASE.json RESULT.json`. A step calls a function of
## the client, with `$saved` for the last blob saved, or waits for an event of a `kind` whose fields
## are those of `with`, or for a number of `beats` ahead. The client's thread plays. The result is
## all that was told, the beats ahead at the last of these waits, and what each step gave.

const Client := preload("res://addons/segue/core/client.gd")

const _GIVE_UP_S := 60.0

var _steps: Array
var _result_file: String
var _client: Client
var _told: Array = []
var _seen := 0
var _gave: Array = []
var _beats := {}
var _saved := PackedByteArray()
var _rendered := 0
var _begun_usec := Time.get_ticks_usec()


func _initialize() -> void:
	var files := OS.get_cmdline_user_args()
	var case: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	_steps = case["steps"]
	_result_file = files[1]
	var options := {"seed": 1, "token": case["token"]}
	if not (case["certificate"] as String).is_empty():
		var certificate := X509Certificate.new()
		certificate.load(case["certificate"])
		options["tls"] = TLSOptions.client(certificate)
	_client = Client.new(case["address"], options)
	assert(_client.error.is_empty(), _client.error)
	_client.set_filler(_fill.bind(_client))


## What a node would do: as many samples as the speaker takes, on the client's thread.
func _fill(client: Client) -> void:
	@warning_ignore("integer_division")
	var due := (Time.get_ticks_usec() - _begun_usec) * 48 / 1000 - _rendered
	if due > 0:
		_rendered += due
		client.render(mini(due, 4800), 480)


func _process(_delta: float) -> bool:
	for event in _client.poll():
		_told.append([event.kind, event.fields])
		if event.kind == "saved":
			_saved = event.fields["blob"]
	while not _steps.is_empty() and _take(_steps[0]):
		_steps.pop_front()
	OS.delay_msec(4)
	return _steps.is_empty() or Time.get_ticks_usec() - _begun_usec > _GIVE_UP_S * 1e6


## Whether the step is done.
func _take(step: Dictionary) -> bool:
	if step.has("call"):
		var arguments: Array = step["with"].map(
			func(given: Variant) -> Variant:
				return _saved if given is String and given == "$saved" else given
		)
		var gave: Variant = _client.callv(step["call"], arguments)
		_gave.append(gave.code if gave is Object else gave)
		return true
	if step.has("beats"):
		# The position first: a beat that is heard meanwhile is ahead of it all the same.
		_beats = {"played": _client.position().played, "ahead": _client.upcoming_beats()}
		return _beats["ahead"].size() >= int(step["beats"])
	while _seen < _told.size():
		var told: Array = _told[_seen]
		_seen += 1
		if told[0] == step["wait"] and _fits(told[1], step["with"]):
			return true
	return false


func _fits(fields: Dictionary, wanted: Dictionary) -> bool:
	return wanted.keys().all(func(name: String) -> bool: return fields[name] == wanted[name])


func _finalize() -> void:
	var out := FileAccess.open(_result_file, FileAccess.WRITE)
	_client.close()
	for event in _client.poll():
		_told.append([event.kind, event.fields])
	var result := {
		"left": _steps,
		"told": _told,
		"gave": _gave,
		"beats": _beats,
	}
	out.store_string(JSON.stringify(result))
	out.close()
