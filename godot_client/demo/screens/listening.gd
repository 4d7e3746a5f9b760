extends Control
## What is heard and why: the beat, the mix, the last change with its causes, and how long it took.

const BeatClock := preload("res://demo/course/beat_clock.gd")
const Palette := preload("res://demo/palette.gd")
const Player := preload("res://addons/segue/nodes/segue_player.gd")

const _SIZE := Vector2(560, 132)
const _EDGE := 18.0
const _MOST_STYLES := 4
const _LEAST_SHARE := 0.015
const _FADE_S := 6.0
## What took longer waited for a timer of the rules, which is no delay.
const _LONGEST_MS := 4000.0

@export var player: Player
@export var clock: BeatClock

var _font := ThemeDB.fallback_font
var _frame := StyleBoxFlat.new()
var _since_change_s := 100.0
## By style: its share as shown, which follows the heard one.
var _shown := {}


func _ready() -> void:
	size = _SIZE
	_frame.bg_color = Palette.PANEL
	_frame.set_corner_radius_all(10)
	_frame.border_width_left = 3
	_frame.border_color = Palette.SPIRIT
	player.changed.connect(_hear)


func _process(delta: float) -> void:
	_since_change_s += delta
	var heard: Dictionary = player.statistics()["mix"]
	for style: String in heard:
		_shown[style] = lerpf(_shown.get(style, 0.0), heard[style], minf(1.0, delta * 8.0))
	for style: String in _shown.keys():
		if not heard.has(style):
			_shown[style] = lerpf(_shown[style], 0.0, minf(1.0, delta * 8.0))
			if _shown[style] < 0.004:
				_shown.erase(style)
	queue_redraw()


func _draw() -> void:
	draw_style_box(_frame, Rect2(Vector2.ZERO, _SIZE))
	var now := player.statistics()
	_draw_beat(now)
	_draw_mix()
	_draw_reason(now)


func _draw_beat(now: Dictionary) -> void:
	var is_heard: bool = not now["is_standing"]
	for index in 4:
		var is_now := is_heard and index == clock.beat_in_bar % 4
		var colour := Palette.SPIRIT if is_now else Color(Palette.FAINT, 0.35)
		var radius := 5.0 + (5.0 * clock.pulse if is_now else 0.0)
		draw_circle(Vector2(_EDGE + 8.0 + index * 22.0, 26.0), radius, colour)
	var text := "%d bpm" % roundi(clock.tempo_bpm) if is_heard else _standing(now)
	_text(Vector2(_EDGE + 96.0, 32.0), text, 15, Palette.TEXT)
	if now["event_ms"] >= 0.0 and now["event_ms"] < _LONGEST_MS:
		var delay := "event to sound  %d ms" % roundi(now["event_ms"])
		var wide := _font.get_string_size(delay, HORIZONTAL_ALIGNMENT_LEFT, -1, 15).x
		_text(Vector2(_SIZE.x - _EDGE - wide, 32.0), delay, 15, Palette.FAINT)


func _standing(now: Dictionary) -> String:
	if now["is_paused"]:
		return "the music is paused"
	match now["state"]:
		"LIVE":
			return "the music begins"
		"STARTING", "CONNECTING":
			return "the service starts"
		_:
			return "no music"


func _draw_mix() -> void:
	var styles: Array = _shown.keys()
	styles.sort_custom(func(a: String, b: String) -> bool: return _shown[a] > _shown[b])
	var bar := Rect2(_EDGE, 46.0, _SIZE.x - 2.0 * _EDGE, 14.0)
	draw_rect(bar, Color(1, 1, 1, 0.06))
	var x := bar.position.x
	var label_x := bar.position.x
	var sum := 0.0
	for style: String in styles:
		sum += _shown[style]
	for index in styles.size():
		var style: String = styles[index]
		var share: float = _shown[style] / maxf(1.0, sum)
		var colour := Palette.style(style)
		var wide := bar.size.x * share
		draw_rect(Rect2(x, bar.position.y, maxf(0.0, wide - 1.5), bar.size.y), colour)
		x += wide
		if index < _MOST_STYLES and share > _LEAST_SHARE:
			draw_circle(Vector2(label_x + 5.0, 76.0), 5.0, colour)
			var text := "%s %d %%" % [style, roundi(share * 100.0)]
			_text(Vector2(label_x + 16.0, 81.0), text, 14, Palette.TEXT)
			label_x += 40.0 + _font.get_string_size(text, HORIZONTAL_ALIGNMENT_LEFT, -1, 14).x


func _draw_reason(now: Dictionary) -> void:
	var changes: Array = now["changes"]
	if changes.is_empty():
		var states := PackedStringArray()
		for layer: String in now["states"]:
			states.append("%s: %s" % [layer, now["states"][layer]])
		_text(Vector2(_EDGE, 112.0), "  ·  ".join(states), 16, Palette.FAINT)
		return
	var last: Dictionary = changes[0]
	var fresh := clampf(1.0 - _since_change_s / _FADE_S, 0.0, 1.0)
	var moved := "%s → %s" % [last["from"], last["to"]]
	_text(Vector2(_EDGE, 112.0), moved, 16, Palette.FAINT.lerp(Palette.FLAME, fresh))
	var wide := _font.get_string_size(moved, HORIZONTAL_ALIGNMENT_LEFT, -1, 16).x
	var left := _SIZE.x - 2.0 * _EDGE - wide - 12.0
	var why := "because " + str(last["why"])
	var at := Vector2(_EDGE + wide + 12.0, 112.0)
	draw_string(_font, at, why, HORIZONTAL_ALIGNMENT_LEFT, left, 14, Palette.FAINT)


func _text(at: Vector2, text: String, points: int, colour: Color) -> void:
	draw_string(_font, at, text, HORIZONTAL_ALIGNMENT_LEFT, -1, points, colour)


func _hear(_layer: String, _from: String, _to: String, _causes: PackedStringArray) -> void:
	_since_change_s = 0.0
