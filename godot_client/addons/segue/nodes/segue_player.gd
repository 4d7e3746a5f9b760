@tool
@icon("res://addons/segue/icons/segue_player.svg")
class_name SeguePlayer
extends Node
## Plays music that follows the game: connects to a Segue service, or starts one, and plays what it
## sends on an audio bus.
##
## Set [member rules_file] and press play: the node starts the service, plays, and ends it with the
## game. Tell it what happens with [method set_input] and [method fire], or without code with
## [SegueZone2D], [SegueZone3D], [SegueBinding] and [SegueTrigger]. It plays as long as it is in the
## tree; the player of the autoload [code]Segue[/code] survives changes of the scene.

## The session with the service is up. It is also emitted after each reconnection.
signal connected(title: String)

## The session is interrupted, or has ended. Music plays on from the buffer meanwhile.
signal disconnected(reason: String, text: String)

## No service can be started or reached; [param text] says why and what to do. The node keeps
## trying where that can help.
signal failed(text: String)

## A beat is heard. [param bar_index] and [param beat_index] count from 0. [param exact]: whether
## the music's beats lie exactly there.
signal beat(bar_index: int, beat_index: int, tempo_bpm: float, exact: bool)

## The first beat of a bar is heard.
signal bar(bar_index: int)

## The rules have decided on a change, which will be heard in about [param seconds].
signal decided(layer: String, from_state: String, to_state: String, seconds: float)

## A change is heard now; [param causes] say why.
signal changed(layer: String, from_state: String, to_state: String, causes: PackedStringArray)

## The service has taken or refused what was set and fired in a game frame; [param number] as in
## [member last_frame].
signal receipt(number: int, accepted: bool, code: String, text: String)

## The rules do not know an input, or not this value; [param text] says what they expect.
signal refused(input: String, text: String)

## The music has stopped, since no more had arrived. [param count]: how often so far.
signal underrun(count: int)

## A stinger begins to be heard.
signal stinger(stinger_name: String)

## A text for players who do not hear the music: see [member caption_texts].
signal captions(text: String)

## The rules have been loaded again; [param errors] is empty if they were good.
signal rules_changed(errors: PackedStringArray)

## The answer to [method save_music]; empty: there is none.
signal music_saved(blob: PackedByteArray)

## The answer to [method restore_music]: [code]"all"[/code], [code]"rules"[/code] without the sound,
## [code]"nothing"[/code], or why not.
signal music_restored(how: String)

## Where the music comes from.
enum Service {
	START,  ## The game starts a service of its own, and ends it.
	CONNECT,  ## A service runs already.
}

## How the music's stingers come.
enum Stingers {
	SEPARATE,  ## Beside the music, at once.
	INCLUDED,  ## In the music, which costs the game less and takes longer.
}

## What the music does while the game is interrupted.
enum Interruption {
	## It stops with a fade and continues there; the rules' timers stand still.
	PAUSE = MusicLevel.Interruption.PAUSE,
	DUCK = MusicLevel.Interruption.DUCK,  ## It plays on, lowered by [member interruption_duck_db].
	KEEP = MusicLevel.Interruption.KEEP,  ## It plays on.
}

## Beats to wait for in [method schedule_on_beat].
enum Unit {
	BEAT,  ## The next beat.
	BAR,  ## The first beat of the next bar.
}

## What the player does.
enum State {
	STOPPED,  ## Nothing.
	STARTING,  ## It waits for the service that it has started.
	CONNECTING,  ## It tries to connect.
	LIVE,  ## The session is up.
	FAILED,  ## No service can be started.
}

const Bed := preload("music_bed.gd")
const BlobRequests := preload("blob_requests.gd")
const Client := preload("../core/client.gd")
const ClientEvent := preload("../core/session/client_event.gd")
const DebugLink := preload("debug_link.gd")
const GameInputs := preload("game_inputs.gd")
const HeardMusic := preload("heard_music.gd")
const MusicLevel := preload("music_level.gd")
const ScheduledCalls := preload("scheduled_calls.gd")
const ServiceProcess := preload("service_process.gd")
const Speaker := preload("speaker.gd")
const SupervisedService := preload("supervised_service.gd")

