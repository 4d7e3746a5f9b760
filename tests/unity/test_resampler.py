"""The resampler in C# beside ideal sines, and the ring between threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from segue_sdk.limits import SAMPLE_RATE
from unity.probe import run

pytestmark = pytest.mark.heavy

# Least signal-to-noise ratio in dB by rate and frequency: 2 dB below what was measured, the same on CoreCLR and Mono.
BOUNDS: Final = {
    44_100: {1_000: 103.0, 5_000: 109.0, 10_000: 103.0, 15_000: 100.0},
    96_000: {1_000: 102.0, 5_000: 102.0, 10_000: 125.0, 15_000: 106.0},
    88_200: {1_000: 107.0, 15_000: 110.0},
    32_000: {1_000: 113.0, 10_000: 108.0},
    24_000: {1_000: 134.0, 5_000: 134.0},
    16_000: {1_000: 135.0, 5_000: 133.0},
    # Of more phases than are kept: the nearest is taken.
    47_999: {1_000: 87.0, 5_000: 73.0},
}
BLOCKS: Final = [1, 7, 256, 480, 512, 1_024, 3]
# Where the filter has left the silence before the music.
SETTLED: Final = 512


def case(rate: int, frequency: float, count: int = 6_000, blocks: list[int] = BLOCKS) -> dict[str, Any]:
    return {"rate": rate, "frequency": frequency, "count": count, "blocks": blocks}


def left(result: dict[str, Any]) -> Any:
    return np.array(result["samples"][::2])


def signal_to_noise_db(samples: Any, rate: int, frequency: float) -> float:
    """How far the best sine of this frequency lies above all else."""
    angle = 2 * np.pi * frequency * np.arange(len(samples)) / rate
    basis = np.stack([np.sin(angle), np.cos(angle)], axis=1)[SETTLED:]
    weights, *_ = np.linalg.lstsq(basis, samples[SETTLED:], rcond=None)
    noise = samples[SETTLED:] - basis @ weights
    return float(10 * np.log10((weights**2).sum() / 2 / (noise**2).mean()))


def test_sines_stay_sines_in_their_place(runtime: str, tmp_path: Path) -> None:
    asked = [(rate, frequency, bound) for rate, each in BOUNDS.items() for frequency, bound in each.items()]
    results = run(runtime, "resampler", [case(rate, frequency) for rate, frequency, _ in asked], tmp_path)
    for (rate, frequency, bound), result in zip(asked, results, strict=True):
        samples = left(result)
        found = signal_to_noise_db(samples, rate, frequency)
        print(f"{rate} Hz, sine of {frequency} Hz: {found:.0f} dB")
        assert found >= bound, (rate, frequency, found)
        # Neither later nor quieter. The worst is half a phase of 1 024: 2 pi 5 000 / 48 000 / 2 048 = 0.0003.
        ideal = np.sin(2 * np.pi * frequency * np.arange(len(samples)) / rate)
        assert np.abs(samples - ideal)[SETTLED:].max() < 0.0005, (rate, frequency)


def test_what_a_device_cannot_play_is_gone(runtime: str, tmp_path: Path) -> None:
    # Beyond half the device's rate; without a filter it would fold back at full strength.
    asked = [(24_000, 16_000), (16_000, 11_000), (32_000, 20_000)]
    for samples in map(left, run(runtime, "resampler", [case(*each) for each in asked], tmp_path)):
        assert np.abs(samples[SETTLED:]).max() < 10 ** (-80 / 20)


def test_blocks_of_any_length_give_the_same(runtime: str, tmp_path: Path) -> None:
    lengths: list[list[int]] = [[6_000], [1], [255], [257], BLOCKS]
    for rate in (44_100, 96_000, 47_999):
        cases = [case(rate, 997, blocks=blocks) for blocks in lengths]
        first, *others = run(runtime, "resampler", cases, tmp_path)
        assert all(other["samples"] == first["samples"] for other in others)
        # It reads no further ahead than its filter is long.
        assert all(0 <= each["read"] - 6_000 * SAMPLE_RATE / rate < 64 for each in [first, *others])


def test_at_48_khz_it_copies(runtime: str, tmp_path: Path) -> None:
    (result,) = run(runtime, "resampler", [case(SAMPLE_RATE, 997)], tmp_path)
    sine = np.sin(2 * np.pi * 997 * np.arange(6_000) / SAMPLE_RATE).astype("f4")
    assert np.abs(left(result) - sine).max() <= 1e-7
    assert result["read"] == 6_000


def test_the_ring_passes_everything_in_order(runtime: str, tmp_path: Path) -> None:
    (result,) = run(runtime, "resampler", [{"numbers": 100_000}], tmp_path)
    assert result == {"taken": 100_000, "left": False}
