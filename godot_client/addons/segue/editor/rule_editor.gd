@tool
extends AcceptDialog
## Shows a rule file at a line, which Godot does for scripts only; saves it, lists its mistakes.

const Declarations := preload("declarations.gd")
const Utf8 := preload("../core/protocol/utf8.gd")

## No rule file is larger, and a longer text would stop the editor for seconds.
const _MOST_BYTES := 1048576

const _COMMENT := Color(0.5, 0.56, 0.6)
const _TEXT := Color(0.95, 0.82, 0.55)
const _NUMBER := Color(0.6, 0.85, 0.75)
const _SYMBOL := Color(0.6, 0.7, 0.85)
const _NAME := Color(0.86, 0.88, 0.9)

var _declarations: Declarations
var _path := ""
var _saved := ""
var _code := CodeEdit.new()
var _mistakes := ItemList.new()


func _init(declarations: Declarations) -> void:
	_declarations = declarations
	ok_button_text = "Save"
	dialog_hide_on_ok = false
	add_cancel_button("Close")
	_code.gutters_draw_line_numbers = true
	_code.draw_tabs = true
	_code.indent_use_spaces = true
	_code.indent_size = 2
	_code.highlight_current_line = true
	_code.syntax_highlighter = _highlighter()
	_code.size_flags_vertical = Control.SIZE_EXPAND_FILL
	_code.custom_minimum_size = Vector2(900, 520)
	_code.text_changed.connect(_show_title)
	_mistakes.auto_height = true
	_mistakes.item_activated.connect(_go_to_mistake)
	_mistakes.item_clicked.connect(
		func(index: int, _at: Vector2, _mouse: int) -> void: _go_to_mistake(index)
	)
	var column := VBoxContainer.new()
	column.add_child(_code)
	column.add_child(_mistakes)
	add_child(column)
	confirmed.connect(_save)


func _enter_tree() -> void:
	_declarations.changed.connect(_show_mistakes)


func _exit_tree() -> void:
	_declarations.changed.disconnect(_show_mistakes)


func _shortcut_input(event: InputEvent) -> void:
	var pressed := event as InputEventKey
	if pressed != null and pressed.pressed and pressed.keycode == KEY_S:
		if pressed.is_command_or_control_pressed():
			_save()
			set_input_as_handled()


## Opens a file at a place; both count from 1. Why it cannot be edited here; empty: it is open.
func open(path: String, line: int, column: int) -> String:
	var file := FileAccess.open(path, FileAccess.READ)
	if file == null:
		return "%s: %s" % [path, error_string(FileAccess.get_open_error())]
	if file.get_length() > _MOST_BYTES:
		return "%s: expected at most 1 MiB, got %d bytes" % [path, file.get_length()]
	var bytes := file.get_buffer(file.get_length())
	if bytes.has(0) or not Utf8.is_valid(bytes):
		# To save it would change what cannot be shown.
		return "%s: expected UTF-8 text; save the file as UTF-8 with another editor" % path
	var text := bytes.get_string_from_utf8()
	# What was not saved when the window was closed is still there, unless the file has changed.
	if path != _path or text != _saved:
		_path = path
		_saved = text
		_code.text = text
		_code.clear_undo_history()
	_show_title()
	_show_mistakes()
	popup_centered()
	_go_to(line, column)
	return ""


## Where the caret is, counted from 1.
func place() -> Vector2i:
	return Vector2i(_code.get_caret_line() + 1, _code.get_caret_column() + 1)


func _go_to(line: int, column: int) -> void:
	_code.set_caret_line(line - 1)
	_code.set_caret_column(column - 1)
	_code.center_viewport_to_caret()
	_code.grab_focus()


func _go_to_mistake(index: int) -> void:
	var mistake: Dictionary = _mistakes.get_item_metadata(index)
	_go_to(int(mistake["line"]), int(mistake["column"]))


func _save() -> void:
	var file := FileAccess.open(_path, FileAccess.WRITE)
	if file == null:
		push_error(
			"segue: cannot write %s: %s" % [_path, error_string(FileAccess.get_open_error())]
		)
		return
	file.store_string(_code.text)
	_saved = _code.text
	_show_title()


func _show_title() -> void:
	title = _path + (" (not saved)" if _code.text != _saved else "")


## Those of this file, also where another one includes it.
func _show_mistakes() -> void:
	_mistakes.clear()
	for path: String in _declarations.paths():
		for mistake: Dictionary in _declarations.mistakes(path):
			if ProjectSettings.localize_path(mistake["file"]) == _path:
				var at := _mistakes.add_item(Declarations.text_of(mistake))
				_mistakes.set_item_metadata(at, mistake)
				_mistakes.set_item_tooltip(at, mistake["text"])
	_mistakes.visible = _mistakes.item_count > 0


static func _highlighter() -> CodeHighlighter:
	var colours := CodeHighlighter.new()
	colours.number_color = _NUMBER
	colours.symbol_color = _SYMBOL
	colours.function_color = _NAME
	colours.member_variable_color = _NAME
	colours.add_color_region("#", "", _COMMENT, true)
	colours.add_color_region('"', '"', _TEXT)
	return colours