## The group of all players in the tree.
const GROUP := &"segue_players"

const _RATE := 48000.0

## After a longer one the next is as long as usual.
const _LONGEST_FRAME_S := 0.1

## Node.NOTIFICATION_SUSPENDED and NOTIFICATION_UNSUSPENDED, which Godot does not give to scripts:
## the editor's Game view suspends the game, from 4.4 on.
const _SUSPENDED := 9003
const _UNSUSPENDED := 9004

@export_group("Service")
## Whether the game starts a service or finds one at [member address].
@export var service := Service.START:
	set(value):
		service = value
		notify_property_list_changed()
		update_configuration_warnings()
## The rule file that the started service plays. An exported game looks for it in the folder
## [code]segue/rules[/code] beside it, under the same file name.
@export_file("*.yaml", "*.yml") var rules_file := "":
	set(value):
		rules_file = value
		update_configuration_warnings()
## The program of the service; empty: in an exported game [code]segue/segue[/code] beside it,
## otherwise the project setting [code]segue/service/command[/code] or [code]segue[/code] in PATH.
@export var command := ""
## More arguments of [code]segue serve[/code].
@export var arguments := PackedStringArray()
## Where the service listens: [code]tcp://HOST:PORT[/code], [code]tls://HOST:PORT[/code] or
## [code]ipc://PATH[/code].
@export var address := "tcp://127.0.0.1:7723":
	set(value):
		address = value
		update_configuration_warnings()
## The service's token; empty: it asks for none.
@export var token := ""
## A rule file by the name that the service knows it by; empty: the service's first one.
@export var rules_name := ""
## What plays; empty: what the service prefers.
@export var generator := ""
## How stingers come.
@export var stingers := Stingers.SEPARATE
## How much music is generated ahead; 0: what the service prefers. It does not delay reactions.
@export_range(0, 30000, 100, "suffix:ms") var lookahead_ms := 0
## How much music must be there before it begins to play, at the start and after an underrun; 0:
## what is best, 300 ms. More makes a start on a busy machine safer and later. It does not delay
## reactions.
@export_range(0, 20000, 10, "suffix:ms") var pre_roll_ms := 0
## Seed of the music; -1: the rule file's.
@export var seed_number := -1
## Whether to start as soon as the node is in the tree; otherwise by [method start].
@export var autostart := true

@export_group("Sound")
## The audio bus.
@export var bus: StringName = &"Master":
	set(value):
		bus = value
		if _speaker != null:
			_speaker.bus = value
			_bed.bus = value
## The music's volume. Above 0 dB the loudest samples are clipped.
@export_range(-96, 12, 0.1, "suffix:dB") var volume_db := 0.0:
	set(value):
		volume_db = value
		_level.volume_db = value
## Whether the music is silent; it plays on meanwhile.
@export var muted := false:
	set(value):
		muted = value
		_level.is_muted = value
## How much is handed to the engine ahead. More survives longer stalls of the machine and delays
## every reaction by as much. It grows by itself when it was too little.
@export_range(40, 500, 10, "suffix:ms") var fill_ms := 100

@export_group("Interruptions")
## What the music does while this node cannot process: by default, while the tree is paused.
## [member Node.process_mode] says when that is.
@export var on_pause := Interruption.PAUSE
## What the music does while the game's window is not in front.
@export var on_focus_loss := Interruption.KEEP
## What the music does while the editor's debugger has stopped the game, or its Game view has
## suspended it.
@export var on_debugger := Interruption.PAUSE:
	set(value):
		on_debugger = value
		_level.on_debugger = value as MusicLevel.Interruption
## How much an interruption lowers the music.
@export_range(-60, 0, 0.5, "suffix:dB") var interruption_duck_db := -12.0:
	set(value):
		interruption_duck_db = value
		_level.interruption_duck_db = value

