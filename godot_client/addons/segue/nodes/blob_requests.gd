extends RefCounted
## Requests of one kind that the game awaits, such as for the music as a blob, and their answers.

signal answered(answer: Variant)

## The answer of a request that nobody answers any more.
var _without: Variant
## By number: the answer, or null.
var _answers := {}


func _init(without: Variant) -> void:
	_without = without


## Waits for the answer to a request: `await answer_to(number)`.
func answer_to(number: int) -> Variant:
	_answers[number] = null
	while _answers[number] == null:
		await answered
	# The caller may free the player, which it may not while a signal is emitted.
	await (Engine.get_main_loop() as SceneTree).process_frame
	var given: Variant = _answers[number]
	_answers.erase(number)
	return given


## Gives the answer to a request; whether somebody waits for it.
func answer(number: int, with: Variant) -> bool:
	if not _answers.has(number) or _answers[number] != null:
		return false
	_answers[number] = with
	answered.emit(with)
	return true


## Gives up all requests.
func give_up() -> void:
	for number: int in _answers.keys():
		answer(number, _without)
