"""The protocol's limits, lengths of fades and times. Each of them is part of PROTOCOL.md."""

from __future__ import annotations

from typing import Final

VERSION: Final = 1
SAMPLE_RATE: Final = 48_000
CHANNELS: Final = 2
FRAME_SIZE: Final = 1_920
"""Samples in a frame of 40 ms; chunks begin and end at frames."""

# --- messages -------------------------------------------------------------------------------------------------------

HEADER_BYTES: Final = 262_144
PAYLOAD_BYTES: Final = 4_194_304
DEEPEST: Final = 6
"""Deepest nesting of maps and arrays, including the header itself."""
LARGEST_INTEGER: Final = 2**53 - 1
"""Largest magnitude: a double, and so every language, tells these integers apart from all others."""

NAME_BYTES: Final = 64
TEXT_BYTES: Final = 1_024
RULES_BYTES: Final = 131_072
KEY_BYTES: Final = 64
"""Longest session key."""
PASSWORD_BYTES: Final = 255
"""Longest token of a service: PLAIN sends the length of a password in one byte."""
CELL_BYTES: Final = 16_384
BLOB_BYTES: Final = 65_536

MOST_EVENTS: Final = 64
MOST_SETTINGS: Final = 256
MOST_BATCH_NAMES: Final = 1_024
"""Names of inputs and triggers of all events in one message of a client: whatever they are, they fit a header."""
MOST_INPUTS: Final = 256
MOST_CHOICES: Final = 1_024
MOST_STYLES: Final = 1_024
MOST_LAYERS: Final = 64
MOST_STATES: Final = 512
MOST_STINGERS: Final = 128
MOST_CANDIDATES: Final = 128
MOST_CLIPS: Final = 16
"""Of one state."""
"""Of a change; the others are not told."""
MOST_CAUSES: Final = 64
MOST_ERRORS: Final = 256
MOST_BEATS: Final = 256
MOST_VERSIONS: Final = 16

LONGEST_CHUNK: Final = 250 * FRAME_SIZE
LONGEST_STINGER: Final = 60 * SAMPLE_RATE
LONGEST_DUCK: Final = 60 * SAMPLE_RATE

# --- the client's timeline, in samples ------------------------------------------------------------------------------

JOIN: Final = SAMPLE_RATE * 20 // 1000
"""Crossfade from one take to another."""
FADE: Final = SAMPLE_RATE * 30 // 1000
"""Fade-out before an underrun and at a pause, and the fade-in afterwards."""
PRE_ROLL: Final = SAMPLE_RATE * 300 // 1000
GAIN_RAMP: Final = SAMPLE_RATE * 50 // 1000
"""Shortest change of the game's own volume."""
SILENT_DB: Final = -96.0
"""A volume of this or less is silence."""
CAPACITY: Final = 45 * SAMPLE_RATE
"""How far beyond `committed` a chunk may end: 30 s of lookahead, a chunk of 10 s, and 5 s to spare."""
MOST_TAKES: Final = 16
"""Takes kept at once."""
MOST_PLAYING: Final = 16
"""Stingers kept at once."""

# --- the client's session -------------------------------------------------------------------------------------------

REPORT_S: Final = 0.1
"""Longest time between two playheads."""
SILENCE_S: Final = 5.0
"""After this time without a message the connection counts as lost."""
HELLO_AGAIN_S: Final = 1.0
"""Shortest time from a `hello` without an answer to the next."""
MOST_REFUSED_HELLOS: Final = 3
"""Errors about `hello` in a row after which the client gives up, where the service sends no `bye`."""
MOST_UNRECEIPTED: Final = 1_024
"""Most events waiting for a receipt; the game's call for a further one raises QueueFullError."""
MOST_MERGED: Final = 1_024
"""Most game frames with numbers of their own that wait as one event; later frames share a number."""
RESTORE_AHEAD: Final = SAMPLE_RATE // 2
"""A restarted service continues from the first cell that ends this far after `committed` or later, in samples."""
MOST_CELLS: Final = 256
"""Most resume cells kept; a buffer of 45 s has some 120."""
MOST_UNCONFIRMED: Final = 1_024
"""Most events with a receipt kept in case the service is killed; beyond it the two oldest are merged."""