@export_group("Bed", "bed_")
## An ordinary stream that is heard while there is no music, such as on a system without a service.
@export var bed_stream: AudioStream
## How long there must be no music before it is faded in.
@export_range(0, 60, 0.1, "suffix:s") var bed_after_s := 4.0
## How long it takes to fade in and out.
@export_range(0, 20, 0.1, "suffix:s") var bed_fade_s := 2.0
## Its volume, beside that of the music.
@export_range(-60, 12, 0.1, "suffix:dB") var bed_volume_db := 0.0

@export_group("Captions")
## Texts for [signal captions] by [code]"layer/state"[/code], [code]"state"[/code] or a stinger's
## name; an empty one: no caption. Without one, the name itself is shown.
@export var caption_texts: Dictionary = {}

## What the player does now.
var state := State.STOPPED

## What the rules declare, as in the protocol's record [code]Declaration[/code]; empty: not known.
var declaration: Dictionary:
	get:
		return _inputs.declaration

## The number of the last game frame in which something was set or fired.
var last_frame := 0

var _client: Client
var _service: SupervisedService
var _speaker: Speaker
var _bed: Bed
var _inputs := GameInputs.new()
var _level := MusicLevel.new()
var _scheduled := ScheduledCalls.new()
var _heard := HeardMusic.new()
var _saves := BlobRequests.new(PackedByteArray())
var _restores := BlobRequests.new("nothing")
var _debug_link := DebugLink.new(self)
var _stepped_usec := 0


func _init() -> void:
	_inputs.refused.connect(refused.emit)
	_inputs.sent.connect(_note_sent)
	add_to_group(GROUP)


func _enter_tree() -> void:
	if Engine.is_editor_hint():
		return
	if _speaker == null:
		_make_children()
	get_tree().process_frame.connect(_step)
	_debug_link.open()
	_stepped_usec = Time.get_ticks_usec()
	if autostart:
		start()


func _exit_tree() -> void:
	if Engine.is_editor_hint():
		return
	get_tree().process_frame.disconnect(_step)
	stop()
	_debug_link.close()


func _notification(what: int) -> void:
	if Engine.is_editor_hint():
		return
	match what:
		NOTIFICATION_PAUSED, NOTIFICATION_DISABLED:
			_interrupt("pause", on_pause)
		NOTIFICATION_UNPAUSED, NOTIFICATION_ENABLED:
			_interrupt("pause", Interruption.KEEP)
		NOTIFICATION_APPLICATION_FOCUS_OUT, NOTIFICATION_APPLICATION_PAUSED:
			_interrupt("focus", on_focus_loss)
		NOTIFICATION_APPLICATION_FOCUS_IN, NOTIFICATION_APPLICATION_RESUMED:
			_interrupt("focus", Interruption.KEEP)
		_SUSPENDED:
			_interrupt("debugger", on_debugger)
		_UNSUSPENDED:
			_interrupt("debugger", Interruption.KEEP)


func _get_configuration_warnings() -> PackedStringArray:
	var warnings := PackedStringArray()
	if service == Service.START and rules_file.is_empty():
		warnings.append("Set the rule file that the service plays.")
	elif service == Service.START and not FileAccess.file_exists(rules_file):
		warnings.append("The rule file '%s' does not exist." % rules_file)
	elif service == Service.CONNECT:
		var fault := Client.Address.new(address).error
		if not fault.is_empty():
			warnings.append(fault)
	if int(ProjectSettings.get_setting("audio/driver/mix_rate", 44100)) != int(_RATE):
		(
			warnings
			. append(
				"Set the project setting audio/driver/mix_rate to 48000: the engine converts to others badly."
			)
		)
	return warnings


func _validate_property(property: Dictionary) -> void:
	var of_start := ["rules_file", "command", "arguments"]
	var of_connect := ["address", "token", "rules_name"]
	var hidden := of_connect if service == Service.START else of_start
	if property["name"] in hidden:
		property["usage"] &= ~PROPERTY_USAGE_EDITOR


