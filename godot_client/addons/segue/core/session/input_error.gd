extends RefCounted
## Why a call of the game was not taken.

## `unknown_input`, `wrong_type`, `not_finite`, `out_of_range`, `unknown_choice`, `not_settable`,
## `not_a_trigger`, or `queue_full`: too much waits for the service.
var code: String

## What was expected, what came, what to do.
var text: String


func _init(error_code: String, error_text: String) -> void:
	code = error_code
	text = error_text
