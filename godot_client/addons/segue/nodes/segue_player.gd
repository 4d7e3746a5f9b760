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
## trying where that can help. Where nothing is connected to the signal, it is a warning.
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
const ClientEvent := preload("../core/session/client_event.gd")
const DebugLink := preload("debug_link.gd")
const GameInputs := preload("game_inputs.gd")
const HeardMusic := preload("heard_music.gd")
const MusicEvents := preload("music_events.gd")
const MusicLevel := preload("music_level.gd")
const PlayerSession := preload("player_session.gd")
const PlayerSettings := preload("player_settings.gd")
const SavedMusic := preload("saved_music.gd")
const ScheduledCalls := preload("scheduled_calls.gd")
const Speaker := preload("speaker.gd")

## The group of all players in the tree.
const GROUP := &"segue_players"

const _RATE := 48000.0

## After a longer one the next is as long as usual.
const _LONGEST_FRAME_S := 0.1

## The rule file that the started service plays. An exported game looks for it in the folder
## [code]segue/rules[/code] beside it, under the same file name.
@export_file("*.yaml", "*.yml") var rules_file := "":
	set(value):
		rules_file = value
		update_configuration_warnings()

@export_group("Service")
## Whether the game starts a service or finds one at [member address].
@export var service := Service.START:
	set(value):
		service = value
		notify_property_list_changed()
		update_configuration_warnings()
## The program of the service; empty: in an exported game [code]segue/segue[/code] beside it,
## otherwise the project setting [code]segue/service/command[/code] or [code]segue[/code] in PATH.
@export var command := ""
## More arguments of [code]segue serve[/code].
@export var arguments: PackedStringArray
## Where the service listens: [code]tcp://HOST:PORT[/code], [code]tls://HOST:PORT[/code] or
## [code]ipc://PATH[/code].
@export var address := "tcp://127.0.0.1:7723":
	set(value):
		address = value
		update_configuration_warnings()
## The service's token; empty: it asks for none.
@export var token := ""
## With [code]tls://[/code]: the certificate of the authority that signed the service's, or the
## service's own if it has signed itself; no other is trusted. Empty: those of the system.
@export var certificate: X509Certificate
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

## Of the last start; null: there was none.
var _session: PlayerSession
var _speaker: Speaker
var _bed: Bed
var _inputs := GameInputs.new()
var _level := MusicLevel.new()
var _scheduled := ScheduledCalls.new()
var _heard := HeardMusic.new()
var _saves := SavedMusic.new()
var _events := MusicEvents.new()
var _debug_link := DebugLink.new(self)
var _stepped_usec := 0
## The last text of `failed`.
var _failure := ""


func _init() -> void:
	_inputs.refused.connect(refused.emit)
	_inputs.sent.connect(_note_sent)
	_events.beat.connect(beat.emit)
	_events.bar.connect(bar.emit)
	_events.decided.connect(decided.emit)
	_events.changed.connect(changed.emit)
	_events.receipt.connect(receipt.emit)
	_events.underrun.connect(underrun.emit)
	_events.stinger.connect(stinger.emit)
	_events.captions.connect(captions.emit)
	_events.rules_changed.connect(rules_changed.emit)
	_events.failed.connect(_tell_failure)
	_saves.saved.connect(music_saved.emit)
	_saves.restored.connect(music_restored.emit)
	add_to_group(GROUP)


func _enter_tree() -> void:
	if Engine.is_editor_hint():
		return
	if _speaker == null:
		_make_children()
	get_tree().process_frame.connect(_step)
	_debug_link.open()
	_stepped_usec = Time.get_ticks_usec()
	_interrupt("pause", Interruption.KEEP if can_process() else on_pause)


func _exit_tree() -> void:
	if Engine.is_editor_hint():
		return
	get_tree().process_frame.disconnect(_step)
	stop()
	_debug_link.close()


func _notification(what: int) -> void:
	if Engine.is_editor_hint():
		return
	if what == NOTIFICATION_POST_ENTER_TREE and autostart:
		# The speaker is in the tree, which it is later than this node where this one comes back.
		start()
	if not MusicLevel.INTERRUPTIONS.has(what):
		return
	var reason: String = MusicLevel.INTERRUPTIONS[what][0]
	var setting: String = MusicLevel.INTERRUPTIONS[what][1]
	_interrupt(reason, Interruption.KEEP if setting.is_empty() else get(setting))


func _get_configuration_warnings() -> PackedStringArray:
	return PlayerSettings.warnings(self)


func _validate_property(property: Dictionary) -> void:
	if PlayerSettings.is_unused(self, property["name"]):
		property["usage"] &= ~PROPERTY_USAGE_EDITOR


## The player that a node uses: the one that is given and was not freed, or the nearest above
## [param node] or beside those above it, or the first in the tree that plays or starts by itself,
## or the first at all; null: there is none.
static func of(node: Node, given: Variant = null) -> SeguePlayer:
	# An argument with a type may be no freed object.
	if is_instance_valid(given):
		return given as SeguePlayer
	if not node.is_inside_tree():
		return null
	var above := node.get_parent()
	while above != null:
		for beside in above.get_children():
			if beside is SeguePlayer:
				return beside
		above = above.get_parent()
	for other: SeguePlayer in node.get_tree().get_nodes_in_group(GROUP):
		# The autoload's player is the first, also where it has nothing to play.
		if other.autostart or other.state != State.STOPPED:
			return other
	return node.get_tree().get_first_node_in_group(GROUP) as SeguePlayer


# --- the session ----------------------------------------------------------------------------------


