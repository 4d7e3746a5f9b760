"""The audio of the library's soundtracks: situations can be recognised, combat is on time, joins are smooth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray

from quality.situation_classifier import HOP_S, WINDOW_S, features, windows
from quality.trained_classifier import classifier
from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE, Samples
from segue.file_kinds import library_folder
from segue.runtime.messages import ChunkOut
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import straight
from segue.runtime.styles import read_styles
from segue.score.generator import ScoreGenerator
from segue.score.sampler.sampler import Sampler
from segue.style.situations import SITUATIONS, similarities
from segue.style.word_table import WordEncoder
from segue_rules import load, load_events
from segue_rules.plan import FramePlan
from sound_measures import step_at_joins

pytestmark = pytest.mark.heavy

LIBRARY: Final = ("emberwood", "nightwatch", "redline")
# A situation with at least this share is a part of the mix. An even mix of two has two parts; either is right.
PART: Final = 0.34
# A window counts if the parts are the same in all of it and in the two seconds before, in which notes and reverb of the
# previous mix decay.
SETTLED_S: Final = 2.0
# Of a softmax of likenesses: captions then get 0.99 of the weight, half-and-half blends of two situations nothing else.
SHARPNESS: Final = 12.0
SILENT_DB: Final = -60.0


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """A soundtrack's event script, rendered without stingers. situations: shares of the situations, by frame."""

    samples: Samples
    plans: tuple[FramePlan, ...]
    situations: tuple[dict[str, float], ...]
    joins: tuple[int, ...]


@cache
def rendered(name: str) -> Rendered:
    folder = library_folder() / name
    rules = load(folder / f"{name}.yaml")
    events = load_events(folder / f"{name}.events.yaml", rules)
    encoder = WordEncoder()
    generator = ScoreGenerator(Sampler())
    rules, styles, _ = read_styles(rules, [encoder])
    frames = (max(event.frame for event in events) // FRAME_RATE + 12) * FRAME_RATE
    generators: list[Any] = [generator]
    session = Session(rules, styles, generators, SessionConfig(seed=rules.seed))
    chunks = [m for m in straight(session, generators, events, frames) if isinstance(m, ChunkOut)]
    plans = tuple(plan for chunk in chunks for plan in chunk.plans)[:frames]
    shares = {
        style: _nearest(similarities(encoder, embedding))
        for style, embedding in zip(styles.names, styles.of(encoder.name).embeddings, strict=True)
    }
    return Rendered(
        samples=np.concatenate([chunk.samples for chunk in chunks])[: frames * FRAME_SIZE],
        plans=plans,
        situations=tuple(_shares(plan, styles.names, shares) for plan in plans),
        joins=tuple(chunk.start for chunk in chunks[1:]),
    )


def _nearest(likeness: NDArray[np.float32]) -> dict[str, float]:
    """The three situations that a style is most like, by their shares of it."""
    best = np.argsort(-likeness, kind="stable")[:3]
    scores = np.exp(SHARPNESS * (likeness[best] - likeness[best[0]]))
    return {SITUATIONS[place]: float(score) for place, score in zip(best, scores / scores.sum(), strict=True)}


def _shares(plan: FramePlan, styles: tuple[str, ...], shares: dict[str, dict[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for style, weight in zip(styles, plan.mix, strict=True):
        for situation, share in shares[style].items():
            total[situation] = total.get(situation, 0.0) + weight * share
    return total


def _parts(shares: dict[str, float]) -> frozenset[str]:
    return frozenset(name for name, share in shares.items() if share >= PART)


def _classified(window: Samples) -> str:
    return classifier().classify(features(window)[None])[0]


def _classified_windows(piece: Rendered) -> list[tuple[float, frozenset[str], str]]:
    """Return of every window that counts: its start in seconds, its parts, and the situation it is classified as."""
    found = []
    for index, window in enumerate(windows(piece.samples)):
        start_s = index * HOP_S
        first, last = max(0, round((start_s - SETTLED_S) * FRAME_RATE)), round((start_s + WINDOW_S) * FRAME_RATE)
        parts = {_parts(shares) for shares in piece.situations[first:last]}
        audible = min(plan.controls.gain_db for plan in piece.plans[first:last]) > SILENT_DB
        if audible and len(parts) == 1 and frozenset() not in parts:
            found.append((start_s, parts.pop(), _classified(window)))
    return found


@pytest.mark.parametrize("name", LIBRARY)
def test_windows_are_classified_as_a_part_of_the_mix(name: str) -> None:
    found = _classified_windows(rendered(name))
    right = [guess in parts for _, parts, guess in found]
    alone = [guess in parts for _, parts, guess in found if len(parts) == 1]
    missed = [(at, parts, guess) for at, parts, guess in found if guess not in parts]
    wrong = "; ".join(f"{at:.0f} s: {'/'.join(sorted(parts))}, classified as {guess}" for at, parts, guess in missed)
    print(f"{name}: {sum(right)} of {len(right)} windows, {sum(alone)} of {len(alone)} with one part. {wrong}")
    assert len(found) >= 20
    assert sum(right) >= 0.8 * len(right)
    # The rate by chance: guesses for the windows of the other soundtracks.
    others = [guess for other in LIBRARY if other != name for _, _, guess in _classified_windows(rendered(other))]
    random = np.random.default_rng(0)
    chance = np.mean([random.choice(others) in parts for _ in range(20) for _, parts, _ in found])
    assert chance < 0.4


def test_combat_leads_the_mix_after_its_ramp_and_is_classified() -> None:
    piece = rendered("emberwood")
    (change,) = [c for plan in piece.plans for c in plan.changes if c.kind == "started" and c.to_state == "combat"]
    at_ramp_end = piece.situations[change.start + change.ramp_frames]
    assert max(at_ramp_end, key=lambda name: at_ramp_end[name]) == "combat"
    after = round((change.start + change.ramp_frames) / FRAME_RATE * SAMPLE_RATE)
    window = piece.samples[after : after + round(WINDOW_S * SAMPLE_RATE)]
    assert _classified(window) == "combat"


@pytest.mark.parametrize("name", LIBRARY)
def test_steps_at_joins_are_no_larger_than_steps_inside(name: str) -> None:
    piece = rendered(name)
    at_joins, inside = step_at_joins(piece.samples, piece.joins)
    print(f"{name}: largest step {at_joins:.3f} at joins, {inside:.3f} inside")
    assert at_joins <= inside


@pytest.mark.parametrize("name", LIBRARY)
def test_bars_follow_the_tempo_map(name: str) -> None:
    plans = rendered(name).plans
    lines = [p.frame * FRAME_SIZE + p.bar_start for p in plans if p.bar_start >= 0]
    steady = [
        (b - a, plans[a // FRAME_SIZE].controls)
        for a, b in pairwise(lines)
        if plans[a // FRAME_SIZE].controls[:2] == plans[b // FRAME_SIZE].controls[:2]
        and plans[(a + b) // 2 // FRAME_SIZE].controls[:2] == plans[a // FRAME_SIZE].controls[:2]
    ]
    assert len(steady) > 20
    for length, controls in steady:
        assert abs(length - controls.meter * 60_000 / controls.tempo_mbpm * SAMPLE_RATE) <= 2
