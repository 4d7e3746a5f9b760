extends RefCounted
## The game's own gain over all that is played, and its mute, both changed without a click:
## PROTOCOL.md section 7, "Volume".

const Lengths := preload("lengths.gd")

var _volume := 1.0
var _muted := false
var _from := 1.0
var _to := 1.0
var _done := 0
var _length := 0


## Begins a change with the next sample. op: `volume`, `mute` or `unmute`. gain_db: for `volume`.
func change(op: String, gain_db: float, ramp_ms: int) -> void:
	if op == "volume":
		_volume = 0.0 if gain_db <= Lengths.SILENT_DB else Lengths.factor(gain_db)
	else:
		_muted = op == "mute"
	_from = _at(_done)
	_to = 0.0 if _muted else _volume
	_done = 0
	@warning_ignore("integer_division")
	_length = maxi(ramp_ms * Lengths.SAMPLE_RATE / 1000, Lengths.GAIN_RAMP)


## The next samples with the gain; one above 0 dB clips them at ±1.
func applied(samples: PackedVector2Array) -> PackedVector2Array:
	var changing := mini(samples.size(), _length - _done)
	if changing <= 0 and _to == 1.0:
		return samples
	for i in changing:
		samples[i] *= _at(_done + i)
	_done += changing
	if _to == 0.0:
		var silence := Lengths.silence(samples.size() - changing)
		samples = samples.slice(0, changing)
		samples.append_array(silence)
	elif _to != 1.0 and changing == 0:
		samples = Lengths.scaled(samples, _to)
	elif _to != 1.0:
		var rest := Lengths.scaled(samples.slice(changing), _to)
		samples = samples.slice(0, changing)
		samples.append_array(rest)
	return Lengths.clipped(samples) if maxf(_from, _to) > 1.0 else samples


## The factor in sample `done` of the change in progress.
func _at(done: int) -> float:
	if done >= _length:
		return _to
	return _from + (_to - _from) * Lengths.rising(done, _length)
