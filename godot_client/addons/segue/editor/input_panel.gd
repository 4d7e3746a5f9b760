@tool
extends GridContainer
## One row for each declared input: its name, which opens its place in the rule file, and a control.

## The user has set a value, or fired the trigger (null).
signal changed(input: String, value: Variant)

const InputControl := preload("input_control.gd")

## In the order of the declaration.
var controls: Array[InputControl] = []

var _jump: Callable
var _shown := ""


## jump: opens a place of a rule file, a Dictionary with `file`, `line` and `column`.
func _init(jump: Callable) -> void:
	_jump = jump
	columns = 2
	size_flags_horizontal = Control.SIZE_EXPAND_FILL


## Makes the controls of these inputs, unless they are shown already. of: tells whose they are.
func show_inputs(of: String, inputs: Array) -> void:
	var shown := of + JSON.stringify(inputs)
	if shown == _shown:
		return
	_shown = shown
	for child in get_children():
		remove_child(child)
		child.queue_free()
	controls.clear()
	for each: Dictionary in inputs:
		_add(each)


## Shows values by name of the input; the user's own stay for a moment.
func show_values(values: Dictionary) -> void:
	for control in controls:
		if values.has(control.name):
			control.show_value(values[control.name])


func _add(declared: Dictionary) -> void:
	var control := InputControl.new(declared)
	var label := LinkButton.new()
	label.text = control.name
	label.size_flags_vertical = Control.SIZE_SHRINK_CENTER
	# A running game does not know the place.
	label.disabled = not declared.has("file")
	if declared.has("file"):
		label.tooltip_text = "%s:%d" % [declared["file"], int(declared["line"])]
		label.pressed.connect(_jump.bind(declared))
	add_child(label)
	add_child(control.control)
	control.changed.connect(changed.emit)
	controls.append(control)
