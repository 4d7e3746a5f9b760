extends SceneTree
## Connects to real peers, all at once: `-- CASES.json RESULTS.json`. A case has `address`, `token`,
## `certificate` (a path or empty), `send` (parts in hex), `replies` (the messages it waits for) and
## `speed`, how much faster than the engine's its clock runs. The clock stands still until a peer
## has accepted the connection: how long the system takes for that is not in the test's hands.

const Address := preload("res://addons/segue/core/transport/address.gd")
const Connection := preload("res://addons/segue/core/transport/connection.gd")

const _GIVE_UP_S := 60.0


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var cases: Array = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	var threads: Array[Thread] = []
	for case: Dictionary in cases:
		var thread := Thread.new()
		thread.start(_result_of.bind(case))
		threads.append(thread)
	var results := threads.map(func(thread: Thread) -> Variant: return thread.wait_to_finish())
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(results))
	out.close()
	quit()


func _result_of(case: Dictionary) -> Dictionary:
	var options: TLSOptions = null
	if not (case["certificate"] as String).is_empty():
		var certificate := X509Certificate.new()
		certificate.load(case["certificate"])
		options = TLSOptions.client(certificate)
	var address := Address.new(case["address"])
	if not address.error.is_empty():
		return {"error": address.error}
	var connection := Connection.new(address, case["token"], options, 0.0)
	var begun_s := _now_s()
	var accepted_s := begun_s
	var received: Array = []
	var is_sent := false
	while connection.state != Connection.State.ENDED and received.size() < int(case["replies"]):
		var now_s := _now_s()
		if connection.state <= Connection.State.CONNECTING:
			accepted_s = now_s
		connection.step((now_s - accepted_s) * float(case["speed"]))
		if connection.state == Connection.State.OPEN and not is_sent:
			is_sent = true
			var parts: Array[PackedByteArray] = []
			for part: String in case["send"]:
				parts.append(part.hex_decode())
			connection.send(parts)
		for parts: Array in connection.messages():
			received.append(
				parts.map(func(part: PackedByteArray) -> String: return part.hex_encode())
			)
		if now_s - begun_s > _GIVE_UP_S:
			break
		OS.delay_msec(2)
	var result := {
		"state": Connection.State.keys()[connection.state],
		"failure": "" if connection.failure == null else connection.failure.code,
		"text": connection.text if connection.failure == null else connection.failure.text,
		"silent": connection.is_silent,
		"received": received,
	}
	connection.close()
	return result


func _now_s() -> float:
	return Time.get_ticks_usec() / 1e6
