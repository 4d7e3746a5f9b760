@tool
extends VBoxContainer
## The dock "Segue": plays a rule file in the editor with one control for each input, shows what
## plays and why, and lists the mistakes of all rule files.

const Audition := preload("audition.gd")
const Declarations := preload("declarations.gd")
const InputControl := preload("input_control.gd")
const RuleEditor := preload("rule_editor.gd")
const Settings := preload("settings.gd")

const _REFRESH_S := 1.0
const _SHOW_S := 0.1

var _declarations: Declarations
var _audition := Audition.new()
var _rule_editor := RuleEditor.new()
var _rules := OptionButton.new()
var _start := Button.new()
var _status := Label.new()
var _rate := Button.new()
var _grid := GridContainer.new()
var _playing := Label.new()
var _problems := ItemList.new()
## Of the rule file that is chosen, in file order.
var _controls: Array[InputControl] = []
var _declared := ""


func _init(declarations: Declarations) -> void:
	_declarations = declarations
	name = "Segue"
	var row := HBoxContainer.new()
	_rules.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	_rules.item_selected.connect(_choose.unbind(1))
	_start.text = "Play"
	_start.pressed.connect(_toggle)
	row.add_child(_rules)
	row.add_child(_start)
	_rate.text = "The game's mix rate is not 48 kHz: set it"
	_rate.tooltip_text = "The engine converts the music to other rates badly. Restart the editor then."
	_rate.pressed.connect(_fix_rate)
	_grid.columns = 2
	_grid.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	var scroll := ScrollContainer.new()
	scroll.size_flags_vertical = Control.SIZE_EXPAND_FILL
	scroll.custom_minimum_size.y = 160
	scroll.horizontal_scroll_mode = ScrollContainer.SCROLL_MODE_DISABLED
	scroll.add_child(_grid)
	for label: Label in [_status, _playing]:
		label.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_problems.auto_height = true
	_problems.item_activated.connect(_jump)
	_problems.item_clicked.connect(
		func(index: int, _at: Vector2, _mouse: int) -> void: _jump(index)
	)
	for part: Control in [row, _rate, _status, scroll, _playing, _problems]:
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
	_show_declarations()
	_refresh()


func _exit_tree() -> void:
	_declarations.changed.disconnect(_show_declarations)


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
	_rule_editor.open(ProjectSettings.localize_path(file), line, column)


func _add_timer(seconds: float, callable: Callable) -> void:
	var timer := Timer.new()
	timer.wait_time = seconds
	timer.autostart = true
	timer.timeout.connect(callable)
	add_child(timer)


func _refresh() -> void:
	_declarations.refresh()
	_rate.visible = not Settings.is_mix_rate_good()


func _fix_rate() -> void:
	Settings.fix_mix_rate()
	_rate.visible = false


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
			var at := _problems.add_item(Declarations.text_of(problem))
			_problems.set_item_metadata(at, problem)
			_problems.set_item_tooltip(at, problem["text"])
	_problems.visible = _problems.item_count > 0
	_start.disabled = _rules.item_count == 0
	if _rules.item_count == 0:
		_show_status("no rule files in %s" % Settings.value(Settings.RULES_FOLDER))
	elif _status.text.begins_with("no rule files"):
		_show_status("stopped")
	_show_controls()


## Makes the controls anew if the declaration is another one.
func _show_controls() -> void:
	var inputs: Array = _declarations.of(_chosen()).get("inputs", [])
	var declared := _chosen() + JSON.stringify(inputs)
	if declared == _declared:
		return
	_declared = declared
	for child in _grid.get_children():
		_grid.remove_child(child)
		child.queue_free()
	_controls.clear()
	for each: Dictionary in inputs:
		var control := InputControl.new(each)
		var label := LinkButton.new()
		label.text = control.name
		label.tooltip_text = "%s:%d" % [each["file"], int(each["line"])]
		label.pressed.connect(jump.bind(each))
		_grid.add_child(label)
		_grid.add_child(control.control)
		control.changed.connect(_send)
		_controls.append(control)


func _send(input: String, value: Variant) -> void:
	if value == null:
		_audition.fire(input)
	else:
		_audition.set_input(input, value)


## A session begins with the defaults, and the controls may stand elsewhere.
func _send_all() -> void:
	for control in _controls:
		if control.value != null:
			_audition.set_input(control.name, control.value)


func _show_status(text: String) -> void:
	_status.text = text
	_start.text = "Stop" if _audition.is_running() else "Play"


func _show_failure(text: String) -> void:
	_show_status(text)
	printerr("segue: %s" % text)


func _show_playing() -> void:
	var found := _audition.statistics()
	_playing.visible = not found.is_empty()
	if found.is_empty():
		return
	var lines := PackedStringArray()
	for layer: String in found["states"]:
		lines.append("%s: %s" % [layer, found["states"][layer]])
	var mix := PackedStringArray()
	for style: String in found["mix"]:
		mix.append("%s %d %%" % [style, roundi(100.0 * found["mix"][style])])
	lines.append("mix: %s" % ", ".join(mix))
	lines.append("buffer %.1f s, underruns %d" % [found["buffer_s"], found["underruns"]])
	if found["event_ms"] >= 0.0:
		lines.append("from an input to its sound: %d ms" % roundi(found["event_ms"]))
	for change: Dictionary in found["changes"]:
		lines.append(_text_of(change))
	_playing.text = "\n".join(lines)


## A change of HeardMusic.
static func _text_of(change: Dictionary) -> String:
	return "%s: %s → %s  %s" % [change["layer"], change["from"], change["to"], change["why"]]


func _jump(index: int) -> void:
	var place: Variant = _problems.get_item_metadata(index)
	if place is Dictionary:
		jump(place)
