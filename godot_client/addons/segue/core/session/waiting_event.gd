extends RefCounted
## An event without a receipt.

## The record `EventItem`.
var item: Dictionary

## Numbers of the first and the last game frame in it.
var first: int
var last: int

## Whether the game has its receipt already.
var is_answered: bool


func _init(event: Dictionary, first_frame: int, last_frame: int, has_answer: bool = false) -> void:
	item = event
	first = first_frame
	last = last_frame
	is_answered = has_answer


## The event's number.
func seq() -> int:
	return item["seq"]
