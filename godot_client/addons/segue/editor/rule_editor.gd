@tool
extends AcceptDialog
## Shows a rule file at a line, and saves it. Godot opens only scripts at a line.

var _path := ""
var _code := CodeEdit.new()


func _init() -> void:
	ok_button_text = "Save"
	add_cancel_button("Close")
	_code.gutters_draw_line_numbers = true
	_code.draw_tabs = true
	_code.indent_use_spaces = true
	_code.indent_size = 2
	_code.custom_minimum_size = Vector2(800, 500)
	add_child(_code)
	confirmed.connect(_save)


## Opens a file at a place; both count from 1.
func open(path: String, line: int, column: int) -> void:
	if path != _path or not visible:
		_path = path
		title = path
		_code.text = FileAccess.get_file_as_string(path)
	popup_centered()
	_code.set_caret_line(line - 1)
	_code.set_caret_column(column - 1)
	_code.center_viewport_to_caret()
	_code.grab_focus()


## Where the caret is, counted from 1.
func place() -> Vector2i:
	return Vector2i(_code.get_caret_line() + 1, _code.get_caret_column() + 1)


func _save() -> void:
	var file := FileAccess.open(_path, FileAccess.WRITE)
	if file == null:
		push_error(
			"segue: cannot write %s: %s" % [_path, error_string(FileAccess.get_open_error())]
		)
		return
	file.store_string(_code.text)
