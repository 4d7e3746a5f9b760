extends Control
## Every call of a [SeguePlayer] on a key. What the player tells is shown below.

const Player := preload("res://addons/segue/nodes/segue_player.gd")

var _is_paused := false
var _saved := PackedByteArray()

@onready var _player: Player = $SeguePlayer
@onready var _told: Label = $Told


func _ready() -> void:
	_player.captions.connect(_tell)
	_player.failed.connect(_tell)


func _unhandled_key_input(event: InputEvent) -> void:
	if event.is_echo() or not event.is_pressed():
		return
	match (event as InputEventKey).keycode:
		KEY_C:
			_player.set_input("place", "cave")
		KEY_M:
			_player.set_input("place", "meadow")
		KEY_T:
			_player.set_input("threat", 0.0 if _player.input_value("threat") == 1.0 else 1.0)
		KEY_V:
			_player.fire("victory")
		KEY_P:
			_is_paused = not _is_paused
			if _is_paused:
				_player.pause_music()
			else:
				_player.resume_music()
		KEY_S:
			_saved = await _player.save_music()
			_tell("saved: %d bytes" % _saved.size())
		KEY_R:
			var is_restored := await _player.restore_music(_saved)
			_tell("restored" if is_restored else "nothing to restore")


func _tell(text: String) -> void:
	_told.text = text