## The player that a node uses: the one that is given, or the nearest above [param node] or beside
## those above it, or the first in the tree; null: there is none.
static func of(node: Node, given: SeguePlayer = null) -> SeguePlayer:
	if given != null or not node.is_inside_tree():
		return given
	var above := node.get_parent()
	while above != null:
		for beside in above.get_children():
			if beside is SeguePlayer:
				return beside
		above = above.get_parent()
	return node.get_tree().get_first_node_in_group(GROUP) as SeguePlayer


# --- the session ----------------------------------------------------------------------------------


## Starts the service or connects, and plays. Nothing, if it does already.
func start() -> void:
	if state != State.STOPPED and state != State.FAILED or not is_inside_tree():
		return
	if roundi(AudioServer.get_mix_rate()) != int(_RATE):
		push_warning(
			(
				"segue: set the project setting audio/driver/mix_rate to 48000; the music is converted to %d Hz"
				% roundi(AudioServer.get_mix_rate())
			)
		)
	_close()
	if service == Service.START:
		_start_service()
	else:
		_open(address)


## Ends the session, and the service if the game has started it. Inputs keep their values for the
## next start.
func stop() -> void:
	_close()
	_scheduled.clear()
	if state != State.STOPPED:
		state = State.STOPPED
		disconnected.emit("quit", "")


## Sets an input of the rules; the last value of a game frame counts. Whether it was taken; if not,
## [signal refused] and a warning say why.
func set_input(input: String, value: Variant) -> bool:
	return _inputs.set_own(input, value)


## The value that counts of an input: of a zone or another claim, or what the game has set, or the
## rules' default; null: none is known.
func input_value(input: String) -> Variant:
	return _inputs.value_of(input)


## Fires a trigger of the rules. Whether it was taken: a service that is still being started knows
## none.
func fire(trigger: String) -> bool:
	return _inputs.fire(trigger)


## Sets all inputs and states of the rules back to their start; the music continues. Zones and
## bindings apply again at once.
func reset() -> void:
	_inputs.reset()


## Lets [param claimant] have an input at a value, above the game's own until
## [method release_input]. Of several the greatest priority counts, then the latest.
func claim_input(claimant: Object, input: String, value: Variant, priority: int = 0) -> void:
	_inputs.claim(claimant, input, value, priority)


## Ends a claim: the next one counts, or the game's own value, or the rules' default.
func release_input(claimant: Object, input: String) -> void:
	_inputs.release(claimant, input)


## The music for a save game: [code]var blob := await player.save_music()[/code]. Empty if the
## service does not answer.
func save_music() -> PackedByteArray:
	if _client == null or state != State.LIVE:
		return PackedByteArray()
	return await _saves.answer_to(_client.save())


## Continues from a saved blob; whether the service could, also awaitable.
func restore_music(blob: PackedByteArray) -> bool:
	var number := _client.restore(blob) if _client != null else 0
	if number == 0:
		return false
	return await _restores.answer_to(number) in ["all", "rules"]


## Pauses the music with a fade; the rules' timers stand still.
func pause_music() -> void:
	_interrupt("game", Interruption.PAUSE)


## Continues where [method pause_music] stopped. Other interruptions still hold.
func resume_music() -> void:
	_interrupt("game", Interruption.KEEP)


## Lowers the music to [param gain_db] until [method unduck]. Of several the lowest counts.
func duck(ducker: Object, gain_db: float, ramp_ms: int = 200) -> void:
	_level.duck(ducker, gain_db, ramp_ms)


## Ends what [method duck] began.
func unduck(ducker: Object, ramp_ms: int = 600) -> void:
	_level.unduck(ducker, ramp_ms)


## Seconds until the next beat is heard; infinite while none is known.
func next_beat_time(unit: Unit = Unit.BEAT) -> float:
	if _client == null:
		return INF
	var at := ScheduledCalls.next(_client.upcoming_beats(), heard_sample(), unit == Unit.BAR)
	return INF if at < 0 else (at - heard_sample()) / _RATE


