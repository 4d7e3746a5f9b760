extends Node
## The game's own sounds, computed when it starts: no files.

const _RATE := 24000
const _BUS := &"Effects"

var _streams := {}


func _ready() -> void:
	_streams["step"] = _noise(0.09, 900.0, 40.0, 0.16)
	_streams["swing"] = _noise(0.16, 3500.0, 18.0, 0.14)
	_streams["hit"] = _thud(0.22, 190.0, 60.0, 0.5)
	_streams["bite"] = _thud(0.2, 320.0, 90.0, 0.4)
	_streams["slam"] = _thud(0.9, 90.0, 30.0, 0.9)
	_streams["chime"] = _chime(1.2, [880.0, 1320.0, 1760.0], 0.2)


## Plays a sound.
func play(sound: String) -> void:
	var speaker := AudioStreamPlayer.new()
	speaker.stream = _streams[sound]
	speaker.bus = _BUS
	speaker.finished.connect(speaker.queue_free)
	add_child(speaker)
	speaker.play()


## Noise below a frequency, that fades.
static func _noise(length_s: float, below_hz: float, decay: float, level: float) -> AudioStreamWAV:
	var random := RandomNumberGenerator.new()
	random.seed = roundi(below_hz)
	var share := 1.0 - exp(-TAU * below_hz / _RATE)
	var samples := PackedFloat32Array()
	var last := 0.0
	for index in roundi(length_s * _RATE):
		var now_s := float(index) / _RATE
		last += share * (random.randf_range(-1.0, 1.0) - last)
		samples.append(last * level * exp(-decay * now_s) * minf(1.0, now_s * 400.0))
	return _stream(samples)


## A tone that falls, with some noise at its beginning.
static func _thud(length_s: float, from_hz: float, to_hz: float, level: float) -> AudioStreamWAV:
	var random := RandomNumberGenerator.new()
	random.seed = roundi(from_hz)
	var samples := PackedFloat32Array()
	var angle := 0.0
	for index in roundi(length_s * _RATE):
		var part := float(index) / (length_s * _RATE)
		angle += TAU * lerpf(from_hz, to_hz, sqrt(part)) / _RATE
		var crack := random.randf_range(-1.0, 1.0) * exp(-part * 30.0) * 0.4
		samples.append((sin(angle) + crack) * level * pow(1.0 - part, 2.0))
	return _stream(samples)


## Some tones that ring out.
static func _chime(length_s: float, tones_hz: Array[float], level: float) -> AudioStreamWAV:
	var samples := PackedFloat32Array()
	for index in roundi(length_s * _RATE):
		var now_s := float(index) / _RATE
		var sum := 0.0
		for number in tones_hz.size():
			var since_s := now_s - number * 0.09
			if since_s > 0.0:
				sum += sin(TAU * tones_hz[number] * since_s) * exp(-5.0 * since_s)
		samples.append(sum * level / tones_hz.size())
	return _stream(samples)


static func _stream(samples: PackedFloat32Array) -> AudioStreamWAV:
	var data := PackedByteArray()
	data.resize(samples.size() * 2)
	for index in samples.size():
		data.encode_s16(index * 2, roundi(clampf(samples[index], -1.0, 1.0) * 32767.0))
	var stream := AudioStreamWAV.new()
	stream.format = AudioStreamWAV.FORMAT_16_BITS
	stream.mix_rate = _RATE
	stream.data = data
	return stream
