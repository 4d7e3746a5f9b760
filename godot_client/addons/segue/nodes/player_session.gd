extends RefCounted
## What a player does between one start and its stop: a service of its own, where it has one, a
## client, and the speaker that plays the client's music.

## The client tries to connect.
signal opened

## The client tells of something, in order.
signal told(event: ClientEvent)

## The service has ended or cannot be started, or the settings are wrong. is_final: nothing more
## happens.
signal failed(text: String, is_final: bool)

const Client := preload("../core/client.gd")
const ClientEvent := preload("../core/session/client_event.gd")
const GameInputs := preload("game_inputs.gd")
const HeardMusic := preload("heard_music.gd")
const MusicLevel := preload("music_level.gd")
const Speaker := preload("speaker.gd")
const SupervisedService := preload("supervised_service.gd")

## How long a session with a started service may be interrupted before the service is killed and
## started again, and the longest game frame that counts.
const _HUNG_S := 30.0
const _LONGEST_FRAME_S := 1.0

## The client; null: there is none yet, or no more.
var client: Client

## What is heard of it. It stays known after the end.
var heard := HeardMusic.new()

var _service: SupervisedService
var _speaker: Speaker
var _level: MusicLevel
var _inputs: GameInputs
var _options: Dictionary
var _fill_ms: int
var _is_lost := false
var _lost_s := 0.0


## options: of the client. fill_ms: how much is handed to the engine ahead.
func _init(
	speaker: Speaker, level: MusicLevel, inputs: GameInputs, options: Dictionary, fill_ms: int
) -> void:
	_speaker = speaker
	_level = level
	_inputs = inputs
	_options = options
	_fill_ms = fill_ms


## Starts a service and connects to it. command: its program; empty: it is searched. arguments: of
## `segue serve`, without an address.
func start_service(command: String, arguments: PackedStringArray) -> void:
	_service = SupervisedService.new(command, arguments)
	_service.opened.connect(open)
	_service.failed.connect(_take_failure)
	_service.start()


## Connects to a service at an address. A session that there is continues there.
func open(address: String) -> void:
	if client != null:
		var fault := client.move(address)
		if not fault.is_empty():
			_take_failure(fault, true)
		return
	var opening := Client.new(address, _options)
	if not opening.error.is_empty():
		failed.emit(opening.error, true)
		return
	client = opening
	_speaker.open(client, _fill_ms)
	heard = HeardMusic.new(client, _speaker.filler)
	_level.open(client, _speaker.filler)
	_inputs.set_client(client)
	opened.emit()


## Goes on by a game frame of [param delta] seconds. tree: watches an ended service.
func step(delta: float, tree: SceneTree) -> void:
	if _service != null:
		_service.step(delta, tree)
	if client == null:
		return
	_level.step()
	_inputs.release_freed()
	_watch_service(delta)
	for event in client.poll():
		if event.kind in [ClientEvent.LIVE, ClientEvent.LOST]:
			_is_lost = event.kind == ClientEvent.LOST
		heard.take(event)
		told.emit(event)
		if client == null:
			# The game has stopped the player in a handler.
			return


## Ends the client, and the service. Nothing is told any more.
func close(tree: SceneTree) -> void:
	_close_client()
	if _service != null:
		_service.stop(tree)
		_service = null


## The number of the service's process; 0: it has none.
func service_pid() -> int:
	return _service.pid() if _service != null else 0


## The beats ahead that are announced and not heard yet.
func upcoming_beats() -> Array[Dictionary]:
	if client == null:
		return []
	return client.upcoming_beats()


func _close_client() -> void:
	if client == null:
		return
	client = null
	_speaker.close()
	_inputs.set_client(null)
	_level.close()
	heard.close()


## Kills a service of the game's own that hangs: otherwise its music would never come back.
func _watch_service(delta: float) -> void:
	if not _is_lost or _service == null or _service.pid() == 0:
		_lost_s = 0.0
		return
	_lost_s += minf(delta, _LONGEST_FRAME_S)
	if _lost_s > _HUNG_S:
		_lost_s = 0.0
		_service.kill("the service did not answer for %d s and was killed" % _HUNG_S)


func _take_failure(text: String, is_final: bool) -> void:
	if is_final:
		_close_client()
	elif client != null:
		# What listens at the old address from now on may be another program.
		client.move("")
	failed.emit(text, is_final)
