"""Finds how near two profiles may be before they play alike: `python -m segue.training.words.calibrate`.

Profiles of named styles are changed a little at a time: towards another style, or in one axis. Each is rendered, and so
is the unchanged profile with two seeds. Two styles play alike where their music differs no more than a style's
does from itself with another seed. It is the source of segue.style.alike.ALIKE.

Music is compared by its mel spectrum: level and movement of bands, each in units of its spread over all music rendered.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE, Samples
from segue.score.generator import ScoreGenerator
from segue.score.sampler.sampler import Sampler
from segue.style.points import POINTS
from segue.style.spectral import power_spectrogram
from segue.style_profile import RANGES, Ensemble, StyleProfile, distance
from segue.training.renders import rendered

SECONDS: Final = 8
BANDS: Final = 24
WINDOW: Final = 4096
HOP: Final = 2048
EVERY: Final = 14
THRESHOLDS: Final = (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10, 0.15, 0.20)


def variants(profile: StyleProfile, other: StyleProfile) -> Iterator[StyleProfile]:
    """Yield profiles that differ from one in a number, in an instrument, in a choice."""
    for share in (0.1, 0.3):
        moved = {}
        for axis in ("tempo_bpm", "density", "register", "articulation", "valence"):
            bounds = RANGES[axis]
            there, here = bounds.position(getattr(other, axis)), bounds.position(getattr(profile, axis))
            moved[axis] = round(bounds.at(here + share * (there - here)), 2)
        yield replace(profile, **moved)  # type: ignore[arg-type]
    yield replace(profile, tempo_bpm=min(300.0, profile.tempo_bpm * 1.25))
    ensemble = profile.ensemble
    if len(ensemble.harmony) > 1:
        yield replace(profile, ensemble=replace(ensemble, harmony=ensemble.harmony[1:]))
    yield replace(profile, ensemble=replace(ensemble, melody=other.ensemble.melody))
    yield replace(profile, ensemble=Ensemble(**{**dict(ensemble.by_role()), "bass": other.ensemble.bass}))
    yield replace(profile, groove=other.groove, percussion=other.percussion)
    yield replace(profile, scale=other.scale)
    yield replace(profile, figuration=other.figuration)


def measures(samples: Samples) -> NDArray[np.float64]:
    """Return the level of each band, its movement, and its spread over time, float64 [3 * BANDS], in decibels."""
    _, power = power_spectrogram(samples.mean(axis=1).astype(np.float64), SAMPLE_RATE, WINDOW, HOP)
    edges = np.unique(np.geomspace(1, power.shape[0] - 1, BANDS + 1).astype(int))
    bands = np.stack([power[low:high].mean(axis=0) for low, high in pairwise(edges)])
    level = 10 * np.log10(bands + 1e-9)
    return np.concatenate([level.mean(axis=1), np.abs(np.diff(level, axis=1)).mean(axis=1), level.std(axis=1)])


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Find how near two profiles may be before they play alike.")
    parser.add_argument("--every", type=int, default=EVERY, help="take one named style of so many")
    arguments = parser.parse_args()
    generator = ScoreGenerator(Sampler())
    styles = list(POINTS.values())[:: arguments.every]
    rows: list[NDArray[np.float64]] = []
    same: list[tuple[int, int]] = []
    changed: list[tuple[int, int, float]] = []
    for index, style in enumerate(styles):
        profile, other = style.profile, styles[(index + 1) % len(styles)].profile
        first = len(rows)
        rows += [measures(rendered(generator, profile, seed, seconds=SECONDS).samples) for seed in (1, 2)]
        same.append((first, first + 1))
        for variant in variants(profile, other):
            if variant.key != profile.key:
                changed.append((first, len(rows), distance(profile, variant)))
                rows.append(measures(rendered(generator, variant, 1, seconds=SECONDS).samples))
    table = np.stack(rows)
    table = (table - table.mean(axis=0)) / (table.std(axis=0) + 1e-9)
    noise = [float(np.linalg.norm(table[a] - table[b])) for a, b in same]
    limit = float(np.quantile(noise, 0.9))
    print(f"{len(styles)} styles with two seeds: music differs by {np.median(noise):.2f}, nine tenths {limit:.2f}")
    print("| profiles apart | pairs | music differs, median | share that differs more than nine tenths of the seeds |")
    print("|---|---|---|---|")
    for low, high in zip((0.0, *THRESHOLDS[:-1]), THRESHOLDS, strict=True):
        found = [float(np.linalg.norm(table[a] - table[b])) for a, b, apart in changed if low <= apart < high]
        if found:
            share = np.mean([value > limit for value in found])
            print(f"| {low:.2f} to {high:.2f} | {len(found)} | {np.median(found):.2f} | {share:.2f} |")


if __name__ == "__main__":
    main()
