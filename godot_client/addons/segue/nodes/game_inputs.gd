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

## What the rules declare, as in the protocol's record `Declaration`; empty: not known.
var declaration := {}

var _client: Client
var _claims := InputClaims.new()
var _is_flushing := false
var _warned := {}


## Tells this client from now on, first of all that is known; null: none.
func set_client(client: Client) -> void:
	_client = client
	if client == null:
		return
	for input: String in _claims.known():
		_set_now(input, _claims.value(input, null))


## Sets the game's own value of an input. Whether it was taken.
func set_own(input: String, value: Variant) -> bool:
	_claims.set_own(input, value)
	return _claims.is_claimed(input) or _set_now(input, value)


## Fires a trigger. Whether it was taken.
func fire(trigger: String) -> bool:
	return _client != null and _was_taken(trigger, _client.fire(trigger))


## Sets everything back to its start but what is claimed.
func reset() -> void:
	_claims.forget_own()
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
	var value: Variant = value_of(input)
	if value != null:
		_set_now(input, value)


## The value that counts; null: none is known.
func value_of(input: String) -> Variant:
	return _claims.value(input, _default_of(input))


## Tells that an input was refused, and warns of each reason once.
func refuse(input: String, text: String) -> void:
	if not _warned.has(text):
		_warned[text] = true
		push_warning("segue: %s" % text)
	refused.emit(input, text)


func _set_now(input: String, value: Variant) -> bool:
	if _client == null:
		return true
	return _was_taken(input, _client.set_input(input, value))


func _was_taken(input: String, fault: InputError) -> bool:
	if fault != null:
		refuse(input, fault.text)
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
