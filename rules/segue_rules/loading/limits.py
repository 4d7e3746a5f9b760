"""The limits of a soundtrack, over all its files together."""

from __future__ import annotations

from typing import Final

MOST_INPUTS: Final = 256
MOST_STYLES: Final = 256
MOST_LAYERS: Final = 64
MOST_STATES: Final = 128
MOST_TRANSITIONS: Final = 512
MOST_STINGERS: Final = 128
MOST_INCLUDES: Final = 64
MOST_PROMPTS: Final = 16
MOST_CHOICES: Final = 256
LONGEST_PROMPT: Final = 500
LONGEST_TITLE: Final = 200
MOST_LEAVES: Final = 64
"""Comparisons of one condition."""
DEEPEST_INCLUDE: Final = 8
