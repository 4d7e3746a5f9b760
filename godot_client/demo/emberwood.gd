extends Node2D
## "Emberwood in two minutes": a walk through a night whose music Segue composes as it goes.
##
## The nodes of this scene do the work: a SeguePlayer, zones for the places, bindings for the
## wolves, the depth of the crypt and the Warden, triggers for the shrine and the victory. This
## script has keys: F1 edits the rules, F2 kills the service, F5 saves, F9 loads.

const Controls := preload("course/controls.gd")
const Hero := preload("actors/hero.gd")
const Hud := preload("screens/hud.gd")
const Pilot := preload("course/pilot.gd")
const Places := preload("course/places.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")
const Report := preload("course/report.gd")
const RulesEditor := preload("screens/rules_editor.gd")
const RunOptions := preload("course/run_options.gd")
const SavedGame := preload("course/saved_game.gd")
const Warden := preload("actors/warden.gd")

## The demo plays itself after this long without a key.
const _ATTRACT_S := 12.0
## The same, once the player has come some way.
const _LEFT_ALONE_S := 40.0
## After the course: when it says so, and when it begins again.
const _END_S := 2.0
const _AGAIN_S := 10.0
const _GATE := 330.0

var options: RunOptions

var _idle_s := 0.0
var _first := {}
var _has_finished := false

@onready var _player: Player = $SeguePlayer
@onready var _hero: Hero = $Hero
@onready var _hud: Hud = $Screen/Hud
@onready var _pilot: Pilot = $Pilot
@onready var _report: Report = $Report
@onready var _rules: RulesEditor = $RulesEditor
@onready var _warden: Warden = $Warden


func _ready() -> void:
	options = RunOptions.new(OS.get_cmdline_user_args())
	Controls.register()
	Engine.time_scale = options.speed
	_first = SavedGame.collect(get_tree())
	_player.connected.connect(func(_title: String) -> void: _hud.tell("the service plays"))
	_player.disconnected.connect(_tell_of_interruption)
	_player.underrun.connect(func(_count: int) -> void: _hud.tell("the buffer is empty"))
	_player.stinger.connect(_show_stinger)
	_player.rules_changed.connect(_tell_of_rules)
	_pilot.reached.connect(_take_picture)
	_pilot.finished.connect(_finish)
	_warden.announced.connect(_take_picture_of_warning)
	_rules.opened.connect(Controls.unregister)
	_rules.closed.connect(Controls.register)
	if not options.report.is_empty():
		_report.start(options.report)
	if options.attract:
		_pilot.start()
	else:
		_hud.hint("Emberwood", "→ to walk, or wait and watch")
	_player.start()


func _process(delta: float) -> void:
	# The hall's far gate opens when the Warden has fallen.
	_hero.limits.y = Places.END if _warden.is_dead() else Places.TOWN - _GATE
	_idle_s += delta
	if not _pilot.is_active() and _may_attract():
		_hud.hint("", "")
		_pilot.start()
	if _has_finished and _idle_s > _END_S:
		_hud.hint("The end", "soon it begins again")
	if _has_finished and _idle_s > _AGAIN_S:
		_start_again()


func _unhandled_key_input(event: InputEvent) -> void:
	if not event.is_pressed() or event.is_echo():
		return
	_idle_s = 0.0
	if Controls.is_of_hero(event):
		_pilot.stop()
		_hud.hint("", "")
	match (event as InputEventKey).keycode:
		KEY_F1:
			_rules.open()
		KEY_F2:
			_kill_service()
		KEY_F5:
			_save()
		KEY_F9:
			_load()
		_:
			return
	get_viewport().set_input_as_handled()


func _may_attract() -> bool:
	var patience_s := _ATTRACT_S if _hero.position.x < Places.SHRINE else _LEFT_ALONE_S
	return _idle_s > patience_s and not _rules.visible and not _has_finished


func _kill_service() -> void:
	var pid: int = _player.statistics()["service_pid"]
	if pid == 0 or OS.kill(pid) != OK:
		_hud.tell("there is no service to kill")
		return
	_report.note("killed", {"killed_pid": pid})
	_hud.tell("service %d killed: the music goes on from the buffer" % pid)


func _save() -> void:
	_report.note("saving", {"states": _player.statistics()["states"]})
	var fault := await SavedGame.save(get_tree(), _player)
	_hud.tell("saved, with the music" if fault.is_empty() else fault)
	_report.note("saved", {"fault": fault, "x": _hero.position.x})


func _load() -> void:
	var fault := await SavedGame.load_from_file(get_tree(), _player)
	_hud.tell("loaded: the music is back where it was" if fault.is_empty() else fault)
	_report.note("loaded", {"fault": fault, "x": _hero.position.x})


func _tell_of_interruption(reason: String, _text: String) -> void:
	if reason != "quit":
		_hud.tell("the service is gone: the session will continue")


func _tell_of_rules(errors: PackedStringArray) -> void:
	_hud.tell("new rules" if errors.is_empty() else "mistakes in the rules: the old ones play on")


func _show_stinger(stinger: String) -> void:
	if stinger == "victory":
		_hud.shine()
		_hud.tell("victory: the music ducks under its stinger")


func _finish() -> void:
	_has_finished = true
	_idle_s = 0.0
	if options.quits:
		get_tree().quit()


func _start_again() -> void:
	_has_finished = false
	SavedGame.apply(get_tree(), _first)
	_player.reset()
	_hud.hint("", "")
	_pilot.start()


func _take_picture_of_warning(seconds: float) -> void:
	await get_tree().create_timer(seconds * options.speed * 0.7).timeout
	_take_picture("warden")


func _take_picture(place: String) -> void:
	if options.pictures.is_empty():
		return
	await RenderingServer.frame_post_draw
	var picture := get_viewport().get_texture().get_image()
	picture.save_png(options.pictures.path_join(place + ".png"))
