extends RefCounted
## Something that a client tells its game. `kind` says what; `fields` are those of the message of
## that name, or what stands here.
##
## Of the service: `receipt`, `change`, `rules`, `saved`, `status`, `error`, `chunk`, `stinger`.

## The session is up. `welcome`: its fields. `resumed`: whether it is the session from before.
const LIVE := "live"

## The connection is gone; music plays on from the buffer. `reason`, `retry_ms`.
const LOST := "lost"

## The client cannot connect and keeps trying; once for each code. `code` as in PROTOCOL.md
## section 11.4, `text`, `retry_ms`.
const CONNECTION_FAILED := "connection_failed"

## The session has ended and is not resumed. `reason`, `text`, `code` of the error that came before.
const CLOSED := "closed"

## A beat is heard. `at`, `bar`, `beat`, `exact`, `tempo_bpm`, `meter`,
## `groups`.
const BEAT_HEARD := "beat_heard"

## The music stopped because no more had arrived. `count`: since the session's start.
const UNDERRUN := "underrun"

## A message of the service was not understood. `code`, `text`.
const MESSAGE_REFUSED := "message_refused"

## An input set or fired before the rules were known, or before they changed, does not fit them.
## `name` (empty: it is a reset), `code`, `text`.
const INPUT_REFUSED := "input_refused"

## The service's rate limit refused an event, which is sent again. `seq`, `code`, `text`.
const EVENT_DELAYED := "event_delayed"

## A change is heard now. `change`: the fields of its message.
const CHANGE_HEARD := "change_heard"

## A stinger begins to be heard. `id`, `name`, `at`.
const STINGER_HEARD := "stinger_heard"

## A chunk of music has arrived. `start`, `count`, `take`, `generator`, `reason`, `states`, `mix`.
const MUSIC_ARRIVED := "music_arrived"

## A stinger's message has arrived. `id`, `name`, `kind`, `start`, `reason`.
const STINGER_ARRIVED := "stinger_arrived"

const RECEIPT := "receipt"
const CHUNK := "chunk"
const STINGER := "stinger"

## What it is: one of the words above.
var kind: String

## What belongs to it.
var fields: Dictionary

## The samples of a `chunk` or a `stinger`, as they came; null: none.
var payload: Variant


func _init(event_kind: String, event_fields: Dictionary, samples: Variant = null) -> void:
	kind = event_kind
	fields = event_fields
	payload = samples
