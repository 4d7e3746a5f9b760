@tool
extends Node
## Plays a rule file in the editor: a service of its own, a client, and a speaker.

## What it does has changed, in words.
signal status_changed(text: String)

## What is wrong, in words.
signal failed(text: String)

## The session is up, or its rules were loaded again.
signal live

const Client := preload("../core/client.gd")
const ClientEvent := preload("../core/session/client_event.gd")
const HeardMusic := preload("../nodes/heard_music.gd")
const ServiceProcess := preload("../nodes/service_process.gd")
const Settings := preload("settings.gd")
const Speaker := preload("../nodes/speaker.gd")

const _FILL_MS := 100

var _service: ServiceProcess
var _client: Client
var _speaker: Speaker
## Triggers that were fired before there is a client.
var _early: Array[String] = []
var _heard := HeardMusic.new()


func _exit_tree() -> void:
	stop()


## Whether it plays, or is about to.
func is_running() -> bool:
	return _service != null


## Starts a service that plays a rule file.
func start(rules_file: String) -> void:
	stop()
	var program := Settings.program()
	if program.is_empty():
		failed.emit("no program 'segue': set %s to a bundle of the service" % Settings.BUNDLE)
		return
	var process := ServiceProcess.new()
	var path := ProjectSettings.globalize_path(rules_file)
	if not process.start(program, [path, "--bind", "tcp://127.0.0.1:0"]):
		failed.emit(process.error)
		return
	_service = process
	status_changed.emit("starting")


## Ends the music and its service.
func stop() -> void:
	_early.clear()
	if _client != null:
		_speaker.close()
		_speaker.free()
		_heard.close()
		_client = null
		_speaker = null
	if _service != null:
		_service.stop(get_tree())
		_service = null
		status_changed.emit("stopped")


## Sets an input.
func set_input(input: String, value: Variant) -> void:
	if _client != null:
		_tell(_client.set_input(input, value))


## Fires a trigger; while the service starts, it waits for it.
func fire(trigger: String) -> void:
	if _client != null:
		_tell(_client.fire(trigger))
	elif _service != null:
		_early.append(trigger)


## As of `HeardMusic.statistics`. Empty: nothing plays.
func statistics() -> Dictionary:
	return _heard.statistics() if _client != null else {}


func _step() -> void:
	if _client == null:
		var line := _service.ready_line()
		if not line.is_empty():
			_play(line["addresses"][0])
		elif _service.has_ended() or not _service.error.is_empty():
			var error := _service.error
			stop()
			failed.emit(error)
		return
	_speaker.filler.main_thread_runs()
	var number := _client.end_frame()
	if number > 0:
		_heard.sent(number)
	for event in _client.poll():
		_heard.take(event)
		_take(event)
		if _client == null:
			return


func _process(_delta: float) -> void:
	if _service != null:
		_step()


func _play(address: String) -> void:
	_client = Client.new(address)
	_speaker = Speaker.new()
	add_child(_speaker)
	_speaker.open(_client, _FILL_MS)
	_heard = HeardMusic.new(_client, _speaker.filler)
	for trigger in _early:
		_tell(_client.fire(trigger))
	_early.clear()


func _take(event: ClientEvent) -> void:
	var fields := event.fields
	match event.kind:
		ClientEvent.LIVE:
			status_changed.emit("live")
			live.emit()
		"rules":
			if fields["declaration"] != null:
				status_changed.emit("live; the rules were loaded again")
				live.emit()
		ClientEvent.LOST:
			status_changed.emit("connection lost")
		ClientEvent.CONNECTION_FAILED, "error", ClientEvent.INPUT_REFUSED:
			failed.emit(fields["text"])
		ClientEvent.CLOSED:
			stop()
			failed.emit(fields["text"])


func _tell(fault: Client.InputError) -> void:
	if fault != null:
		failed.emit(fault.text)
