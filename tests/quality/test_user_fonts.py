"""A large font that is built on modulators plays as level as the bundled orchestra."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from segue.contract import SAMPLE_RATE
from segue.score.sampler.levels import NOTE_LUFS
from segue.score.sampler.notes import velocity_gain
from segue.score.sampler.orchestra import ORCHESTRA
from segue.score.sampler.sampler import Sampler
from unit.sampler.test_orchestra import alone, loudest

pytestmark = pytest.mark.heavy
MUSESCORE_GENERAL = Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3")


def test_musescore_general_is_level_and_open() -> None:
    sampler = Sampler(MUSESCORE_GENERAL)
    expected = NOTE_LUFS + 20 * math.log10(velocity_gain(90))
    wrong = {}
    for program, seat in ORCHESTRA.items():
        level = loudest(alone(sampler, program, (seat.low + seat.high) // 2, 90)) - seat.level_db
        if abs(level - expected) > 2.5:
            wrong[seat.name] = round(level - expected, 1)
    assert not wrong
    piano = alone(sampler, 0, 60, 110)
    spectrum = np.abs(np.fft.rfft(piano[: SAMPLE_RATE // 2].sum(axis=1)))
    # Without its modulators, the piano's filter is closed at some 300 Hz.
    assert spectrum[1_000:2_000].max() > 0.01 * spectrum.max()
