extends RefCounted
## When to connect again and which failures to report: pauses grow while the reason stays, and each
## reason is reported once until the client connects. PROTOCOL.md section 11.4.

const Failure := preload("connect_failure.gd")

## From a broken connection to the next attempt.
const AFTER_CONNECTION_S := 0.2

## First and longest pause in seconds.
const _PAUSES_S: Dictionary = {
	"unreachable": [0.2, 1.0],
	"broken_off": [0.2, 5.0],
	"unknown_host": [1.0, 10.0],
	"no_answer": [1.0, 10.0],
	"not_a_service": [1.0, 10.0],
	"token_refused": [5.0, 60.0],
	"token_needed": [5.0, 60.0],
	"token_not_needed": [5.0, 60.0],
}

## Failures without a reason before one is reported.
const _UNEXPLAINED := 3

## Until the next attempt, after the last failure.
var pause_s := 0.0

var _code := ""
var _reported: Array[String] = []
var _broken_off := 0


## Begins anew after a connection.
func connected() -> void:
	_code = ""
	pause_s = 0.0
	_broken_off = 0
	_reported.clear()


## Takes a failure and sets `pause_s`; whether the game is told of it.
func failed(failure: Failure) -> bool:
	var pauses: Array = _PAUSES_S[failure.code]
	pause_s = minf(pauses[1], 2.0 * pause_s) if failure.code == _code else float(pauses[0])
	_code = failure.code
	if failure.code == "broken_off":
		_broken_off += 1
	return report(failure)


## Whether the game is told of a failure of an attempt that goes on.
func report(failure: Failure) -> bool:
	if failure.code in _reported:
		return false
	if failure.code == "broken_off" and (_broken_off < _UNEXPLAINED or _is_explained()):
		return false
	_reported.append(failure.code)
	return true


## Whether a better reason than "broken off" was reported.
func _is_explained() -> bool:
	for code: String in ["token_refused", "token_needed", "token_not_needed"]:
		if code in _reported:
			return true
	return false