## Starts the service or connects, and plays. Nothing, if it does already.
func start() -> void:
	if state != State.STOPPED and state != State.FAILED or not is_inside_tree():
		return
	var warning := PlayerSettings.rate_warning()
	if not warning.is_empty():
		push_warning(warning)
	var options := PlayerSettings.client_options(self)
	_session = PlayerSession.new(_speaker, _level, _inputs, options, fill_ms)
	_session.opened.connect(_take_opening)
	_session.told.connect(_take)
	_session.failed.connect(_take_failure)
	state = State.STARTING
	if not PlayerSettings.is_started(self):
		_session.open(address)
	elif rules_file.is_empty():
		_take_failure("no rule file is set", true)
	else:
		_session.start_service(command, PlayerSettings.service_arguments(self))


## Ends the session, and the service if the game has started it. Inputs keep their values for the
## next start. Requests that are awaited are given up.
func stop() -> void:
	_scheduled.clear()
	if state == State.STOPPED:
		return
	state = State.STOPPED
	_end_session()
	disconnected.emit("quit", "")


## Sets an input of the rules; the last value of a game frame counts. Whether it was taken; if not,
## [signal refused] and a warning say why.
func set_input(input: String, value: Variant) -> bool:
	return _inputs.set_own(input, value)


## The value that counts of an input: of a zone or another claim, or what the game has set, or the
## rules' default; null: none is known.
func input_value(input: String) -> Variant:
	return _inputs.value_of(input)


## Fires a trigger of the rules. Whether it was taken. While the service starts, or is started
## again, it waits for the session.
func fire(trigger: String) -> bool:
	return _inputs.fire(trigger, state == State.STARTING)


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
	if state != State.LIVE:
		return PackedByteArray()
	return await _saves.save(_session.client)


## Continues from a saved blob; whether the service could, also awaitable.
func restore_music(blob: PackedByteArray) -> bool:
	if state != State.LIVE and state != State.CONNECTING:
		return false
	return await _saves.restore(_session.client, blob)


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
	if _session == null:
		return INF
	var at := ScheduledCalls.next(_session.upcoming_beats(), heard_sample(), unit == Unit.BAR)
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
## `receipt_ms`, `gain_db`, `is_standing`, `is_bed`, `generator`, `title`, `failure` in words until
## a session is up.
func statistics() -> Dictionary:
	var all := _heard.statistics()
	all["state"] = State.find_key(state)
	all["title"] = declaration.get("title", "")
	all["gain_db"] = _level.gain_db()
	all["is_bed"] = _bed != null and _bed.is_heard()
	all["bed_level"] = _bed.level if _bed != null else 0.0
	all["is_paused"] = _level.is_paused
	all["failure"] = _failure if state != State.LIVE else ""
	all["service_pid"] = _session.service_pid() if _session != null else 0
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


func _take_opening() -> void:
	state = State.CONNECTING
	_heard = _session.heard


func _take_failure(text: String, is_final: bool) -> void:
	if not is_final:
		_tell_failure(text)
		return
	state = State.FAILED
	_end_session()
	# Not before others can listen, where the player starts as it enters the tree.
	_tell_failure.call_deferred(text)


## Tells the game, or whoever reads the output if the game does not listen.
func _tell_failure(text: String) -> void:
	if failed.get_connections().is_empty() and text != _failure:
		push_warning("segue: %s" % text)
	_failure = text
	failed.emit(text)


func _end_session() -> void:
	_session.close(get_tree())
	_inputs.forget_triggers()
	_saves.give_up()


# --- private: each frame --------------------------------------------------------------------------


func _step() -> void:
	# Music knows no time scale.
	var now_usec := Time.get_ticks_usec()
	var delta := (now_usec - _stepped_usec) / 1e6
	_stepped_usec = now_usec
	_debug_link.step()
	if _session != null:
		_session.step(delta, get_tree())
		var frame_s := minf(delta, _LONGEST_FRAME_S)
		_scheduled.step(_session.upcoming_beats(), heard_sample(), frame_s * _RATE)
	if is_inside_tree():
		var is_silent := state != State.STOPPED and _heard.is_standing()
		_bed.follow(self, is_silent, _level.must_pause(), delta, _level.gain_db())


func _take(event: ClientEvent) -> void:
	var fields := event.fields
	match event.kind:
		ClientEvent.LIVE:
			state = State.LIVE
			_inputs.declaration = fields["welcome"]["rules"]
			connected.emit(declaration["title"])
		ClientEvent.LOST:
			state = State.CONNECTING
			disconnected.emit(fields["reason"], "the connection is lost; the client connects again")
		ClientEvent.CLOSED:
			state = State.FAILED
			_end_session()
			_failure = fields["text"]
			if disconnected.get_connections().is_empty():
				push_warning("segue: %s" % _failure)
			disconnected.emit(fields["reason"], fields["text"])
		ClientEvent.CONNECTION_FAILED:
			_tell_failure(fields["text"])
		ClientEvent.INPUT_REFUSED:
			_inputs.refuse(fields["name"], fields["code"], fields["text"])
		"rules" when fields["declaration"] != null:
			_inputs.declaration = fields["declaration"]
			_events.take(event, _heard, caption_texts)
		_:
			if not _saves.take(event):
				_events.take(event, _heard, caption_texts)


func _note_sent(number: int) -> void:
	last_frame = number
	_heard.sent(number)


func _interrupt(reason: String, what: Interruption) -> void:
	_level.interrupt(reason, what as MusicLevel.Interruption)
