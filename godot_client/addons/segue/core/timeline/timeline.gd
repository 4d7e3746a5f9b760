extends RefCounted
## The client's timeline: chunks in any order in, one stream of samples out (PROTOCOL.md section 7).
##
## It belongs to one thread. A block without a fade is copied, never computed sample by sample.

const Lengths := preload("lengths.gd")
const StingerMixer := preload("stinger_mixer.gd")
const TakeBuffer := preload("take_buffer.gd")

const _FAR := 1 << 62

## The sample clock: the first sample not read yet. It stands while nothing is played.
var committed := 0

## As in `playhead`.
var underruns := 0
var late := 0
var dropped := 0

## Music that must be there before playing begins, in samples.
var pre_roll := Lengths.PRE_ROLL

## Mixed into the music before any fade into or out of silence.
var stingers := StingerMixer.new()

## All takes, the smallest first.
var _takes: Array[TakeBuffer] = []
var _followed: TakeBuffer
var _joined: TakeBuffer
var _join_done := 0
var _rise_done := 0
var _fade_out_done := 0
var _fade_out_length := 0
var _halted := false


## Whether the sample clock stands: before the pre-roll, after an underrun, or paused.
func is_standing() -> bool:
	return _followed == null


## The end of what is played if nothing more arrives and no older take is used.
func have() -> int:
	if _joined != null:
		return _played_until(_joined)
	if _followed != null:
		return _played_until(_followed)
	var most := committed
	for buffer in _takes:
		most = maxi(most, _played_until(buffer))
	return most


## Takes a chunk of a take from sample `start` on. It is kept, not copied.
## mixed: whether the take can be entered there.
func write(take: int, start: int, samples: PackedVector2Array, mixed: bool) -> void:
	var end := start + samples.size()
	if end <= committed or end > committed + Lengths.CAPACITY:
		dropped += 1
		return
	var buffer := _buffer_of(take)
	var past := maxi(0, committed - start)
	if not buffer.write(start + past, samples if past == 0 else samples.slice(past)):
		return
	if mixed:
		buffer.opening = start
	if start < committed:
		late += 1
	_bound_takes()


## Fades out and stops the sample clock until `resume`.
func pause() -> void:
	if _followed != null and not _halted and _fade_out_length == 0:
		_fade_out_done = 0
		_fade_out_length = Lengths.FADE
		if _joined == null:
			_fade_out_length = mini(Lengths.FADE, _reach(_followed, committed) - committed)
	_halted = true


## Continues where `pause` stopped.
func resume() -> void:
	_halted = false


## The next `count` samples, silence while the clock stands.
func read(count: int) -> PackedVector2Array:
	var out := PackedVector2Array()
	while out.size() < count:
		if _followed == null and not _begin():
			break
		var step := _step(count - out.size())
		var block := _rendered(step)
		if out.is_empty():
			out = block
		else:
			out.append_array(block)
		_advance(step)
	if out.size() < count:
		out.append_array(Lengths.silence(count - out.size()))
	_forget()
	return out


## Starts following the greatest take that has the pre-roll, unless paused.
func _begin() -> bool:
	if _halted:
		return false
	for i in range(_takes.size() - 1, -1, -1):
		if _reach(_takes[i], committed) >= committed + pre_roll:
			_followed = _takes[i]
			_rise_done = 0
			return true
	return false


## Decides what is played at `committed`; the number of samples, up to `most`, for which that holds.
func _step(most: int) -> int:
	if _joined != null:
		var step := Lengths.JOIN - _join_done
		if _fade_out_length > 0:
			step = mini(step, _fade_out_length - _fade_out_done)
		return mini(most, step)
	_followed = _entered(_followed, committed)
	var until := 0
	var newer: TakeBuffer = null
	if _fade_out_length == 0:
		newer = _newer(_followed, committed)
	if _fade_out_length > 0:
		# A take that arrived out of order can remove an entry that the fade counted on; then it
		# ends early.
		var left := _last(_followed, committed) - committed
		_fade_out_length = mini(_fade_out_length, _fade_out_done + left)
		until = committed + _fade_out_length - _fade_out_done
		var entry := _entry(_followed, committed)
		if entry != null:
			until = mini(until, entry.opening)
	elif newer != null:
		_joined = newer
		_join_done = 0
		until = committed + Lengths.JOIN
	else:
		until = _turning_point()
	return mini(most, until - committed)


## The greatest take after `buffer` that can be joined at `position`.
func _newer(buffer: TakeBuffer, position: int) -> TakeBuffer:
	if _takes[-1] == buffer or buffer.end(position) < position + Lengths.JOIN:
		return null
	for i in range(_takes.size() - 1, -1, -1):
		if _takes[i].take <= buffer.take:
			break
		if _lasts(_takes[i], position):
			return _takes[i]
	return null


## Where beyond `position` a take after `buffer` continues, so that it may last from there.
func _newer_start(buffer: TakeBuffer, position: int) -> int:
	var start := _FAR
	for i in range(_takes.size() - 1, -1, -1):
		if _takes[i].take <= buffer.take:
			break
		start = mini(start, _takes[i].start_after(position, _FAR))
	return start


