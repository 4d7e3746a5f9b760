@tool
extends EditorProperty
## A property that names an input, a trigger, a layer, a state, or a value of an input: a line to
## type in, a list that shows what fits the typed text, and what is wrong with it.

const Declarations := preload("declarations.gd")
const Settings := preload("settings.gd")

const _PLAYERS := &"segue_players"

var _declarations: Declarations
var _kind: String
var _row := HBoxContainer.new()
var _line := LineEdit.new()
var _list := MenuButton.new()
var _jump_button := Button.new()
var _fault := Label.new()


func _init(declarations: Declarations, jump: Callable, kind: String) -> void:
	_declarations = declarations
	_kind = kind
	_line.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	_line.text_submitted.connect(_choose)
	_line.focus_exited.connect(func() -> void: _choose(_line.text))
	_line.text_changed.connect(func(_text: String) -> void: _show_fault())
	_list.text = "▾"
	_list.flat = false
	_list.about_to_popup.connect(_fill_list)
	_list.get_popup().id_pressed.connect(
		func(id: int) -> void: _choose(_list.get_popup().get_item_text(id))
	)
	_jump_button.text = "→"
	_jump_button.tooltip_text = "Show it in the rule file"
	_jump_button.pressed.connect(func() -> void: jump.call(_place()))
	_fault.autowrap_mode = TextServer.AUTOWRAP_WORD_SMART
	_fault.add_theme_color_override("font_color", Color.ORANGE)
	_row.add_child(_line)
	_row.add_child(_list)
	_row.add_child(_jump_button)
	var column := VBoxContainer.new()
	column.add_child(_row)
	column.add_child(_fault)
	add_child(column)
	add_focusable(_line)


func _enter_tree() -> void:
	_declarations.changed.connect(_show_fault)


func _exit_tree() -> void:
	_declarations.changed.disconnect(_show_fault)


func _update_property() -> void:
	var value := str(get_edited_object().get(get_edited_property()))
	if _line.text != value and not _line.has_focus():
		_line.text = value
	_declarations.include(rules_of(get_edited_object()))
	_show_fault()


## The names that the property can have.
func names() -> Array:
	if _kind == "value":
		var declared := _place()
		if declared.get("type", "") == "flag":
			return ["true", "false"]
		return declared.get("of", [])
	return _places().keys()


## What is wrong with the typed text; empty: nothing.
func fault() -> String:
	var edited := get_edited_object()
	if _kind == "value":
		return _declarations.fault_of_value(str(edited.get("input")), _line.text, rules_of(edited))
	return Declarations.fault_of_name(_line.text, names())


## The rule file that an object's names are of; empty: that is not known, and all count.
static func rules_of(object: Object) -> String:
	for player: Variant in [object, object.get("player")]:
		if player is Object and "rules_file" in player and not str(player.rules_file).is_empty():
			return player.rules_file
	if object is Node and object.is_inside_tree():
		for player: Node in object.get_tree().get_nodes_in_group(_PLAYERS):
			if object.owner == player.owner and "rules_file" in player:
				return player.rules_file
	return Settings.value(Settings.PLAYED)


## By name: what is declared, with its place in the rule file. Of a value, that of its input.
func _places() -> Dictionary:
	var edited := get_edited_object()
	var kind := "input" if _kind == "value" else _kind
	var layer := str(edited.get("layer")) if _kind == "state" and "layer" in edited else ""
	return _declarations.places(kind, rules_of(edited), layer)


## What is typed, or the input of the value, in the rule file; empty: it is not there.
func _place() -> Dictionary:
	var named := str(get_edited_object().get("input")) if _kind == "value" else _line.text
	return _places().get(named, {})


func _fill_list() -> void:
	var popup := _list.get_popup()
	popup.clear()
	var all := names()
	var typed := _line.text.to_lower()
	var fitting := all.filter(func(each: String) -> bool: return typed in each.to_lower())
	for each: String in all if fitting.is_empty() or _line.text in all else fitting:
		popup.add_item(each)


func _choose(text: String) -> void:
	_line.text = text
	var edited := get_edited_object()
	if edited == null or str(edited.get(get_edited_property())) == text:
		return
	var type := typeof(edited.get(get_edited_property()))
	emit_changed(get_edited_property(), type_convert(text, type))


func _show_fault() -> void:
	if get_edited_object() == null:
		return
	_fault.text = fault()
	_fault.visible = not _fault.text.is_empty()
	_list.disabled = names().is_empty()
	_jump_button.disabled = _place().is_empty()
