@tool
@icon("res://addons/segue/icons/segue_overlay.svg")
class_name SegueOverlay
extends CanvasLayer
## Shows in the game what the music does and why: states, mix, the last changes with their causes,
## buffer and delays. A key or [member shown] shows and hides it.

const Player := preload("segue_player.gd")

const _LAYER := 100
const _INTERVAL_S := 0.1
const _WIDTH := 440.0
const _BAR := Vector2(180, 10)
const _MOST_BARS := 8
const _FILLED := Color(0.95, 0.62, 0.35)

## The player; empty: the nearest one, see [method SeguePlayer.of].
@export var player: Player
## Whether it is shown.
@export var shown := false:
	set(value):
		shown = value
		visible = value
		refresh()
## The key that shows and hides the overlay; none: only [member shown] does.
@export var key: Key = KEY_F3
## Whether it is there in exported games that are no debug builds.
@export var in_release := false

var _text: RichTextLabel
var _bars: VBoxContainer
var _passed_s := 0.0


func _ready() -> void:
	if Engine.is_editor_hint():
		return
	if not in_release and not OS.is_debug_build():
		queue_free()
		return
	process_mode = Node.PROCESS_MODE_ALWAYS
	if layer == 1:
		# Above what games usually have; another layer than the default is kept.
		layer = _LAYER
	_build()
	visible = shown


func _process(delta: float) -> void:
	if Engine.is_editor_hint() or not visible:
		return
	_passed_s += delta
	if _passed_s >= _INTERVAL_S:
		_passed_s = 0.0
		refresh()


func _unhandled_key_input(event: InputEvent) -> void:
	var pressed := event as InputEventKey
	if key != KEY_NONE and pressed.keycode == key and pressed.pressed and not pressed.echo:
		toggle()
		get_viewport().set_input_as_handled()


## Shows or hides it.
func toggle() -> void:
	shown = not shown


## Shows what holds now.
func refresh() -> void:
	if _text == null or not shown:
		return
	var watched := Player.of(self, player)
	if watched == null:
		_text.text = "no SeguePlayer in the tree"
		return
	var now := watched.statistics()
	_text.text = "\n".join(lines(now))
	_show_mix(now["mix"])


## The text of a player's statistics, a line each.
static func lines(now: Dictionary) -> PackedStringArray:
	var found := PackedStringArray()
	var sound := "silent" if now["is_standing"] else "plays"
	if now["is_paused"]:
		sound = "is paused"
	elif now["is_bed"]:
		sound = "bed"
	var title := str(now["title"]).replace("[", "[lb]")
	var does := PackedStringArray([now["state"].to_lower(), sound])
	if not now["generator"].is_empty():
		does.append(now["generator"])
	found.append("[b]%s[/b]  %s" % [title if not title.is_empty() else "Segue", ", ".join(does)])
	if not now["failure"].is_empty():
		found.append("[color=#f86]%s[/color]" % str(now["failure"]).replace("[", "[lb]"))
	var buffer := "buffer %.1f s, handed ahead %.0f ms" % [now["buffer_s"], now["fill_ms"]]
	found.append("%s, volume %.1f dB" % [buffer, now["gain_db"]])
	var delays := "event to sound %s, receipt %s" % [_ms(now["event_ms"]), _ms(now["receipt_ms"])]
	found.append(delays)
	var faults := [now["underruns"], now["skips"], now["late"]]
	found.append("underruns %d, skips %d, late chunks %d" % faults)
	for state_layer: String in now["states"]:
		found.append("%s: [b]%s[/b]" % [state_layer, now["states"][state_layer]])
	for change: Dictionary in now["changes"].slice(0, 4):
		var why := str(change["why"]).replace("[", "[lb]")
		var moved := "%s: %s → %s" % [change["layer"], change["from"], change["to"]]
		found.append("[color=#9ab]%s[/color]  %s" % [moved, why])
	return found


static func _ms(milliseconds: float) -> String:
	return "–" if milliseconds < 0.0 else "%.0f ms" % milliseconds


func _build() -> void:
	var panel := PanelContainer.new()
	var style := StyleBoxFlat.new()
	style.bg_color = Color(0.05, 0.06, 0.09, 0.82)
	style.set_content_margin_all(10)
	style.set_corner_radius_all(4)
	panel.add_theme_stylebox_override("panel", style)
	panel.position = Vector2(12, 12)
	panel.mouse_filter = Control.MOUSE_FILTER_IGNORE
	var column := VBoxContainer.new()
	_text = RichTextLabel.new()
	_text.bbcode_enabled = true
	_text.fit_content = true
	_text.scroll_active = false
	_text.custom_minimum_size = Vector2(_WIDTH, 0)
	_text.mouse_filter = Control.MOUSE_FILTER_IGNORE
	_text.add_theme_font_size_override("normal_font_size", 13)
	_text.add_theme_font_size_override("bold_font_size", 13)
	_bars = VBoxContainer.new()
	column.add_child(_text)
	column.add_child(_bars)
	panel.add_child(column)
	add_child(panel)


func _show_mix(mix: Dictionary) -> void:
	var names := mix.keys().slice(0, _MOST_BARS)
	while _bars.get_child_count() < names.size():
		_bars.add_child(_new_row())
	for index in _bars.get_child_count():
		var row: HBoxContainer = _bars.get_child(index)
		row.visible = index < names.size()
		if row.visible:
			var share: float = mix[names[index]]
			(row.get_child(0) as ProgressBar).value = share
			(row.get_child(1) as Label).text = "%s %d %%" % [names[index], roundi(share * 100.0)]


static func _new_row() -> HBoxContainer:
	var row := HBoxContainer.new()
	var share := ProgressBar.new()
	share.max_value = 1.0
	share.step = 0.001
	share.show_percentage = false
	share.custom_minimum_size = _BAR
	share.size_flags_vertical = Control.SIZE_SHRINK_CENTER
	var filled := StyleBoxFlat.new()
	filled.bg_color = _FILLED
	filled.set_corner_radius_all(3)
	share.add_theme_stylebox_override("fill", filled)
	var label := Label.new()
	label.add_theme_font_size_override("font_size", 13)
	row.add_child(share)
	row.add_child(label)
	return row
