"""The types that packages exchange: conditioning in, sound out, and the protocols of generators, encoders and codecs.

It imports NumPy and the style profile alone, so that `score`, `model` and `runtime` share types without importing each
other.

Dimensions: T frames, N styles, D embedding width, S samples (T * FRAME_SIZE), K codebooks, C channels (2).
"""

from __future__ import annotations

from segue.contract.codec import Codec, CodecRequest, Decoded
from segue.contract.conditioning import Conditioning, groups_code, groups_of
from segue.contract.constants import (
    CHANNELS,
    FADE_SAMPLES,
    FAMILIES,
    FRAME_RATE,
    FRAME_SIZE,
    JOIN_SAMPLES,
    LONGEST_CHUNK_FRAMES,
    LONGEST_LOOKAHEAD_S,
    MODES,
    MOST_STATE_BYTES,
    PRE_ROLL_S,
    SAMPLE_RATE,
    SHORTEST_LOOKAHEAD_S,
    TICKS_PER_BEAT,
    Samples,
)
from segue.contract.generator import Generator, GeneratorError, Request, Result
from segue.contract.music import Chunk, ComposedBar, ComposedChord, NoteEvent, NoteRelease
from segue.contract.styles import StyleBank, StyleBanks, StyleEncoder, ThemeNote, ThemeNotes

__all__ = [
    "CHANNELS",
    "FADE_SAMPLES",
    "FAMILIES",
    "FRAME_RATE",
    "FRAME_SIZE",
    "JOIN_SAMPLES",
    "LONGEST_CHUNK_FRAMES",
    "LONGEST_LOOKAHEAD_S",
    "MODES",
    "MOST_STATE_BYTES",
    "PRE_ROLL_S",
    "SAMPLE_RATE",
    "SHORTEST_LOOKAHEAD_S",
    "TICKS_PER_BEAT",
    "Chunk",
    "Codec",
    "CodecRequest",
    "ComposedBar",
    "ComposedChord",
    "Conditioning",
    "Decoded",
    "Generator",
    "GeneratorError",
    "NoteEvent",
    "NoteRelease",
    "Request",
    "Result",
    "Samples",
    "StyleBank",
    "StyleBanks",
    "StyleEncoder",
    "ThemeNote",
    "ThemeNotes",
    "groups_code",
    "groups_of",
]
