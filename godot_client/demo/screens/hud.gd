extends Control
## What the game shows: health, the Warden's health, the name of a place, messages, keys.

const Hero := preload("res://demo/actors/hero.gd")
const Palette := preload("res://demo/palette.gd")
const Places := preload("res://demo/course/places.gd")
const Warden := preload("res://demo/actors/warden.gd")

const _TITLE_S := 5.0
const _MESSAGE_S := 6.0
const _MOST_MESSAGES := 4
const _HEARTS := 5
const _KEYS: Array[Array] = [
	["← →", "walk"],
	["↑", "jump"],
	["Space", "strike"],
	["F1", "edit the rules"],
	["F2", "kill the service"],
	["F3", "overlay"],
	["F5 F9", "save, load"],
	["Esc", "pause"],
]

@export var hero: Hero
@export var warden: Warden

var _font := ThemeDB.fallback_font
var _wide := FontVariation.new()
var _place := -1
var _title_s := 0.0
## Each [text, seconds left].
var _messages: Array[Array] = []
var _hint_title := ""
var _hint := ""
var _golden := 0.0


func _ready() -> void:
	_wide.base_font = _font
	_wide.spacing_glyph = 7
	_wide.variation_embolden = 0.3


func _process(delta: float) -> void:
	_title_s = maxf(0.0, _title_s - delta)
	_golden = maxf(0.0, _golden - delta * 0.35)
	var place := Places.at(hero.position.x)
	if place != _place:
		_place = place
		_title_s = _TITLE_S
	for message in _messages:
		message[1] -= delta
	_messages = _messages.filter(func(message: Array) -> bool: return message[1] > 0.0)
	queue_redraw()


## Shows a message for some seconds.
func tell(text: String) -> void:
	_messages.append([text, _MESSAGE_S])
	if _messages.size() > _MOST_MESSAGES:
		_messages.pop_front()


## Shows a title with a line below, in place of that of the place, until it is replaced.
func hint(title: String, text: String) -> void:
	_hint_title = title
	_hint = text


## Lets the screen shine, as after a victory.
func shine() -> void:
	_golden = 1.0


func _draw() -> void:
	if _golden > 0.0:
		draw_rect(Rect2(Vector2.ZERO, size), Color(Palette.FLAME, 0.32 * _golden * _golden))
	_draw_health()
	_draw_warden()
	_draw_title()
	_draw_messages()
	_draw_keys()


func _draw_health() -> void:
	for index in _HEARTS:
		var full := clampf(hero.health * _HEARTS - index, 0.0, 1.0)
		var at := Vector2(36.0 + index * 30.0, 38.0)
		_flame(at, 1.0, Color(1, 1, 1, 0.12))
		if full > 0.05:
			_flame(at, full, Palette.EMBER)
			_flame(at + Vector2(0, 3), full * 0.5, Palette.FLAME)


func _flame(at: Vector2, scaled: float, colour: Color) -> void:
	var shape: PackedVector2Array = []
	for corner: Vector2 in [
		Vector2(0, -15),
		Vector2(5, -6),
		Vector2(9, 2),
		Vector2(6, 10),
		Vector2(0, 13),
		Vector2(-6, 10),
		Vector2(-9, 2),
		Vector2(-3, -5)
	]:
		shape.append(at + Vector2(0, 13.0 * (1.0 - scaled)) + corner * scaled)
	draw_colored_polygon(shape, colour)


func _draw_warden() -> void:
	if not warden.is_fighting:
		return
	var bar := Rect2(size.x / 2.0 - 260.0, 50.0, 520.0, 10.0)
	_centred("THE WARDEN", 38.0, 17, Palette.TEXT)
	draw_rect(bar.grow(3.0), Palette.PANEL)
	draw_rect(bar, Color(1, 1, 1, 0.08))
	var left := Rect2(bar.position, Vector2(bar.size.x * warden.health, bar.size.y))
	draw_rect(left, Palette.RUNE.lerp(Palette.DANGER, 1.0 - warden.health))


