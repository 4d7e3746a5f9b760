"""The limits of a soundtrack, over all its files together."""

from __future__ import annotations

from typing import Final

MOST_INPUTS: Final = 256
MOST_STYLES: Final = 1_024
MOST_LAYERS: Final = 64
MOST_STATES: Final = 512
MOST_PIECES: Final = 64
"""Pieces of one playlist."""
LONGEST_STATE_NAME: Final = 64
"""Of a state with that of its piece, in characters."""
MOST_GROUPS: Final = 16
"""Of one state."""
MOST_TRANSITIONS: Final = 512
MOST_BRIDGE_BARS: Final = 64
MOST_STINGERS: Final = 128
MOST_INCLUDES: Final = 64
MOST_THEMES: Final = 64
MOST_CLIPS: Final = 128
MOST_STATE_CLIPS: Final = 16
"""Of one state."""
MOST_CUES: Final = 256
"""Of one clip."""
MOST_THEME_NOTES: Final = 64
LONGEST_THEME_BEATS: Final = 64
LARGEST_MIDI_BYTES: Final = 262_144
MOST_PROMPTS: Final = 16
MOST_CHOICES: Final = 1_024
MOST_LISTS: Final = 4
"""Of one template."""
MOST_ELEMENTS: Final = 256
"""Of one list of a template."""
MOST_COPIES: Final = 1_024
"""Of one template."""
LONGEST_PROMPT: Final = 500
LONGEST_TITLE: Final = 200
MOST_LEAVES: Final = 64
"""Comparisons of one condition."""
DEEPEST_INCLUDE: Final = 8
