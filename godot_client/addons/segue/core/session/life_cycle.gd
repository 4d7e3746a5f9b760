extends RefCounted
## The states of a client's connection to its service, and what changes them: PROTOCOL.md section 3.

enum State { OFFLINE, GREETING, RESTORING, LIVE, CLOSED }

## CONNECTED: the transport connects. WELCOMED: to the same session, or to the first. WELCOMED_NEW:
## to another session than before, or to one that is not restored yet. RESTORED: the restore is
## answered. UNKNOWN: error `no_session`. LOST: the transport breaks, or is silent. BYE: with
## `retry_ms`. ENDED: bye without it, or the game closes.
enum Trigger { CONNECTED, WELCOMED, WELCOMED_NEW, RESTORED, UNKNOWN, LOST, BYE, ENDED }

## By state and trigger: the next state.
const _TRANSITIONS: Dictionary = {
	State.OFFLINE: {Trigger.CONNECTED: State.GREETING},
	State.GREETING: {Trigger.WELCOMED: State.LIVE, Trigger.WELCOMED_NEW: State.RESTORING},
	State.RESTORING: {Trigger.RESTORED: State.LIVE, Trigger.UNKNOWN: State.GREETING},
	State.LIVE: {Trigger.UNKNOWN: State.GREETING},
	State.CLOSED: {},
}

## The state now.
var state := State.OFFLINE


## Follows the transition; false if there is none.
func move(trigger: Trigger) -> bool:
	if state != State.CLOSED:
		if trigger == Trigger.LOST or trigger == Trigger.BYE:
			state = State.OFFLINE
			return true
		if trigger == Trigger.ENDED:
			state = State.CLOSED
			return true
	if not _TRANSITIONS[state].has(trigger):
		return false
	state = _TRANSITIONS[state][trigger]
	return true


## Whether a service has the session.
func is_up() -> bool:
	return state == State.LIVE or state == State.RESTORING
