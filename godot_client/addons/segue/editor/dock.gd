@tool
extends VBoxContainer
## The dock "Segue": plays a rule file in the editor, or watches a player of the running game, with
## one control for each input, shows what plays and why, and lists the mistakes of all rule files.

const Audition := preload("audition.gd")
const Declarations := preload("declarations.gd")
const FirstSteps := preload("first_steps.gd")
const InputPanel := preload("input_panel.gd")
const LivePlayer := preload("live_player.gd")
const LiveSessions := preload("live_sessions.gd")
const NowPlaying := preload("now_playing.gd")
const RuleEditor := preload("rule_editor.gd")
const Settings := preload("settings.gd")

const _REFRESH_S := 1.0
const _SHOW_S := 0.1

var _declarations: Declarations
var _live_sessions: LiveSessions
## The player of a running game that is watched; null: the audition is.
var _live: LivePlayer
var _audition := Audition.new()
var _rule_editor: RuleEditor
## The audition, then the players of the running games.
var _sources := OptionButton.new()
var _row := HBoxContainer.new()
var _rules := OptionButton.new()
var _edit := Button.new()
var _start := Button.new()
var _first_steps := FirstSteps.new()
var _status := Label.new()
var _inputs := InputPanel.new(jump)
var _playing := NowPlaying.new()
var _problems := ItemList.new()


func _init(declarations: Declarations, live_sessions: LiveSessions) -> void:
	_declarations = declarations
	_live_sessions = live_sessions
	_rule_editor = RuleEditor.new(declarations)
	name = "Segue"
	_sources.tooltip_text = "What is played and shown: a rule file in the editor, or the running game."
	_sources.item_selected.connect(_choose_source)
	_rules.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	_rules.item_selected.connect(_choose.unbind(1))
	_start.text = "Play"
	_start.pressed.connect(_toggle)
	_edit.text = "Edit"
	_edit.tooltip_text = "Opens the rule file. It is heard as soon as it is saved."
	_edit.pressed.connect(func() -> void: jump({"file": _chosen(), "line": 1, "column": 1}))
	for part: Control in [_rules, _edit, _start]:
		_row.add_child(part)
	_first_steps.rules_made.connect(_show_new_rules)
	_first_steps.failed.connect(_show_failure)
	var scroll := ScrollContainer.new()
	scroll.size_flags_vertical = Control.SIZE_EXPAND_FILL
	scroll.custom_minimum_size.y = 160
	scroll.horizontal_scroll_mode = ScrollContainer.SCROLL_MODE_DISABLED
	scroll.add_child(_inputs)
	_status.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_inputs.changed.connect(_send)
	_problems.auto_height = true
	_problems.item_activated.connect(_jump)
	_problems.item_clicked.connect(
		func(index: int, _at: Vector2, _mouse: int) -> void: _jump(index)
	)
	for part: Control in [_first_steps, _sources, _row, _status, scroll, _playing, _problems]:
		add_child(part)
	add_child(_audition)
	add_child(_rule_editor)
	_audition.status_changed.connect(_show_status)
	_audition.failed.connect(_show_failure)
	_audition.live.connect(_send_all)
	_add_timer(_REFRESH_S, _refresh)
	_add_timer(_SHOW_S, _show_playing)


func _enter_tree() -> void:
	_declarations.changed.connect(_show_declarations)
	_live_sessions.changed.connect(_show_sources)
	_show_sources()
	_show_declarations()
	_refresh()


func _exit_tree() -> void:
	_declarations.changed.disconnect(_show_declarations)
	_live_sessions.changed.disconnect(_show_sources)


## Opens the place of a name or a problem: `file`, `line` and `column` of `segue describe`.
func jump(place: Dictionary) -> void:
	var settings := EditorInterface.get_editor_settings()
	var line := int(place["line"])
	var column := int(place["column"])
	var file := ProjectSettings.globalize_path(place["file"])
	if settings.get_setting("text_editor/external/use_external_editor"):
		var program: String = settings.get_setting("text_editor/external/exec_path")
		var flags: String = settings.get_setting("text_editor/external/exec_flags")
		var values := {"file": file, "line": line, "col": column}
		values["project"] = ProjectSettings.globalize_path("res://")
		var words := PackedStringArray()
		for flag in flags.split(" ", false):
			words.append(flag.format(values))
		OS.create_process(program, words)
		return
	var fault := _rule_editor.open(ProjectSettings.localize_path(file), line, column)
	if not fault.is_empty():
		_show_failure(fault)


