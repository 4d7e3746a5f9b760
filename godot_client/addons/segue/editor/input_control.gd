@tool
extends RefCounted
## The control of one declared input: a slider, a check box, a list, or a button for a trigger.

## The user has set a value, or fired the trigger (null).
signal changed(name: String, value: Variant)

const _STEPS := 200.0

## How long what the user has chosen stands before a running game's value is shown again.
const _USER_MS := 600

## The input's name.
var name: String

## What the dock shows.
var control: Control

## What the input is at; null for a trigger.
var value: Variant

var _number: Label
var _changed_ms := -_USER_MS


## declared: of the declaration: `name`, `type`, `default`, `low`, `high`, `of`.
func _init(declared: Dictionary) -> void:
	name = declared["name"]
	value = declared.get("default")
	match declared["type"]:
		"trigger":
			var button := Button.new()
			button.text = "Fire"
			button.pressed.connect(func() -> void: changed.emit(name, null))
			control = button
		"flag":
			var box := CheckBox.new()
			box.button_pressed = value
			box.toggled.connect(_change)
			control = box
		"choice":
			control = _list(declared["of"])
		_:
			control = _slider(declared)
	control.size_flags_horizontal = Control.SIZE_EXPAND_FILL


## Shows a value that the user has not chosen.
func show_value(shown: Variant) -> void:
	if shown == value or Time.get_ticks_msec() - _changed_ms < _USER_MS:
		return
	value = shown
	if control is CheckBox:
		(control as CheckBox).set_pressed_no_signal(value)
	elif control is OptionButton:
		var list := control as OptionButton
		for index in list.item_count:
			if list.get_item_text(index) == value:
				list.select(index)
	elif _number != null:
		(control.get_child(0) as HSlider).set_value_no_signal(value)
		_number.text = _text()


func _list(choices: Array) -> OptionButton:
	var list := OptionButton.new()
	for choice: String in choices:
		list.add_item(choice)
	list.select(choices.find(value))
	list.item_selected.connect(func(index: int) -> void: _change(choices[index]))
	return list


func _slider(declared: Dictionary) -> Control:
	var is_integer: bool = declared["type"] == "integer"
	var slider := HSlider.new()
	slider.min_value = declared["low"]
	slider.max_value = declared["high"]
	slider.step = 1.0 if is_integer else (slider.max_value - slider.min_value) / _STEPS
	slider.value = value
	slider.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	slider.size_flags_vertical = Control.SIZE_SHRINK_CENTER
	# JSON has no whole numbers.
	value = _number_of(slider.value, is_integer)
	_number = Label.new()
	_number.custom_minimum_size.x = 48
	_number.text = _text()
	slider.value_changed.connect(
		func(number: float) -> void: _change(_number_of(number, is_integer))
	)
	var row := HBoxContainer.new()
	row.add_child(slider)
	row.add_child(_number)
	return row


static func _number_of(number: float, is_integer: bool) -> Variant:
	if is_integer:
		return int(number)
	return number


func _change(new_value: Variant) -> void:
	value = new_value
	_changed_ms = Time.get_ticks_msec()
	if _number != null:
		_number.text = _text()
	changed.emit(name, value)


func _text() -> String:
	return str(value) if value is int else "%.2f" % value
