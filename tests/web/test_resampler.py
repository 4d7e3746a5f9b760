"""The browser client's resampler beside ideal sines."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from web.probe import run

pytestmark = pytest.mark.heavy

# Least signal-to-noise ratio in dB by rate and frequency, in Hz: 2 dB below what was measured in Node 20.
BOUNDS: Final = {
    44_100: {1_000: 99.0, 10_000: 102.0, 16_000: 92.0},
    96_000: {1_000: 94.0, 15_000: 100.0},
    192_000: {15_000: 99.0},
    22_050: {5_000: 93.0},
    # Of more phases than are kept: the nearest is taken.
    44_099: {1_000: 86.0},
}


def test_sines_stay_sines_in_their_place(tmp_path: Path) -> None:
    cases = [{"rate": rate, "frequency": frequency} for rate, each in BOUNDS.items() for frequency in each]
    bounds = [bound for each in BOUNDS.values() for bound in each.values()]
    for case, bound, found in zip(cases, bounds, run("probe_resampler.js", cases, tmp_path), strict=True):
        assert found >= bound, (case, found)
