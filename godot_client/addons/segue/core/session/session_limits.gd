extends RefCounted
## The times and bounds of a client's session: PROTOCOL.md sections 3, 4, 9 and 10.

const SAMPLE_RATE := 48000

## Playheads are sent at half the interval allowed, so that an irregular caller keeps it all the
## same.
const REPORT_S := 0.05

## After this time without a message the connection counts as lost.
const SILENCE_S := 5.0

## Shortest time from a `hello` without an answer to the next.
const HELLO_AGAIN_S := 1.0

## Errors about `hello` in a row after which the client gives up.
const MOST_REFUSED_HELLOS := 3

## Most events of one message, and names of one event.
const MOST_EVENTS := 64
const MOST_SETTINGS := 256

## Most names of all events of one message: whatever they are, they fit a header.
const MOST_BATCH_NAMES := 1024

## Most events without a receipt; a further trigger is refused.
const MOST_UNRECEIPTED := 1024

## Most game frames with numbers of their own that wait as one event.
const MOST_MERGED := 1024

## Most events with a receipt kept in case the service is killed.
const MOST_UNCONFIRMED := 1024

## A restarted service continues from the first cell that ends this far after `committed`.
const RESTORE_AHEAD := 24000

## Most resume cells kept.
const MOST_CELLS := 256

## Longest text of a message, in bytes.
const TEXT_BYTES := 1024
