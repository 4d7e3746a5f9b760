extends SceneTree
## A game in real time: `-- CASE.json RESULT.json`. It sends `events` events, one each `every_ms`,
## keeps all samples in the file `heard`, and ends when all have receipts and `seconds` are heard.
## What happens is printed, a line each, for a test that kills the service meanwhile.
##
## Its sound card slows down where little music is left, so that a busy machine makes no gap.

const Client := preload("res://addons/segue/core/client.gd")

const _BLOCK := 480
const _BLOCK_USEC := 10000
const _RATE := 48000
const _SPARE := 14400
const _GIVE_UP_S := 150.0

var _case: Dictionary
var _result_file: String
var _client: Client
var _heard: FileAccess
var _begun_usec := Time.get_ticks_usec()
var _block_usec := _begun_usec
var _event_usec := _begun_usec
var _sent := 0
var _told: Array = []
var _receipts := 0
var _is_waiting := false
var _committed := PackedInt64Array()


func _initialize() -> void:
	var files := OS.get_cmdline_user_args()
	_case = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	_result_file = files[1]
	_heard = FileAccess.open(_case["heard"], FileAccess.WRITE)
	_client = Client.new(_case["address"], {"seed": 1, "lookahead_ms": int(_case["lookahead_ms"])})
	assert(_client.error.is_empty(), _client.error)


func _process(_delta: float) -> bool:
	var now_usec := Time.get_ticks_usec()
	for event in _client.poll():
		_note(event)
	_play(now_usec)
	_send(now_usec)
	OS.delay_msec(2)
	var is_done := _receipts >= int(_case["events"])
	is_done = is_done and _client.position().committed >= int(_case["seconds"]) * _RATE
	return is_done or now_usec - _begun_usec > _GIVE_UP_S * 1e6


func _note(event: Client.ClientEvent) -> void:
	if event.kind == "receipt":
		_receipts += 1
	if event.kind in ["live", "lost", "connection_failed", "closed"]:
		print("event ", event.kind)
	if event.kind != "music_arrived":
		_told.append([event.kind, _plain(event.fields)])


func _play(now_usec: int) -> void:
	if now_usec - _block_usec < _BLOCK_USEC:
		return
	# What a busy machine missed is not caught up.
	_block_usec = maxi(_block_usec + _BLOCK_USEC, now_usec - _BLOCK_USEC)
	var before := _client.position()
	_is_waiting = not _is_waiting and before.have < before.committed + _SPARE
	if _is_waiting and not before.is_standing:
		return
	var samples := _client.render(_BLOCK, 2 * _BLOCK)
	var after := _client.position()
	_heard.store_buffer(var_to_bytes(samples).slice(8))
	_committed.append(after.committed)


func _send(now_usec: int) -> void:
	if _client.position().committed == 0 or _sent >= int(_case["events"]):
		return
	if now_usec - _event_usec < int(_case["every_ms"]) * 1000:
		return
	_event_usec = now_usec
	# Each event sets an input to a value that it does not have, and some fire a trigger.
	_client.set_input("level", (_sent % 7) / 8.0)
	if _sent % 10 == 0:
		_client.set_input("deep", _sent % 20 == 0)
	if _sent % 5 == 0:
		_client.fire("ping")
	_sent = _client.end_frame()
	if _sent % 25 == 0:
		print("sent ", _sent)


func _finalize() -> void:
	var position := _client.position()
	var begun_usec := Time.get_ticks_usec()
	_client.close()
	var close_ms := (Time.get_ticks_usec() - begun_usec) / 1000.0
	for event in _client.poll():
		_note(event)
	_heard.close()
	var out := FileAccess.open(_result_file, FileAccess.WRITE)
	var result := {
		"told": _told,
		"committed": _committed,
		"late": position.late,
		"underruns": position.underruns,
		"close_ms": close_ms,
		"unanswered": _client.waiting(),
	}
	out.store_string(JSON.stringify(result))
	out.close()


func _plain(value: Variant) -> Variant:
	if value is PackedByteArray:
		return (value as PackedByteArray).hex_encode()
	if value is Array:
		return (value as Array).map(_plain)
	if not value is Dictionary:
		return value
	var map := {}
	for key: Variant in value:
		map[key] = _plain(value[key])
	return map
