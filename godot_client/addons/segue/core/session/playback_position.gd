extends RefCounted
## Where playback stands, in samples of the session's clock; fields as in `playhead`. It is not
## changed after it was made, so threads may share it.

var played := 0
var committed := 0
var have := 0
var is_standing := true
var underruns := 0
var late := 0
var dropped := 0


## The fields of `playhead`. last_chunk: `seq` of the last chunk received.
func playhead(last_chunk: int) -> Dictionary:
	return {
		"played": mini(played, committed),
		"committed": committed,
		"have": maxi(have, committed),
		"paused": is_standing,
		"last_chunk": last_chunk,
		"underruns": underruns,
		"late": late,
		"dropped": dropped,
	}
