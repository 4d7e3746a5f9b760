extends RefCounted
## Reports each change once when it is heard, whatever replacements and restores come in between:
## PROTOCOL.md section 11.1.

const ClientEvent := preload("client_event.gd")

## Changes remembered, so that none is reported twice.
const _REMEMBERED := 256

## Crossfade from one take to another, in samples.
const _JOIN := 960

## By [layer, frame of the decision]: [fields, sample from which it is heard, whether restored music
## may leave it out].
var _upcoming := {}
var _reported: Array = []
var _take := 0

## The greatest take at the answer to a restore; -1: none is awaited.
var _restored_over := -1


## Takes a change: a rendered one will be heard, unless it is withdrawn before.
func take(change: Dictionary) -> void:
	var key := [change["layer"], change["decided"]]
	if change["kind"] != "rendered":
		_upcoming.erase(key)
	elif not key in _reported:
		_upcoming[key] = [change, change["audible"], false]


## Takes a chunk. committed: the sample clock by then.
func chunk(fields: Dictionary, committed: int) -> void:
	if fields["take"] <= _take:
		return
	_take = fields["take"]
	var start: int = fields["start"]
	if _restored_over >= 0 and _take > _restored_over:
		# Restored music begins here and replaces what the music before it announced for later.
		_restored_over = -1
		for key: Array in _upcoming.keys():
			var entry: Array = _upcoming[key]
			if entry[2] and entry[1] >= start:
				_upcoming.erase(key)
			entry[2] = false
	if start >= committed:
		return
	# The timeline joins a late replacement at `committed`.
	for key: Array in _upcoming:
		var entry: Array = _upcoming[key]
		if start <= entry[1] and entry[1] < committed:
			entry[1] = committed + _JOIN


## Expects restored music in a take after this one, the greatest so far.
func restored(greatest: int) -> void:
	_restored_over = greatest
	for key: Array in _upcoming:
		_upcoming[key][2] = true


## Forgets changes from sample `at` on, which a restored session announces again.
func restarted(at: int) -> void:
	for key: Array in _upcoming.keys():
		if _upcoming[key][1] >= at:
			_upcoming.erase(key)


## The changes up to sample `played` that were not reported yet, in order.
func reach(played: int) -> Array[ClientEvent]:
	var due: Array = []
	for key: Array in _upcoming:
		var at := due.size()
		if _upcoming[key][1] > played:
			continue
		while at > 0 and _upcoming[due[at - 1]][1] > _upcoming[key][1]:
			at -= 1
		due.insert(at, key)
	var heard: Array[ClientEvent] = []
	for key: Array in due:
		heard.append(ClientEvent.new(ClientEvent.CHANGE_HEARD, {"change": _upcoming[key][0]}))
		_upcoming.erase(key)
		_reported.append(key)
	while _reported.size() > _REMEMBERED:
		_reported.remove_at(0)
	return heard
