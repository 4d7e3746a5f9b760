extends RefCounted
## Saves and restores of the music that a game asks for and awaits.

## A save was answered; an empty blob: there is none.
signal saved(blob: PackedByteArray)

## A restore was answered.
signal restored(how: String)

## A request of either kind was answered.
signal answered

const Client := preload("../core/client.gd")
const ClientEvent := preload("../core/session/client_event.gd")

## The answers of the client's requests by number; null: not yet.
var _answers := {}


## Asks for the music as a blob: `await save(client)`. Empty if there is no answer.
func save(client: Client) -> PackedByteArray:
	var blob: Variant = await _answer_to(client.save())
	return blob if blob is PackedByteArray else PackedByteArray()


## Continues from a blob: `await restore(client, blob)`. Whether the service could.
func restore(client: Client, blob: PackedByteArray) -> bool:
	var number := client.restore(blob)
	return number != 0 and await _answer_to(number) in ["all", "rules"]


## Takes what the client tells; whether it is an answer.
func take(event: ClientEvent) -> bool:
	var fields := event.fields
	match [event.kind, fields.get("about", "")]:
		["saved", _]:
			_answer_save(fields["id"], fields["blob"])
		["status", _]:
			_answer_restore(fields["restore"], fields["restored"])
		["error", "save"]:
			_answer_save(fields["seq"], PackedByteArray())
		["error", "restore"]:
			_answer_restore(fields["seq"], fields["text"])
		_:
			return false
	return true


## Gives up all requests, and lets those who await them go on at once: when the player is gone,
## nobody could any more.
func give_up() -> void:
	for number: int in _answers:
		if _answers[number] == null:
			_answers[number] = ""
	answered.emit()


func _answer_to(number: int) -> Variant:
	_answers[number] = null
	while _answers[number] == null:
		await answered
	var answer: Variant = _answers[number]
	_answers.erase(number)
	return answer


func _answer_save(number: int, blob: PackedByteArray) -> void:
	if _answer(number, blob):
		saved.emit(blob)


func _answer_restore(number: int, how: String) -> void:
	if _answer(number, how):
		restored.emit(how)


## Whether somebody awaits the answer.
func _answer(number: int, with: Variant) -> bool:
	if not _answers.has(number) or _answers[number] != null:
		return false
	_answers[number] = with
	# The caller may free the player, which it may not while the player takes events.
	_tell.call_deferred()
	return true


func _tell() -> void:
	answered.emit()
