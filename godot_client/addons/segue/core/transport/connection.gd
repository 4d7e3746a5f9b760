extends RefCounted
## One attempt to connect, and the connection until it ends: a new socket of the engine, TLS where
## wanted, and ZMTP over it. Nothing blocks; call `step` every few milliseconds from one thread.

## OPEN: messages can be sent. ENDED: `failure` says why, or is null after `close` and after a
## connection that was open.
enum State { RESOLVING, CONNECTING, ENCRYPTING, EXAMINING, HANDSHAKING, OPEN, ENDED }

const Address := preload("address.gd")
const Failure := preload("connect_failure.gd")
const Peer := preload("zmtp_peer.gd")

## How long nothing may answer, and how long a handshake may stay without an answer, in seconds.
const SILENCE_S := 5.0
const HANDSHAKE_S := 20.0

## Bytes that may wait for a peer that reads nothing.
const MOST_WAITING := 4194304

## Most bytes and frames that are read in one step, and bytes at once: whoever sends without end
## does not keep the thread from the music. A service sends less.
const _MOST_READ := 262144
const _MOST_FRAMES := 128
const _PIECE := 16384

## A ClientHello of TLS 1.2 (RFC 5246, section 7.4.1.2) with random bytes behind its beginning: four
## suites with AES-GCM, two curves, four signatures. The kinds of records that may answer it: an
## alert, a handshake.
const _HELLO_BEGIN := "16030100530100004f0303"
const _HELLO_SUITES := "000008c02bc02cc02fc0300100"
const _HELLO_EXTENSIONS := "001e000a00060004001d0017000d000a00080403050308040401000b00020100"
const _RECORDS := [0x15, 0x16]

## Of so many reads without bytes one asks whether the connection has ended.
const _READS_AT_IDLE := 8

var state := State.RESOLVING

## Why the attempt failed.
var failure: Failure

## Why an open connection ended, for people.
var text := ""

## Set once an accepted connection has been silent for 5 s; it goes on until 20 s.
var is_silent := false

## Whether it was ever open. It may end in the step in which it opens.
var was_open: bool:
	get:
		return _peer.was_ready

var _address: Address
var _token: String
var _options: TLSOptions
var _attempt: int
## The host's IP address.
var _host := ""
## Whether TLS has failed, and a second connection tells why.
var _is_examining := false
var _resolver_item := -1
var _socket: StreamPeer
var _stream: StreamPeer
var _tls: StreamPeerTLS
var _peer: Peer
var _sending := PackedByteArray()
var _begun_s: float
var _idle_reads := 0


## token: empty for none. options: for `tls`; null: the system's certificates.
## attempt: counts attempts; a name with several addresses is tried at each in turn.
func _init(
	address: Address, token: String, options: TLSOptions, now_s: float, attempt: int = 0
) -> void:
	_address = address
	_token = token
	_options = options if options != null else TLSOptions.client()
	_attempt = attempt
	_begun_s = now_s
	_peer = Peer.new(token)
	if address.transport == "ipc":
		_connect_path()
	elif address.host.is_valid_ip_address():
		_connect_host(address.host)
	else:
		_resolver_item = IP.resolve_hostname_queue_item(address.host, IP.TYPE_ANY)
		if _resolver_item == IP.RESOLVER_INVALID_ID:
			_end(Failure.unusable(address.text, "too many names are being looked up"))


## Does what can be done now. Afterwards read `state`, `failure` and `messages`.
func step(now_s: float) -> void:
	if state == State.RESOLVING:
		_step_resolving()
	if state == State.CONNECTING:
		_step_connecting()
	if state == State.ENCRYPTING:
		_step_encrypting()
	if state == State.EXAMINING:
		_step_examining()
	if state == State.HANDSHAKING or state == State.OPEN:
		_read()
		_write()
	if state != State.OPEN and state != State.ENDED:
		_check_time(now_s - _begun_s)


## The messages received since the last call, each an Array[PackedByteArray] of its parts.
func messages() -> Array[Array]:
	return _peer.messages()


