extends CanvasLayer
## Edits the rule file while its music plays: the service loads what is saved, and tells mistakes by
## file, line and column.

signal opened
signal closed

const Palette := preload("res://demo/palette.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")
const ServiceProcess := preload("res://addons/segue/nodes/service_process.gd")

@export var player: Player

var _path := ""
var _original := ""

@onready var _text: CodeEdit = %Text
@onready var _status: Label = %Status
@onready var _mistakes: ItemList = %Mistakes


func _ready() -> void:
	visible = false
	_path = ServiceProcess.rules_path(player.rules_file)
	_original = FileAccess.get_file_as_string(_path)
	(%File as Label).text = _path
	_text.syntax_highlighter = _highlighter()
	(%Save as Button).pressed.connect(save)
	(%Original as Button).pressed.connect(take_back)
	(%Close as Button).pressed.connect(close)
	_mistakes.item_selected.connect(_jump)
	player.rules_changed.connect(_show)


func _input(event: InputEvent) -> void:
	var key := event as InputEventKey
	if not visible or key == null or not key.pressed:
		return
	if key.keycode == KEY_S and key.is_command_or_control_pressed():
		save()
	elif key.keycode == KEY_ESCAPE or key.keycode == KEY_F1:
		close()
	else:
		return
	get_viewport().set_input_as_handled()


## Shows the file as it is now.
func open() -> void:
	_text.text = FileAccess.get_file_as_string(_path)
	_status.text = "Ctrl+S saves; the music follows"
	if _text.text.is_empty():
		_status.text = "%s cannot be read" % _path
	_mistakes.clear()
	visible = true
	_text.grab_focus()
	opened.emit()


func close() -> void:
	visible = false
	closed.emit()


## Writes the file; the service notices it.
func save() -> void:
	_write(_text.text)


## Writes the file as it was when the game was started.
func take_back() -> void:
	_text.text = _original
	_write(_original)


## What was told of the last saved file, a line each.
func mistakes() -> PackedStringArray:
	var found := PackedStringArray()
	for index in _mistakes.item_count:
		found.append(_mistakes.get_item_text(index))
	return found


func _write(text: String) -> void:
	var file := FileAccess.open(_path, FileAccess.WRITE)
	if file == null:
		_status.text = "cannot write: %s" % error_string(FileAccess.get_open_error())
		return
	file.store_string(text)
	file.close()
	_mistakes.clear()
	_status.text = "saved; the service reads it"


func _show(errors: PackedStringArray) -> void:
	_mistakes.clear()
	for error in errors:
		_mistakes.add_item(error.replace(_path.get_base_dir() + "/", ""))
	_mistakes.visible = not errors.is_empty()
	var is_good := errors.is_empty()
	_status.text = "the new rules play" if is_good else "the old rules play on, for:"
	_status.modulate = Palette.SPIRIT if is_good else Palette.DANGER
	if not is_good:
		# The list takes its room first.
		_jump.call_deferred(0)


## Goes to the place that a mistake begins with: file:line:column.
func _jump(index: int) -> void:
	var found := RegEx.create_from_string("\\.ya?ml:(\\d+):(\\d+)").search(
		_mistakes.get_item_text(index)
	)
	if found == null:
		return
	_text.set_caret_line(clampi(int(found.get_string(1)) - 1, 0, _text.get_line_count() - 1))
	_text.set_caret_column(int(found.get_string(2)) - 1)
	_text.center_viewport_to_caret()


static func _highlighter() -> CodeHighlighter:
	var colours := CodeHighlighter.new()
	colours.number_color = Palette.FLAME
	colours.symbol_color = Palette.FAINT
	colours.function_color = Palette.TEXT
	colours.member_variable_color = Palette.TEXT
	colours.add_color_region("#", "", Color("6f8796"), true)
	colours.add_color_region('"', '"', Palette.SPIRIT)
	for word: String in [
		"when",
		"unless",
		"mix",
		"music",
		"weight",
		"states",
		"layers",
		"inputs",
		"styles",
		"transitions",
		"stingers",
		"tempo",
		"key",
		"intensity",
		"hold",
		"attack",
		"ramp"
	]:
		colours.add_keyword_color(word, Color("8fb8ff"))
	return colours
