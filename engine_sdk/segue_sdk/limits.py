"""Every number of the protocol that bounds something or fades something. Changing one changes PROTOCOL.md."""

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
"""Maps and arrays inside one another, the header itself counted."""
LARGEST_INTEGER: Final = 2**53
"""Both signs; what a double, and so every language, holds exactly."""

NAME_BYTES: Final = 64
TEXT_BYTES: Final = 1_024
RULES_BYTES: Final = 131_072
TOKEN_BYTES: Final = 64
CELL_BYTES: Final = 16_384
BLOB_BYTES: Final = 65_536

MOST_EVENTS: Final = 64
MOST_SETTINGS: Final = 256
MOST_INPUTS: Final = 256
MOST_CHOICES: Final = 256
MOST_STYLES: Final = 256
MOST_LAYERS: Final = 64
MOST_STATES: Final = 128
MOST_STINGERS: Final = 128
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
"""Fade before running dry and at a pause, and the fade in afterwards."""
PRE_ROLL: Final = SAMPLE_RATE * 300 // 1000
GAIN_RAMP: Final = SAMPLE_RATE * 50 // 1000
"""Shortest change of the game's own volume."""
SILENT_DB: Final = -96.0
"""A volume of so little is silence."""
CAPACITY: Final = 45 * SAMPLE_RATE
"""How far beyond `committed` a chunk may end: 30 s of lookahead, a chunk of 10 s, and some."""
MOST_TAKES: Final = 16
"""Takes kept at once."""
MOST_PLAYING: Final = 16
"""Stingers kept at once."""

# --- the client's session -------------------------------------------------------------------------------------------

REPORT_S: Final = 0.1
"""Longest time between two playheads."""
SILENCE_S: Final = 5.0
"""Without any message for so long the connection counts as lost."""
HELLO_AGAIN_S: Final = 1.0
"""Time from one `hello` without an answer to the next, at the least."""
MOST_UNRECEIPTED: Final = 1_024
"""Events waiting for a receipt; a further one is refused to the game."""
MOST_MERGED: Final = 1_024
"""Game frames with numbers and receipts of their own whose inputs wait as one event; later ones share a number."""
MOST_UNCONFIRMED: Final = 1_024
"""Events with a receipt that are kept for the case that the service is killed; the two oldest are merged beyond it."""
