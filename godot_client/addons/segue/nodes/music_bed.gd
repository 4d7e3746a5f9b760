extends AudioStreamPlayer
## An ordinary stream that is heard while there is no music, faded in and out.

## From 0, silent, to 1.
var level := 0.0

var _silent_s := 0.0


## Whether it is heard.
func is_heard() -> bool:
	return level > 0.0


## Goes on by a game frame. settings: the player with the properties `bed_…`. is_silent: whether
## there is no music. is_paused: whether there is to be none. delta: in seconds. gain_db: of the
## music.
func follow(settings: Node, is_silent: bool, is_paused: bool, delta: float, gain_db: float) -> void:
	stream_paused = is_paused
	if is_paused:
		return
	_silent_s = _silent_s + delta if is_silent else 0.0
	var wanted := 1.0 if is_silent and _silent_s >= settings.bed_after_s else 0.0
	if settings.bed_stream == null:
		wanted = 0.0
	var fade_s: float = settings.bed_fade_s
	level = move_toward(level, wanted, delta / fade_s) if fade_s > 0.0 else wanted
	if level > 0.0 and (not playing or stream != settings.bed_stream):
		stream = settings.bed_stream
		play()
	elif level <= 0.0 and playing:
		stop()
	volume_db = linear_to_db(level) + settings.bed_volume_db + gain_db