func _draw_title() -> void:
	if not _hint_title.is_empty():
		_draw_title_of(_hint_title, _hint, 60, 1.0)
	elif _title_s > 0.0 and _place >= 0:
		var passed := _TITLE_S - _title_s
		var seen := minf(smoothstep(0.0, 0.8, passed), smoothstep(0.0, 1.2, _title_s))
		_draw_title_of(str(Places.ALL[_place][1]), str(Places.ALL[_place][2]), 44, seen)


func _draw_title_of(title: String, line: String, points: int, seen: float) -> void:
	_centred(title.to_upper(), 190.0, points, Color(Palette.TEXT, seen))
	var half := Vector2(90.0 * seen, 0.0)
	var middle := Vector2(size.x / 2.0, 212.0)
	draw_line(middle - half, middle + half, Color(Palette.EMBER, seen), 2.0)
	var wide := _font.get_string_size(line, HORIZONTAL_ALIGNMENT_LEFT, -1, 18).x
	_text(Vector2((size.x - wide) / 2.0, 242.0), line, 18, Color(Palette.TEXT, seen * 0.85))


func _draw_messages() -> void:
	var y := 40.0
	for message in _messages:
		var text: String = message[0]
		var seen := clampf(message[1], 0.0, 1.0)
		var wide := _font.get_string_size(text, HORIZONTAL_ALIGNMENT_LEFT, -1, 16).x
		var at := Vector2(size.x - wide - 30.0, y)
		draw_rect(
			Rect2(at + Vector2(-12, -20), Vector2(wide + 24, 29)), Color(Palette.PANEL, 0.75 * seen)
		)
		_text(at, text, 16, Color(Palette.FLAME, seen))
		y += 36.0


func _draw_keys() -> void:
	var x := size.x - 24.0
	var y := size.y - 22.0
	for index in range(_KEYS.size() - 1, -1, -1):
		var name_of_key: String = _KEYS[index][0]
		var does: String = _KEYS[index][1]
		var wide := _font.get_string_size(does, HORIZONTAL_ALIGNMENT_LEFT, -1, 13).x
		var named := _font.get_string_size(name_of_key, HORIZONTAL_ALIGNMENT_LEFT, -1, 13).x
		if index == 3:
			x = size.x - 24.0
			y -= 26.0
		_text(Vector2(x - wide, y), does, 13, Color(Palette.FAINT, 0.9))
		var cap := Rect2(x - wide - named - 20.0, y - 14.0, named + 12.0, 19.0)
		draw_rect(cap, Color(1, 1, 1, 0.1))
		draw_rect(cap, Color(1, 1, 1, 0.28), false, 1.0)
		_text(Vector2(cap.position.x + 6.0, y), name_of_key, 13, Palette.TEXT)
		x = cap.position.x - 16.0


func _centred(text: String, y: float, points: int, colour: Color) -> void:
	var wide := _wide.get_string_size(text, HORIZONTAL_ALIGNMENT_LEFT, -1, points).x
	var at := Vector2((size.x - wide) / 2.0, y)
	var shade := Color(0, 0, 0, 0.6 * colour.a)
	draw_string(_wide, at + Vector2(2, 3), text, HORIZONTAL_ALIGNMENT_LEFT, -1, points, shade)
	draw_string(_wide, at, text, HORIZONTAL_ALIGNMENT_LEFT, -1, points, colour)


func _text(at: Vector2, text: String, points: int, colour: Color) -> void:
	var shade := Color(0, 0, 0, 0.7 * colour.a)
	draw_string(_font, at + Vector2(1, 1.5), text, HORIZONTAL_ALIGNMENT_LEFT, -1, points, shade)
	draw_string(_font, at, text, HORIZONTAL_ALIGNMENT_LEFT, -1, points, colour)