## Calls [param callable] once in the game frame nearest to the next beat, or [param lead_s] before
## it.
func schedule_on_beat(callable: Callable, unit: Unit = Unit.BEAT, lead_s: float = 0.0) -> void:
	_scheduled.add(callable, unit == Unit.BAR, lead_s * _RATE, heard_sample())


## The sample of the session's clock that is heard now.
func heard_sample() -> float:
	return _heard.heard_sample()


## What an overlay shows: `state`, `states` and `mix` as heard, `changes` with their causes,
## `buffer_s`, `fill_ms`, `skips`, `underruns`, `late`, `event_ms` from the last event to its sound,
## `receipt_ms`, `gain_db`, `is_standing`, `is_bed`, `generator`, `title`.
func statistics() -> Dictionary:
	var all := _heard.statistics()
	all["state"] = State.find_key(state)
	all["title"] = declaration.get("title", "")
	all["gain_db"] = _level.gain_db()
	all["is_bed"] = _bed != null and _bed.is_heard()
	all["bed_level"] = _bed.level if _bed != null else 0.0
	all["is_paused"] = _level.is_paused
	all["service_pid"] = _service.pid() if _service != null else 0
	return all


# --- private: starting and ending -----------------------------------------------------------------


func _make_children() -> void:
	_speaker = Speaker.new()
	_bed = Bed.new()
	for child: AudioStreamPlayer in [_speaker, _bed]:
		# What a pause does is this node's decision.
		child.process_mode = Node.PROCESS_MODE_ALWAYS
		child.bus = bus
		add_child(child, false, Node.INTERNAL_MODE_BACK)


func _start_service() -> void:
	if rules_file.is_empty():
		_fail("no rule file is set")
		return
	var log_file := ProjectSettings.globalize_path("user://segue_service.log")
	var words := PackedStringArray([ServiceProcess.rules_path(rules_file), "--log-file", log_file])
	words.append_array(arguments)
	state = State.STARTING
	_service = SupervisedService.new(command, words)
	_service.opened.connect(_open)
	_service.failed.connect(_take_service_failure)
	_service.start()


func _take_service_failure(text: String, is_final: bool) -> void:
	if is_final:
		_close_client()
		_fail(text)
	else:
		failed.emit(text)


func _fail(text: String) -> void:
	state = State.FAILED
	failed.emit(text)


func _open(at: String) -> void:
	var client := Client.new(at, _client_options())
	if not client.error.is_empty():
		_fail(client.error)
		return
	_client = client
	state = State.CONNECTING
	_speaker.open(client, fill_ms)
	_heard = HeardMusic.new(client, _speaker.filler)
	_level.open(client, _speaker.filler)
	_inputs.set_client(client)


func _client_options() -> Dictionary:
	var options := {"stingers": "included" if stingers == Stingers.INCLUDED else "separate"}
	if service == Service.CONNECT and not rules_name.is_empty():
		options["rules_name"] = rules_name
	if not token.is_empty():
		options["token"] = token
	if not generator.is_empty():
		options["generator"] = generator
	if lookahead_ms > 0:
		options["lookahead_ms"] = lookahead_ms
	if pre_roll_ms > 0:
		options["pre_roll_ms"] = pre_roll_ms
	if seed_number >= 0:
		options["seed"] = seed_number
	return options


func _close() -> void:
	_close_client()
	if _service != null:
		_service.stop(get_tree())
		_service = null
	_saves.give_up()
	_restores.give_up()


func _close_client() -> void:
	if _client == null:
		return
	_speaker.close()
	_inputs.set_client(null)
	_level.close()
	_take_events()
	_heard.close()
	_client = null


# --- private: each frame --------------------------------------------------------------------------


func _step() -> void:
	# Music knows no time scale.
	var now_usec := Time.get_ticks_usec()
	var delta := (now_usec - _stepped_usec) / 1e6
	_stepped_usec = now_usec
	_debug_link.step()
	if _service != null:
		_service.step(delta, get_tree())
	if _client != null:
		_level.step()
		_take_events()
	if _client != null:
		var frame_s := minf(delta, _LONGEST_FRAME_S)
		_scheduled.step(_client.upcoming_beats(), heard_sample(), frame_s * _RATE)
	var is_silent := state != State.STOPPED and _heard.is_standing()
	_bed.follow(self, is_silent, _level.must_pause(), delta, _level.gain_db())


