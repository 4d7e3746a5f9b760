"""Rates, bounds and names that all packages agree on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE: Final = 48_000
FRAME_SIZE: Final = 1_920
FRAME_RATE: Final = SAMPLE_RATE // FRAME_SIZE
CHANNELS: Final = 2
# One frame at b milli-bpm lasts exactly b ticks, so the musical clock adds integers and never drifts.
TICKS_PER_BEAT: Final = 1_500_000
# A packed state travels in a resume cell of 16 KiB, beside the director's.
MOST_STATE_BYTES: Final = 12_288

# Bounds of a session's lookahead and of its chunks.
SHORTEST_LOOKAHEAD_S: Final = 0.2
LONGEST_LOOKAHEAD_S: Final = 30.0
LONGEST_CHUNK_FRAMES: Final = 250
# A client's crossfade from one take to another and its fade-out of a cancelled stinger, in samples, and the music it
# waits for before it starts.
JOIN_SAMPLES: Final = SAMPLE_RATE * 20 // 1000
FADE_SAMPLES: Final = SAMPLE_RATE * 30 // 1000
PRE_ROLL_S: Final = 0.3

FAMILIES: Final = ("drums", "bass", "harmony", "melody", "texture")
"""The families of instruments, each a stem."""
MODES: Final = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian")

Samples = NDArray[np.float32]
