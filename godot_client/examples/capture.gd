extends SceneTree
## Plays from a service into a WAV file, in real time and without a window or a speaker:
## `godot --headless --path PROJECT --script res://examples/capture.gd -- ADDRESS SECONDS FILE.wav`.

const Client := preload("res://addons/segue/core/client.gd")

const _RATE := 48000

var _client: Client
var _captured := PackedByteArray()
var _wanted := 0
var _file := ""
var _last_usec := 0


func _initialize() -> void:
	var given := OS.get_cmdline_user_args()
	if given.size() != 3:
		printerr("expected ADDRESS SECONDS FILE.wav")
		quit(2)
		return
	_client = Client.new(given[0])
	_wanted = int(given[1].to_float() * _RATE)
	_file = given[2]
	_last_usec = Time.get_ticks_usec()
	if not _client.error.is_empty():
		printerr(_client.error)
		quit(2)


func _process(_delta: float) -> bool:
	if _client == null or not _client.error.is_empty():
		return true
	for event in _client.poll():
		if event.kind in ["live", "lost", "connection_failed", "closed", "change_heard"]:
			print(event.kind, " ", event.fields.get("text", ""))
		if event.kind == "closed":
			return true
	var now_usec := Time.get_ticks_usec()
	@warning_ignore("integer_division")
	var due := (now_usec - _last_usec) * _RATE / 1000000
	if due < 480:
		return false
	_last_usec = now_usec
	for sample in _client.render(due):
		var at := _captured.size()
		_captured.resize(at + 4)
		_captured.encode_s16(at, roundi(clampf(sample.x, -1.0, 1.0) * 32767.0))
		_captured.encode_s16(at + 2, roundi(clampf(sample.y, -1.0, 1.0) * 32767.0))
	return _captured.size() >= 4 * _wanted


func _finalize() -> void:
	if _client == null or not _client.error.is_empty():
		return
	_client.close()
	var wave := AudioStreamWAV.new()
	wave.format = AudioStreamWAV.FORMAT_16_BITS
	wave.stereo = true
	wave.mix_rate = _RATE
	wave.data = _captured
	if wave.save_to_wav(_file) == OK:
		print("wrote %s" % _file)