## Where to decide again; starts to leave the followed take or to fade out if that is due.
func _turning_point() -> int:
	var until := _newer_start(_followed, committed)
	var entry := _entry(_followed, committed)
	if entry != null:
		return mini(until, entry.opening)
	var end := _followed.end(committed)
	var leave := end - Lengths.JOIN
	if committed <= leave:
		var bed := _bed(leave)
		if bed != null and committed < leave:
			return mini(until, leave)
		if bed != null:
			_joined = bed
			_join_done = 0
			return end
	if committed < end - Lengths.FADE:
		return mini(until, end - Lengths.FADE)
	underruns += 1
	_fade_out_done = 0
	_fade_out_length = end - committed
	return end


## The greatest other take that lasts from `position`.
func _bed(position: int) -> TakeBuffer:
	for i in range(_takes.size() - 1, -1, -1):
		if _takes[i] != _followed and _lasts(_takes[i], position):
			return _takes[i]
	return null


## The `count` samples at `committed` under the fades in progress.
func _rendered(count: int) -> PackedVector2Array:
	var out := _followed.copy(committed, count)
	if _joined != null:
		var joining := _joined.copy(committed, count)
		for i in count:
			var gain := Lengths.rising(_join_done + i, Lengths.JOIN)
			out[i] += (joining[i] - out[i]) * gain
	out = stingers.mixed(committed, out)
	for i in mini(count, Lengths.FADE - _rise_done):
		out[i] *= Lengths.rising(_rise_done + i, Lengths.FADE)
	if _fade_out_length > 0:
		for i in count:
			out[i] *= 1.0 - Lengths.rising(_fade_out_done + i, _fade_out_length)
	return out


## Advances the clock and the fades; ends those that are over.
func _advance(step: int) -> void:
	committed += step
	_rise_done = mini(Lengths.FADE, _rise_done + step)
	if _joined != null:
		_join_done += step
		if _join_done == Lengths.JOIN:
			_followed = _joined
			_joined = null
	if _fade_out_length > 0:
		_fade_out_done += step
		var ended := _joined == null and _last(_followed, committed - 1) == committed
		if ended or _fade_out_done == _fade_out_length:
			_stand()
	elif step == 0:
		# Nothing is left to fade.
		_stand()


func _stand() -> void:
	_followed = null
	_joined = null
	_fade_out_length = 0


## Whether `buffer` is long enough from `position` on to fade in and, if necessary, out.
func _lasts(buffer: TakeBuffer, position: int) -> bool:
	return buffer.end(position) >= position + Lengths.JOIN + Lengths.FADE


## The first take that can be entered from `buffer` beyond `after`, of several there the greatest.
func _entry(buffer: TakeBuffer, after: int) -> TakeBuffer:
	if _takes[-1] == buffer:
		return null
	var last := buffer.end(after)
	var found: TakeBuffer = null
	for new in _takes:
		if new.take <= buffer.take or new.opening <= after or new.opening > last:
			continue
		if found != null and found.opening < new.opening:
			continue
		if not _is_hidden(buffer, new):
			found = new
	return found


## Whether a take between the two has the sample before the new one's opening.
func _is_hidden(buffer: TakeBuffer, new: TakeBuffer) -> bool:
	for between in _takes:
		if buffer.take < between.take and between.take < new.take:
			if between.has(new.opening - 1):
				return true
	return false


## The take to follow from `position` on: the one entered there, or `buffer`.
func _entered(buffer: TakeBuffer, position: int) -> TakeBuffer:
	var entry := _entry(buffer, position - 1)
	return entry if entry != null and entry.opening == position else buffer


## Where following `buffer` ends if takes are entered at `position` and beyond.
func _reach(buffer: TakeBuffer, position: int) -> int:
	return _last(_entered(buffer, position), position)


## Where following `buffer` ends if takes are entered beyond `position`.
func _last(buffer: TakeBuffer, position: int) -> int:
	if not buffer.has(position):
		return position
	var entry := _entry(buffer, position)
	while entry != null:
		position = entry.opening
		buffer = entry
		entry = _entry(buffer, position)
	return buffer.end(position)


## Where following `buffer` from `committed` ends if takes are entered and joined.
func _played_until(buffer: TakeBuffer) -> int:
	var position := committed
	while true:
		buffer = _entered(buffer, position)
		var end := buffer.end(position)
		if end == position:
			return position
		var newer := _newer(buffer, position)
		if newer != null:
			buffer = newer
			position += Lengths.JOIN
			continue
		var until := _newer_start(buffer, position)
		var entry := _entry(buffer, position)
		if entry != null:
			until = mini(until, entry.opening)
		if until > end:
			return end
		position = until
	return position


func _buffer_of(take: int) -> TakeBuffer:
	var index := _takes.size()
	while index > 0 and _takes[index - 1].take >= take:
		index -= 1
		if _takes[index].take == take:
			return _takes[index]
	var buffer := TakeBuffer.new(take)
	_takes.insert(index, buffer)
	return buffer


## Forgets the smallest takes beyond the bound, but none that is played.
func _bound_takes() -> void:
	var index := 0
	while _takes.size() > Lengths.MOST_TAKES and index < _takes.size():
		if _takes[index] == _followed or _takes[index] == _joined:
			index += 1
		else:
			_takes.remove_at(index)


## Frees the samples before the clock.
func _forget() -> void:
	for i in range(_takes.size() - 1, -1, -1):
		var buffer := _takes[i]
		buffer.forget(committed)
		if buffer.is_empty() and buffer != _followed and buffer != _joined:
			_takes.remove_at(i)
