@tool
extends EditorProperty
## A property that is the path of a rule file: a line to type in or to drop a file on, the file
## dialog, what is wrong with the file, and a button that opens it at its first mistake.

const Declarations := preload("declarations.gd")
const Settings := preload("settings.gd")

var _declarations: Declarations
var _line := LineEdit.new()
var _browse := Button.new()
var _jump_button := Button.new()
var _fault := Label.new()
var _dialog := EditorFileDialog.new()


## filters: of the file dialog, such as `*.yaml`. jump: opens a place of a rule file.
func _init(declarations: Declarations, filters: PackedStringArray, jump: Callable) -> void:
	_declarations = declarations
	_line.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	_line.text_submitted.connect(_choose)
	_line.focus_exited.connect(func() -> void: _choose(_line.text))
	_line.set_drag_forwarding(Callable(), _can_drop, _drop)
	_browse.text = "…"
	_browse.tooltip_text = "Choose a rule file"
	_browse.pressed.connect(_open_dialog)
	_jump_button.text = "→"
	_jump_button.tooltip_text = "Show the file, at its first mistake"
	_jump_button.pressed.connect(func() -> void: jump.call(_place()))
	_fault.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_fault.add_theme_color_override("font_color", Color.ORANGE)
	_dialog.access = EditorFileDialog.ACCESS_RESOURCES
	_dialog.file_mode = EditorFileDialog.FILE_MODE_OPEN_FILE
	_dialog.filters = filters
	_dialog.file_selected.connect(_choose)
	var row := HBoxContainer.new()
	for part: Control in [_line, _browse, _jump_button]:
		row.add_child(part)
	add_child(row)
	# A hidden bottom editor would lie over the next property.
	var below := VBoxContainer.new()
	below.add_child(_fault)
	add_child(below)
	set_bottom_editor(below)
	add_child(_dialog)
	add_focusable(_line)


func _enter_tree() -> void:
	_declarations.changed.connect(_show_fault)


func _exit_tree() -> void:
	_declarations.changed.disconnect(_show_fault)


func _update_property() -> void:
	var value := str(get_edited_object().get(get_edited_property()))
	if _line.text != value and not _line.has_focus():
		_show_path(value)
	_show_fault()


## What is wrong with the file; empty: nothing.
func fault() -> String:
	return _declarations.fault_of_file(_line.text)


func _open_dialog() -> void:
	var folder := Settings.value(Settings.RULES_FOLDER)
	if FileAccess.file_exists(_line.text):
		_dialog.current_path = _line.text
	else:
		_dialog.current_dir = folder if DirAccess.dir_exists_absolute(folder) else "res://"
	_dialog.popup_file_dialog()


## The first mistake of the file, or its beginning.
func _place() -> Dictionary:
	var mistakes := _declarations.mistakes(_line.text)
	return mistakes[0] if not mistakes.is_empty() else {"file": _line.text, "line": 1, "column": 1}


## The name of the file counts where the line is too short for all.
func _show_path(path: String) -> void:
	_line.text = path
	_line.tooltip_text = path
	_line.caret_column = path.length()
	_declarations.include(path)


func _choose(text: String) -> void:
	_show_path(text)
	var edited := get_edited_object()
	if edited == null or str(edited.get(get_edited_property())) == text:
		return
	emit_changed(get_edited_property(), text)


func _can_drop(_at: Vector2, data: Variant) -> bool:
	return data is Dictionary and data.get("type", "") == "files" and data["files"].size() == 1


func _drop(_at: Vector2, data: Variant) -> void:
	_choose(data["files"][0])


func _show_fault() -> void:
	if get_edited_object() == null:
		return
	_fault.text = fault()
	_fault.visible = not _fault.text.is_empty()
	_jump_button.disabled = not FileAccess.file_exists(_line.text)
