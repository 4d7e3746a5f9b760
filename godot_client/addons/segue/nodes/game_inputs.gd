extends RefCounted
## What the game tells the rules: inputs with the claims on them, and triggers. What is told in one
## game frame leaves at its end, as one event.

## An input or its value was refused.
signal refused(input: String, text: String)

## A game frame was sent.
signal sent(number: int)

const Client := preload("../core/client.gd")
const InputClaims := preload("input_claims.gd")
const InputError := preload("../core/session/input_error.gd")
const InputTable := preload("../core/session/input_table.gd")

const Limits := preload("../core/session/session_limits.gd")

const _MOST_WARNINGS := 256

## What the rules declare, as in the protocol's record `Declaration`; empty: not known.
var declaration := {}

var _client: Client
var _claims := InputClaims.new()
## Triggers that were fired before there is a client, in order.
var _early: Array[String] = []
var _is_flushing := false
## By [input, code]: whether it was warned of.
var _warned := {}
## Checks names and values while no client does.
var _undeclared := InputTable.new([])


## Tells this client from now on, first of all that is known and was fired; null: none.
func set_client(client: Client) -> void:
	_client = client
	if client == null:
		return
	for input: String in _claims.known():
		_set_now(input, _claims.value(input, null))
	var fired := _early
	_early = []
	for trigger in fired:
		_was_taken(trigger, client.fire(trigger))


## Forgets the triggers that wait for a client: none comes.
func forget_triggers() -> void:
	_early.clear()


## Sets the game's own value of an input. Whether it was taken.
func set_own(input: String, value: Variant) -> bool:
	var fault := _mistake_in(input, value)
	if fault != null:
		refuse(input, fault.code, fault.text)
		return false
	_claims.set_own(input, value)
	return _claims.is_claimed(input) or _set_now(input, value)


## Fires a trigger. waits: whether it waits for a client where there is none. Whether it was taken.
func fire(trigger: String, waits: bool) -> bool:
	if _client != null:
		return _was_taken(trigger, _client.fire(trigger))
	if not waits:
		return false
	_undeclared.plain_name(trigger)
	var fault := _undeclared.error
	if fault == null and _early.size() >= Limits.MOST_SETTINGS:
		fault = InputError.new("queue_full", "too many triggers wait for the service to start")
	if fault != null:
		refuse(trigger, fault.code, fault.text)
		return false
	_early.append(trigger)
	return true


## Sets everything back to its start but what is claimed.
func reset() -> void:
	_claims.forget_own()
	_early.clear()
	if _client == null:
		return
	_was_taken("", _client.reset())
	for input: String in _claims.claimed():
		_set_now(input, _claims.value(input, null))


## Lets [param claimant] have an input at a value.
func claim(claimant: Object, input: String, value: Variant, priority: int) -> void:
	_claims.claim(claimant, input, value, priority)
	_set_now(input, _claims.value(input, null))


## Ends a claim: the next one counts, or the game's own value, or the rules' default.
func release(claimant: Object, input: String) -> void:
	_claims.release(claimant, input)
	_set_again(input)


## The value that counts; null: none is known.
func value_of(input: String) -> Variant:
	return _claims.value(input, _default_of(input))


## Ends the claims of objects that were freed.
func release_freed() -> void:
	for input: String in _claims.release_freed():
		_set_again(input)


## Tells that an input was refused, and warns once of each kind of mistake with it.
func refuse(input: String, code: String, text: String) -> void:
	if not _warned.has([input, code]) and _warned.size() < _MOST_WARNINGS:
		_warned[[input, code]] = true
		push_warning("segue: %s" % text)
	refused.emit(input, text)


func _mistake_in(input: String, value: Variant) -> InputError:
	if _client != null:
		return _client.mistake_in(input, value)
	if _undeclared.plain_name(input) != null:
		_undeclared.plain_value(input, value)
	return _undeclared.error


## Sets the value that counts now that another does not any more.
func _set_again(input: String) -> void:
	var value: Variant = value_of(input)
	if value != null:
		_set_now(input, value)


func _set_now(input: String, value: Variant) -> bool:
	if _client == null:
		return true
	return _was_taken(input, _client.set_input(input, value))


func _was_taken(input: String, fault: InputError) -> bool:
	if fault != null:
		refuse(input, fault.code, fault.text)
		return false
	if not _is_flushing:
		_is_flushing = true
		_flush.call_deferred()
	return true


func _flush() -> void:
	_is_flushing = false
	var number := _client.end_frame() if _client != null else 0
	if number > 0:
		sent.emit(number)


func _default_of(input: String) -> Variant:
	for declared: Dictionary in declaration.get("inputs", []):
		if declared["name"] == input:
			return declared["default"]
	return null
