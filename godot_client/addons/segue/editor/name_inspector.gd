@tool
extends EditorInspectorPlugin
## Gives the properties of Segue's nodes that name something of the rules a list of the names, and
## those that are a rule file its faults beside the file dialog.

const Declarations := preload("declarations.gd")
const NameProperty := preload("name_property.gd")
const RulesFileProperty := preload("rules_file_property.gd")

const _SCRIPTS := "res://addons/segue/"
const _KINDS := ["input", "trigger", "layer", "state", "value"]

var declarations: Declarations

## Opens a place of a rule file: `file`, `line` and `column`.
var jump: Callable


func _can_handle(object: Object) -> bool:
	var script: Script = object.get_script()
	while script != null:
		if script.resource_path.begins_with(_SCRIPTS):
			return true
		script = script.get_base_script()
	return false


func _parse_property(
	_object: Object,
	type: Variant.Type,
	name: String,
	_hint: PropertyHint,
	hint_text: String,
	_usage: int,
	_wide: bool
) -> bool:
	if name == "rules_file":
		add_property_editor(name, RulesFileProperty.new(declarations, hint_text.split(","), jump))
		return true
	if not name in _KINDS or not type in [TYPE_STRING, TYPE_STRING_NAME]:
		return false
	add_property_editor(name, NameProperty.new(declarations, jump, name))
	return true
