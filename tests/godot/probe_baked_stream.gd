extends SceneTree
## Plays the AudioStreamInteractive of a bake, imported into this project:
## `-- CASE.json RESULT.json`. The case has its `path` and the clips to switch to, as `clips`. The
## result has, of each clip, its name and the tempo, beats and length of its stream; the transitions
## between them; and what plays once each switch is over.

const _MOST_BLOCKS := 2000
const _BLOCK := 512


func _init() -> void:
	var files := OS.get_cmdline_user_args()
	var asked: Dictionary = JSON.parse_string(FileAccess.get_file_as_string(files[0]))
	var stream: AudioStreamInteractive = load(asked["path"])
	var clips: Array = []
	for i in stream.clip_count:
		var loop: AudioStreamOggVorbis = stream.get_clip_stream(i)
		clips.append(
			[stream.get_clip_name(i), loop.bpm, loop.beat_count, loop.get_length(), loop.loop]
		)
	var transitions := {}
	for old in stream.clip_count:
		for new in stream.clip_count:
			if stream.has_transition(old, new):
				transitions["%d %d" % [old, new]] = [
					stream.get_transition_from_time(old, new),
					stream.get_transition_to_time(old, new),
					stream.get_transition_fade_beats(old, new),
				]
	var out := FileAccess.open(files[1], FileAccess.WRITE)
	var result := {
		"clips": clips, "transitions": transitions, "played": _played(stream, asked["clips"])
	}
	out.store_string(JSON.stringify(result, "", false, true))
	out.close()
	quit()


## The clip that plays at first and after each switch.
func _played(stream: AudioStreamInteractive, clips: Array) -> Array:
	var playback: AudioStreamPlaybackInteractive = stream.instantiate_playback()
	playback.start(0.0)
	playback.mix_audio(1.0, _BLOCK)
	var played: Array = [playback.get_current_clip_index()]
	for clip: String in clips:
		playback.switch_to_clip_by_name(clip)
		for block in _MOST_BLOCKS:
			playback.mix_audio(1.0, _BLOCK)
			if stream.get_clip_name(playback.get_current_clip_index()) == clip:
				break
		played.append(playback.get_current_clip_index())
	playback.stop()
	return played
