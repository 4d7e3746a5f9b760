extends RefCounted
## The received samples of a take, or of a stinger, by absolute position. What came first is never
## overwritten. A *run* is a stretch without a gap.

## The opening of a take that is not known to open anywhere.
const NOWHERE := -1

## The take's number.
var take: int

## Where the take can be entered: the `start` of its `mixed` chunk, or NOWHERE.
var opening := NOWHERE

var _run_starts := PackedInt64Array()
var _run_ends := PackedInt64Array()
var _piece_starts := PackedInt64Array()
var _pieces: Array[PackedVector2Array] = []


func _init(number: int) -> void:
	take = number


## Whether nothing is kept.
func is_empty() -> bool:
	return _run_starts.is_empty()


## Whether the sample at `position` was received.
func has(position: int) -> bool:
	return end(position) > position


## The end of the run that `position` lies in; `position` itself if it lies in none.
func end(position: int) -> int:
	var run := _run_starts.bsearch(position, false) - 1
	return maxi(position, _run_ends[run]) if run >= 0 else position


## Where the next run begins beyond `position`; `none` if there is none.
func start_after(position: int, none: int) -> int:
	var run := _run_starts.bsearch(position, false)
	return _run_starts[run] if run < _run_starts.size() else none


## Fills the gaps of the samples' stretch from `start` on; whether there was one.
func write(start: int, samples: PackedVector2Array) -> bool:
	var last := start + samples.size()
	var at := end(start)
	var added := at < last
	while at < last:
		var until := start_after(at, last)
		if until > last:
			until = last
		var whole := at == start and until == last
		var index := _piece_starts.bsearch(at, false)
		_piece_starts.insert(index, at)
		_pieces.insert(index, samples if whole else samples.slice(at - start, until - start))
		_add_run(at, until)
		at = end(until)
	return added


## `count` samples from `position` on, all of which were received.
func copy(position: int, count: int) -> PackedVector2Array:
	var index := _piece_starts.bsearch(position, false) - 1
	var skip := position - _piece_starts[index]
	var copied := _pieces[index].slice(skip, skip + count)
	while copied.size() < count:
		index += 1
		copied.append_array(_pieces[index].slice(0, count - copied.size()))
	return copied


## Frees samples before `position`; a run that ends there is still known.
func forget(position: int) -> void:
	while not _run_ends.is_empty() and _run_ends[0] < position:
		_run_starts.remove_at(0)
		_run_ends.remove_at(0)
	while not _pieces.is_empty() and _piece_starts[0] + _pieces[0].size() <= position:
		_piece_starts.remove_at(0)
		_pieces.remove_at(0)


## Adds a run that fills a gap, or a part of one, and merges it with those it touches.
func _add_run(start: int, until: int) -> void:
	var run := _run_starts.bsearch(start, false)
	_run_starts.insert(run, start)
	_run_ends.insert(run, until)
	if run + 1 < _run_starts.size() and _run_starts[run + 1] == until:
		_run_starts.remove_at(run + 1)
		_run_ends.remove_at(run)
	if run > 0 and _run_ends[run - 1] == start:
		_run_starts.remove_at(run)
		_run_ends.remove_at(run - 1)