## Sends a message, now or in the next steps. Only in state OPEN.
func send(parts: Array[PackedByteArray]) -> void:
	if state == State.OPEN:
		_peer.send(parts)


## Writes what waits as far as the system takes it; whether all is written.
func flush() -> bool:
	if state == State.OPEN:
		_write()
	return _sending.is_empty() or state == State.ENDED


## Ends the connection and frees its socket; any number of times.
func close() -> void:
	state = State.ENDED
	if _resolver_item >= 0:
		IP.erase_resolve_item(_resolver_item)
		_resolver_item = -1
	if _tls != null:
		_tls.disconnect_from_stream()
		_tls = null
	if _socket != null:
		_socket.call("disconnect_from_host")
		_socket = null
	_stream = null


func _step_resolving() -> void:
	match IP.get_resolve_item_status(_resolver_item):
		IP.RESOLVER_STATUS_ERROR:
			_end(Failure.unknown_host(_address.text, _address.host))
		IP.RESOLVER_STATUS_DONE:
			var found: Array[String] = []
			var later: Array[String] = []
			for each: String in IP.get_resolve_item_addresses(_resolver_item):
				# IPv4 first: the service binds 127.0.0.1 more often than ::1.
				if not each.is_empty():
					(later if each.contains(":") else found).append(each)
			found.append_array(later)
			IP.erase_resolve_item(_resolver_item)
			_resolver_item = -1
			if found.is_empty():
				_end(Failure.unknown_host(_address.text, _address.host))
			else:
				_connect_host(found[_attempt % found.size()])


func _connect_host(host: String) -> void:
	_host = host
	var tcp := StreamPeerTCP.new()
	_begin(tcp, tcp.connect_to_host(host, _address.port))


## Unix sockets came with Godot 4.6 and are not there on every system.
func _connect_path() -> void:
	if not ClassDB.class_exists("StreamPeerUDS"):
		_end(Failure.unusable(_address.text, "this Godot has no Unix sockets; use tcp://"))
		return
	var socket: StreamPeer = ClassDB.instantiate("StreamPeerUDS")
	_begin(socket, socket.call("connect_to_host", _address.path))


func _begin(socket: StreamPeer, error: Error) -> void:
	_socket = socket
	state = State.CONNECTING
	if error != OK:
		_fail_to_connect()


func _fail_to_connect() -> void:
	_end((Failure.no_tls if _is_examining else Failure.unreachable).call(_address.text))


func _step_connecting() -> void:
	_socket.call("poll")
	match int(_socket.call("get_status")):
		StreamPeerTCP.STATUS_CONNECTED:
			if _socket is StreamPeerTCP:
				(_socket as StreamPeerTCP).set_no_delay(true)
			_stream = _socket
			if _is_examining:
				_begin_examining()
				return
			state = State.HANDSHAKING
			if _address.transport == "tls":
				_begin_encrypting()
		StreamPeerTCP.STATUS_ERROR, StreamPeerTCP.STATUS_NONE:
			_fail_to_connect()


func _begin_encrypting() -> void:
	_tls = StreamPeerTLS.new()
	_stream = _tls
	state = State.ENCRYPTING
	# The handshake may fail at once.
	match _tls.connect_to_stream(_socket, _address.host, _options):
		OK:
			pass
		ERR_UNCONFIGURED:
			var fault := "no certificates of this system are found; give the service's own"
			_end(Failure.unusable(_address.text, fault))
		_:
			_examine()


func _step_encrypting() -> void:
	_tls.poll()
	match _tls.get_status():
		StreamPeerTLS.STATUS_CONNECTED:
			state = State.HANDSHAKING
		StreamPeerTLS.STATUS_HANDSHAKING:
			pass
		_:
			_examine()


## Connects once more: the engine does not say whether the certificate or the peer is wrong.
func _examine() -> void:
	_is_examining = true
	_tls = null
	_socket.call("disconnect_from_host")
	_connect_host(_host)


