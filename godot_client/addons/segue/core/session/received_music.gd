extends RefCounted
## What a client has received of the music, and the cells from which a restarted service can
## continue it: PROTOCOL.md section 9. The first cell ends shortly after the sample clock, however
## deep the buffer is.

const Limits := preload("session_limits.gd")

## Greatest `seq` and take received; 0 if none.
var last_chunk := 0
var take := 0

## Each with `end`, `cell`, `last_event` and the `take` of the chunk that it came with.
var _cells: Array[Dictionary] = []
var _is_restoring := false
var _have_changed := false


## The last event that each cell contains; empty without a cell.
func last_events() -> PackedInt64Array:
	var numbers := PackedInt64Array()
	for cell in _cells:
		numbers.append(cell["last_event"])
	return numbers


## The take of the first cell; -1 without a cell.
func restored_take() -> int:
	return -1 if _cells.is_empty() else int(_cells[0]["take"])


## Takes a chunk: its cell replaces those that end after its start, which are of replaced music.
func received(chunk: Dictionary) -> void:
	_have_changed = true
	last_chunk = maxi(last_chunk, chunk["seq"])
	take = maxi(take, chunk["take"])
	if chunk["cell"] == null:
		return
	if _is_restoring:
		# The others may contain events that the restored session does not contain yet.
		_is_restoring = false
		_cells = _cells.slice(0, 1)
	var start: int = chunk["start"]
	_cells = _cells.filter(func(cell: Dictionary) -> bool: return cell["end"] <= start)
	(
		_cells
		. append(
			{
				"end": start + int(chunk["count"]),
				"cell": chunk["cell"],
				"last_event": chunk["last_event"],
				"take": chunk["take"],
			}
		)
	)
	if _cells.size() > Limits.MOST_CELLS:
		_cells.remove_at(1)


## Takes a newer cell in place of one that ends with the same sample.
func renewed(newer: Dictionary) -> void:
	_have_changed = true
	for cell in _cells:
		if cell["end"] == newer["end"]:
			cell["cell"] = newer["cell"]
			cell["last_event"] = newer["last_event"]


## Forgets all cells: the service could not use the first of them.
func forget_cells() -> void:
	_have_changed = true
	_cells.clear()


## Forgets cells that end too early to restore from at sample `committed`; none until a restore has
## music. Whether the cells have changed since the last call.
func reach(committed: int) -> bool:
	if not _is_restoring:
		_forget_before(committed + Limits.RESTORE_AHEAD)
	var have_changed := _have_changed
	_have_changed = false
	return have_changed


## The fields of the request to a restarted service. id: its number. committed: the sample clock.
func restore(id: int, committed: int) -> Dictionary:
	last_chunk = 0
	_is_restoring = true
	_forget_before(committed + Limits.RESTORE_AHEAD)
	if _cells.is_empty():
		return {"id": id, "at": committed, "take": take}
	var at: int = maxi(_cells[0]["end"], committed)
	return {"id": id, "at": at, "take": take, "cell": _cells[0]["cell"]}


## The first cell is replaced by the nearest that contains no fewer events: what it contains is
## forgotten already. One that ends late enough is not passed over: a newer one may come for it.
func _forget_before(position: int) -> void:
	while not _cells.is_empty() and _cells[0]["end"] < position:
		var contained: int = _cells[0]["last_event"]
		var nearest := 1
		while nearest < _cells.size() and _cells[nearest]["last_event"] < contained:
			if _cells[nearest]["end"] >= position:
				return
			nearest += 1
		if nearest == _cells.size():
			return
		_have_changed = true
		_cells = _cells.slice(nearest)
