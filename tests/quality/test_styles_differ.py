"""Styles of one rule file that differ in one word of instrument, groove, scale or tempo are different music."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import Final

import numpy as np
import pytest

from contract.generators import score, steady
from segue.contract import Request, Samples, StyleBank
from segue.style.reader import StyleReader
from segue.style.word_table import WordEncoder

pytestmark = pytest.mark.heavy

STYLES: Final = (
    "sad solo piano",
    "sad solo cello",
    "sad solo oboe",
    "sad solo violin",
    "calm woodland, harp and soft strings",
    "calm woodland, harp and flute",
    "calm woodland, guitar and flute",
    "jazz trio, swing",
    "jazz trio, bossa",
    "jazz trio, waltz",
    "drums and bass, funk groove",
    "drums and bass, half-time groove",
    "drums and bass, four on the floor",
    "village dance in dorian",
    "village dance in mixolydian",
    "village dance in phrygian",
    "village dance, pentatonic",
    "battle at 100 bpm",
    "battle at 130 bpm",
    "battle at 160 bpm",
    "slow synthwave",
    "fast synthwave",
    "desert caravan, oud",
    "desert caravan, flute",
)
SECONDS: Final = 8
# Equal music gives 1; music of other notes hardly ever more than 0.2.
MOST_ALIKE: Final = 0.5


@cache
def rendered() -> tuple[Samples, ...]:
    """Return each style from the same seed at the tempo and meter that it has by itself, at unit power."""
    reader = StyleReader([WordEncoder()])
    sounds = []
    for text in STYLES:
        reading = reader.read_text(text)
        bank = StyleBank(names=("style",), embeddings=reading.embeddings[0][None], profiles=(reading.profile,))
        profile = reading.profile
        asked = steady(SECONDS * 25, tempo_bpm=profile.tempo_bpm, meter=profile.meter, tonic=-1)
        (result,) = score().generate([Request(state=score().start(seed=7), styles=bank, conditioning=asked)])
        samples = result.chunk.samples.astype(np.float64)
        sounds.append(samples / np.linalg.norm(samples))
    return tuple(sounds)


def test_no_two_styles_play_alike() -> None:
    alike = {
        (STYLES[one], STYLES[other]): float(np.vdot(rendered()[one], rendered()[other]))
        for one, other in combinations(range(len(STYLES)), 2)
    }
    assert {pair: r for pair, r in alike.items() if abs(r) >= MOST_ALIKE} == {}


def test_the_same_style_plays_the_same() -> None:
    """The measure finds what is alike: a style against itself gives 1."""
    assert all(float(np.vdot(sound, sound)) == pytest.approx(1.0) for sound in rendered())
