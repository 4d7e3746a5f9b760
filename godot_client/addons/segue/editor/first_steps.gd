@tool
extends VBoxContainer
## What a project lacks before it has music, each with what to do: the service's program, a first
## rule file, the music's mix rate. Nothing of it is shown once all is there.

## A first rule file was written.
signal rules_made

## What went wrong, in words.
signal failed(text: String)

const Settings := preload("settings.gd")

## The name of a first rule file, without its ending.
const _FIRST_RULES := "soundtrack"

const _NO_PROGRAM := (
	"The service is missing: the program segue, which plays the music. Copy its folder, of a release"
	+ " or of 'make bundle', into the project as %s, or choose the program of an installation."
)

var _service := VBoxContainer.new()
var _service_text := Label.new()
var _choose := Button.new()
var _dialog := EditorFileDialog.new()
var _rate := Button.new()
var _new_rules := Button.new()
var _thread: Thread


func _init() -> void:
	_service_text.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_service_text.text = _NO_PROGRAM % Settings.value(Settings.BUNDLE)
	_service_text.add_theme_color_override("font_color", Color.ORANGE)
	_choose.text = "Choose the program…"
	_choose.tooltip_text = (
		"Such as .venv/bin/segue. It is kept in the project setting %s." % Settings.COMMAND
	)
	_choose.pressed.connect(func() -> void: _dialog.popup_file_dialog())
	_dialog.access = EditorFileDialog.ACCESS_FILESYSTEM
	_dialog.file_mode = EditorFileDialog.FILE_MODE_OPEN_FILE
	_dialog.title = "The program segue"
	_dialog.file_selected.connect(_take_program)
	for part: Node in [_service_text, _choose, _dialog]:
		_service.add_child(part)
	_rate.text = "Set the mix rate to 48 kHz"
	_rate.tooltip_text = (
		"The project's mix rate is another: the engine converts the music to it badly.\n"
		+ "Games have the new rate at their next start, the editor at its own."
	)
	_rate.pressed.connect(_fix_rate)
	_new_rules.text = "New rule file"
	_new_rules.pressed.connect(_make_rules)
	for part: Control in [_service, _rate, _new_rules]:
		add_child(part)


func _exit_tree() -> void:
	if _thread != null:
		_thread.wait_to_finish()
		_thread = null


## Shows what is missing now. Call it now and then.
func refresh() -> void:
	var has_program := not Settings.program().is_empty()
	_service.visible = not has_program
	_service_text.text = _NO_PROGRAM % Settings.value(Settings.BUNDLE)
	_rate.visible = not Settings.is_mix_rate_good()
	_new_rules.visible = has_program and Settings.rule_files().is_empty()
	_new_rules.tooltip_text = "Writes %s, with explanations." % _first_rules()


func _first_rules() -> String:
	return Settings.value(Settings.RULES_FOLDER).path_join(_FIRST_RULES) + ".yaml"


func _take_program(path: String) -> void:
	ProjectSettings.set_setting(Settings.COMMAND, path)
	ProjectSettings.save()
	refresh()


func _fix_rate() -> void:
	Settings.fix_mix_rate()
	refresh()


## Makes a first rule file, as `segue init` does, in the background.
func _make_rules() -> void:
	if _thread != null:
		return
	_new_rules.disabled = true
	_thread = Thread.new()
	var path := ProjectSettings.globalize_path(_first_rules().get_basename())
	_thread.start(_run.bind(Settings.program(), PackedStringArray(["init", path])))


## On the thread.
func _run(program: String, words: PackedStringArray) -> void:
	var output := []
	var code := OS.execute(program, words, output, true)
	_take_end.call_deferred(code, "".join(output).strip_edges())


func _take_end(code: int, output: String) -> void:
	if _thread == null:
		return
	_thread.wait_to_finish()
	_thread = null
	_new_rules.disabled = false
	if code != 0:
		failed.emit(output if not output.is_empty() else "'%s' cannot be run" % Settings.program())
	refresh()
	rules_made.emit()
