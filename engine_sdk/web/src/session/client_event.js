/**
 * What a client tells its game. `type` says what; the other fields are those of the message of that name, or these:
 *
 * * `live`: the session is up. `welcome`: its fields. `resumed`: whether it is the session from before.
 * * `lost`: the connection is gone; music plays on from the buffer. `reason`, `retry_ms`.
 * * `connection_failed`: the client cannot connect and keeps trying; once for each code. `code` as in PROTOCOL.md section
 *   11.4, `text`, `retry_ms`.
 * * `closed`: the session has ended and is not resumed. `reason`, `text`, `code` of the error that came before.
 * * `beat_heard`: `at`, `bar`, `beat`, `exact`, `tempo_bpm`, `meter`, `groups`.
 * * `change_heard`: a change is heard now. `change`: the fields of its message.
 * * `stinger_heard`: a stinger begins to be heard. `id`, `name`, `at`.
 * * `underrun`: the music stopped because no more had arrived. `count`: since the session's start.
 * * `message_refused`: a message of the service was not understood. `code`, `text`.
 * * `input_refused`: an input set or fired before the rules were known does not fit them. `name`, `code`, `text`.
 * * `event_delayed`: the service's rate limit refused an event, which is sent again. `seq`, `code`, `text`.
 * * `music_arrived`: a chunk has arrived. `start`, `count`, `take`, `generator`, `reason`, `states`, `mix`.
 * * `stinger_arrived`: a stinger's message has arrived. `id`, `name`, `kind`, `start`, `reason`.
 *
 * Of the service: `receipt`, `change`, `rules`, `saved`, `status`, `error`. A session without a client also gives
 * `chunk` and `stinger`, which are for the timeline.
 *
 * @typedef {{type: string, [field: string]: any}} ClientEvent
 */
export {};