func _take_events() -> void:
	for event in _client.poll():
		_take(event)


func _take(event: ClientEvent) -> void:
	var fields := event.fields
	_heard.take(event)
	match event.kind:
		ClientEvent.LIVE:
			state = State.LIVE
			_inputs.declaration = fields["welcome"]["rules"]
			connected.emit(declaration["title"])
		ClientEvent.LOST:
			state = State.CONNECTING
			disconnected.emit(fields["reason"], "the connection is lost; the client connects again")
		ClientEvent.CLOSED:
			if fields["reason"] != "quit":
				state = State.FAILED
				_saves.give_up()
				_restores.give_up()
				disconnected.emit(fields["reason"], fields["text"])
		ClientEvent.CONNECTION_FAILED:
			failed.emit(fields["text"])
		ClientEvent.BEAT_HEARD:
			beat.emit(fields["bar"], fields["beat"], fields["tempo_bpm"], fields["exact"])
			if fields["beat"] == 0:
				bar.emit(fields["bar"])
		ClientEvent.RECEIPT:
			receipt.emit(fields["seq"], fields["accepted"], fields["code"], fields["text"])
		ClientEvent.INPUT_REFUSED:
			_inputs.refuse(fields["name"], fields["text"])
		ClientEvent.UNDERRUN:
			underrun.emit(fields["count"])
		ClientEvent.STINGER_HEARD:
			stinger.emit(fields["name"])
			_caption([fields["name"]])
		"rules":
			if fields["declaration"] != null:
				_inputs.declaration = fields["declaration"]
			rules_changed.emit(PackedStringArray(fields["errors"]))
		"change":
			_take_decision(fields)
		ClientEvent.CHANGE_HEARD:
			_take_change(fields["change"])
		"saved", "status", "error":
			_take_answer(event)


func _take_decision(change: Dictionary) -> void:
	if _heard.is_new_decision(change):
		var seconds := maxf(0.0, (change["audible"] - heard_sample()) / _RATE)
		decided.emit(change["layer"], change["from_state"], change["to_state"], seconds)


func _take_change(change: Dictionary) -> void:
	var to_state: String = change["to_state"]
	var causes := HeardMusic.causes(change)
	changed.emit(change["layer"], change["from_state"], to_state, causes)
	_caption(["%s/%s" % [change["layer"], to_state], to_state])


func _take_answer(event: ClientEvent) -> void:
	var fields := event.fields
	match [event.kind, fields.get("about", "")]:
		["saved", _]:
			_answer_save(fields["id"], fields["blob"])
		["status", _]:
			_answer_restore(fields["restore"], fields["restored"])
		["error", "save"]:
			_answer_save(fields["seq"], PackedByteArray())
		["error", "restore"]:
			_answer_restore(fields["seq"], fields["text"])
		_:
			failed.emit("%s: %s" % [fields["code"], fields["text"]])


func _answer_save(number: int, blob: PackedByteArray) -> void:
	if _saves.answer(number, blob):
		music_saved.emit(blob)


func _answer_restore(number: int, how: String) -> void:
	if _restores.answer(number, how):
		music_restored.emit(how)


## Emits the first text that is set for one of the keys, or the last key itself.
func _caption(keys: Array[String]) -> void:
	var text := "[music: %s]" % keys[-1].replace("_", " ")
	for key in keys:
		if caption_texts.has(key):
			text = caption_texts[key]
			break
	if not text.is_empty():
		captions.emit(text)


func _note_sent(number: int) -> void:
	last_frame = number
	_heard.sent(number)


func _interrupt(reason: String, what: Interruption) -> void:
	_level.interrupt(reason, what as MusicLevel.Interruption)
