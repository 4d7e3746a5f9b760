extends SceneTree
## Puts byte streams to the ZMTP peer: `-- CASES.json RESULTS.json`. A case has `token`, `pieces`
## (hex) and `send` (parts in hex, sent once the peer is ready).

const Peer := preload("res://addons/segue/core/transport/zmtp_peer.gd")


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var cases: Array = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	out.store_string(JSON.stringify(cases.map(_result_of)))
	out.close()
	quit()


func _result_of(case: Dictionary) -> Dictionary:
	var peer := Peer.new(case["token"])
	var sent := ""
	var received: Array = []
	for piece: String in case["pieces"]:
		peer.feed(piece.hex_decode())
		sent += peer.to_send().hex_encode()
		for parts: Array in peer.messages():
			received.append(
				parts.map(func(part: PackedByteArray) -> String: return part.hex_encode())
			)
	if peer.state == Peer.State.READY and case.has("send"):
		var parts: Array[PackedByteArray] = []
		for part: String in case["send"]:
			parts.append(part.hex_decode())
		peer.send(parts)
		sent += peer.to_send().hex_encode()
	return {
		"state": Peer.State.keys()[peer.state],
		"failure": Peer.Failure.keys()[peer.failure],
		"sent": sent,
		"received": received,
		"mechanism": peer.peer_mechanism,
	}