## Asks the peer as a client of TLS does, without certificates.
func _begin_examining() -> void:
	state = State.EXAMINING
	var random := Crypto.new().generate_random_bytes(32).hex_encode()
	_stream.put_data((_HELLO_BEGIN + random + _HELLO_SUITES + _HELLO_EXTENSIONS).hex_decode())


func _step_examining() -> void:
	var got: Array = _stream.get_partial_data(1)
	var bytes: PackedByteArray = got[1]
	if not bytes.is_empty() and bytes[0] in _RECORDS:
		_end(Failure.certificate(_address.text, _address.host))
	elif not bytes.is_empty() or got[0] != OK:
		_end(Failure.no_tls(_address.text))


## Reads what is there. A plain socket is never polled here: a poll would close it at the peer's end
## of the connection and lose what the peer sent before.
func _read() -> void:
	var read := 0
	var most_frames := _peer.frames + _MOST_FRAMES
	while state == State.HANDSHAKING or state == State.OPEN:
		var available := mini(_available(), _PIECE)
		if available == 0 or read > _MOST_READ or _peer.frames > most_frames:
			return
		var got: Array = _stream.get_partial_data(available)
		read += available
		var bytes: PackedByteArray = got[1]
		if got[0] != OK or bytes.is_empty():
			if got[0] != OK:
				_break_off()
			return
		_peer.feed(bytes)
		_follow_peer()


## How many bytes to ask for; 0: none are there. A plain socket is asked for one now and then, since
## only reading tells its end.
func _available() -> int:
	if _tls == null:
		if int(_socket.call("get_status")) != StreamPeerTCP.STATUS_CONNECTED:
			_break_off()
			return 0
		var available := _stream.get_available_bytes()
		_idle_reads = 0 if available > 0 else _idle_reads + 1
		return 1 if _idle_reads % _READS_AT_IDLE == 1 else available
	if _is_encrypted() and _tls.get_available_bytes() == 0:
		_tls.poll()
	if _is_encrypted():
		return _tls.get_available_bytes()
	_break_off()
	return 0


func _is_encrypted() -> bool:
	return _tls.get_status() == StreamPeerTLS.STATUS_CONNECTED


func _follow_peer() -> void:
	match _peer.state:
		Peer.State.READY:
			state = State.OPEN
		Peer.State.FAILED:
			_fail_with_peer()


func _fail_with_peer() -> void:
	text = _peer.text
	match _peer.failure:
		Peer.Failure.NOT_ZMTP:
			_end(Failure.not_a_service(_address.text))
		Peer.Failure.MECHANISM:
			_end(Failure.mechanism(_address.text, not _token.is_empty()))
		Peer.Failure.REFUSED:
			_end(null if was_open else Failure.refused(_address.text, not _token.is_empty()))
		_:
			_end(null)


func _write() -> void:
	_sending.append_array(_peer.to_send())
	if _sending.is_empty() or _stream == null or (_tls != null and not _is_encrypted()):
		return
	var put: Array = _stream.put_partial_data(_sending)
	# After an error the engine has closed the socket, which the next read notices.
	if put[0] == OK and put[1] > 0:
		_sending = _sending.slice(put[1])
	if _sending.size() > MOST_WAITING:
		text = "the service takes nothing any more"
		_end(null)


func _break_off() -> void:
	if state == State.OPEN:
		text = "the connection broke"
		_end(null)
	else:
		_end(Failure.broken_off(_address.text, not _token.is_empty()))


func _check_time(passed_s: float) -> void:
	if passed_s < SILENCE_S:
		return
	if state == State.RESOLVING:
		if passed_s >= HANDSHAKE_S:
			_end(Failure.unknown_host(_address.text, _address.host))
	elif state == State.CONNECTING:
		_end(Failure.no_route(_address.text))
	else:
		is_silent = true
		if passed_s >= HANDSHAKE_S:
			_end(Failure.no_answer(_address.text))


func _end(why: Failure) -> void:
	failure = why
	close()