func _add_timer(seconds: float, callable: Callable) -> void:
	var timer := Timer.new()
	timer.wait_time = seconds
	timer.autostart = true
	timer.timeout.connect(callable)
	add_child(timer)


func _refresh() -> void:
	_declarations.refresh()
	_first_steps.refresh()


func _show_new_rules() -> void:
	_refresh()
	EditorInterface.get_resource_filesystem().scan()


func _toggle() -> void:
	if _audition.is_running():
		_audition.stop()
	elif _rules.selected >= 0:
		_audition.start(_chosen())
	_start.text = "Stop" if _audition.is_running() else "Play"


## The path of the chosen rule file; empty: there is none.
func _chosen() -> String:
	return _rules.get_item_metadata(_rules.selected) if _rules.selected >= 0 else ""


func _choose() -> void:
	var was_running := _audition.is_running()
	_audition.stop()
	_show_controls()
	if was_running:
		_toggle()


func _show_declarations() -> void:
	var chosen := _chosen()
	_rules.clear()
	_problems.clear()
	if not _declarations.error.is_empty():
		_problems.add_item(_declarations.error)
	for path: String in _declarations.paths():
		var described := _declarations.of(path)
		_rules.add_item(described["title"])
		_rules.set_item_metadata(-1, path)
		if path == chosen:
			_rules.select(_rules.item_count - 1)
		for problem: Dictionary in described["problems"]:
			var text := Declarations.text_of(problem)
			var at := _problems.add_item(text)
			_problems.set_item_metadata(at, problem)
			_problems.set_item_tooltip(at, text)
	_problems.visible = _problems.item_count > 0
	_start.disabled = _rules.item_count == 0
	_edit.disabled = _rules.item_count == 0
	if _rules.item_count == 0:
		_show_status("no rule files in %s" % Settings.value(Settings.RULES_FOLDER))
	elif _status.text.begins_with("no rule files"):
		_show_status("stopped")
	_show_controls()


## Lists the audition and the players of the running games. The first of those is chosen when it
## comes, unless something plays in the editor.
func _show_sources() -> void:
	var players := _live_sessions.players()
	_sources.clear()
	_sources.add_item("in the editor")
	for player in players:
		_sources.add_item("game: %s" % player.path)
		_sources.set_item_metadata(-1, player)
	_sources.visible = not players.is_empty()
	var at := players.find(_live)
	if at < 0 and not players.is_empty() and not _audition.is_running():
		at = 0
	_sources.select(at + 1)
	_choose_source(at + 1)


## Watches what the list of sources has at an index.
func _choose_source(index: int) -> void:
	_live = _sources.get_item_metadata(index)
	if _live != null:
		_audition.stop()
	_row.visible = _live == null
	_show_status("stopped" if _live == null else "watching the running game")
	_show_controls()


func _show_controls() -> void:
	if _live != null:
		_inputs.show_inputs(_live.path, _live.inputs)
	else:
		_inputs.show_inputs(_chosen(), _declarations.of(_chosen()).get("inputs", []))


func _send(input: String, value: Variant) -> void:
	if value == null and _live != null:
		_live.fire(input)
	elif value == null:
		_audition.fire(input)
	elif _live != null:
		_live.set_input(input, value)
	else:
		_audition.set_input(input, value)


## A session begins with the defaults, and the controls may stand elsewhere.
func _send_all() -> void:
	for control in _inputs.controls:
		if control.value != null:
			_audition.set_input(control.name, control.value)


func _show_status(text: String) -> void:
	_status.text = text
	_start.text = "Stop" if _audition.is_running() else "Play"


func _show_failure(text: String) -> void:
	_show_status(text)
	printerr("segue: %s" % text)


func _show_playing() -> void:
	if _live == null:
		_playing.show_statistics(_audition.statistics())
		return
	# The inputs are known once the game's session is up.
	_show_controls()
	_inputs.show_values(_live.values)
	_playing.show_statistics(_live.statistics())


func _jump(index: int) -> void:
	var place: Variant = _problems.get_item_metadata(index)
	if place is Dictionary:
		jump(place)
