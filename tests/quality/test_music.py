"""The composer's audio: distinct situations, effect of intensity, stereo width, spectrum, transitions.

Heavy: renders about fifty minutes of music. Tables are printed (`pytest -s`).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from composed import compose
from contract.generators import bank, conditioning, play, score
from quality.situation_classifier import confusion, features, fit, spearman, table_text
from quality.trained_classifier import classifier, labelled_features, rendered, training_set
from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.style.situations import SITUATIONS

pytestmark = pytest.mark.heavy

HELD_OUT_SEEDS: Final = tuple(range(5000, 5003))


def test_situations_are_classified_correctly() -> None:
    rows, names = labelled_features(HELD_OUT_SEEDS)
    guesses = classifier().classify(rows)
    table = confusion(names, guesses, classifier().labels)
    accuracy = np.trace(table) / table.sum()
    training_rows, truth = training_set()
    shuffled = fit(training_rows, [str(name) for name in np.random.default_rng(0).permutation(truth)]).classify(rows)
    chance = float(np.mean([guess == name for guess, name in zip(shuffled, names, strict=True)]))
    print(f"\n{table_text(table, classifier().labels)}\n{accuracy:.1%} of {len(names)}; shuffled labels {chance:.1%}")
    assert accuracy >= 0.8
    right = dict(zip(classifier().labels, np.diag(table) / table.sum(axis=1), strict=True))
    assert {name for name, share in right.items() if share < 0.5} == set()
    assert chance < 0.15


def test_intensity_raises_loudness_and_density() -> None:
    levels = np.linspace(0, 1, 6)
    lines = []
    worst = 1.0
    for name in SITUATIONS:
        pieces = [compose(name, seed=11, seconds=6, intensity=float(level)) for level in levels]
        loud = np.array([np.sqrt(np.mean(np.square(rendered(piece)))) for piece in pieces])
        busy = np.array([piece.density for piece in pieces])
        ranks = spearman(levels, loud), spearman(levels, busy)
        worst = min(worst, *ranks)
        lines.append(f"{name:12} rho {ranks[0]:.2f} {ranks[1]:.2f}, {20 * np.log10(loud[-1] / loud[0]):.0f} dB")
    print("\n" + "\n".join(lines))
    assert worst >= 0.8


def test_audio_is_stereo_and_reaches_high_frequencies() -> None:
    """Every situation is stereo without being out of phase; percussion and strings reach 16 kHz."""
    reach = []
    lines = []
    for name in SITUATIONS:
        samples = rendered(compose(name, seed=5, seconds=8, intensity=0.8))
        left, right = samples.T
        correlation = float(np.corrcoef(left, right)[0, 1])
        power = np.abs(np.fft.rfft(samples.mean(axis=1))) ** 2
        frequencies = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
        top = 10 * np.log10(power[(frequencies > 10_000) & (frequencies < 16_000)].sum() / power.sum())
        reach.append(top)
        lines.append(f"{name:12} left-right {correlation:.2f}, 10-16 kHz {top:.0f} dB")
        assert 0.0 < correlation < 0.97, name
    print("\n" + "\n".join(lines))
    assert sum(top > -50 for top in reach) >= 12


@pytest.mark.parametrize("first", ["calm", "dungeon", "exploration"])
def test_a_transition_is_complete_after_its_ramp(first: str) -> None:
    """The window that starts when the 400 ms ramp ends is classified as combat, the one before the ramp is not."""
    frames, at = 350, 187
    second = np.clip((np.arange(frames) - at) / 10, 0, 1)
    asked = conditioning(np.stack([1 - second, second], axis=1), tempo_bpm=128, intensity=0.6)
    samples, _ = play(score(), bank(first, "combat"), asked, seed=3)
    begin = (at + 10) * FRAME_SIZE
    size = 4 * SAMPLE_RATE
    rows = np.stack(
        [features(samples[at * FRAME_SIZE - size : at * FRAME_SIZE]), features(samples[begin : begin + size])]
    )
    labels = classifier().labels
    scores = classifier().scores(rows)
    fights = [labels.index(name) for name in ("combat", "boss", "chase", "metal", "victory")]
    assert labels[int(scores[1].argmax())] == "combat"
    assert int(scores[0].argmax()) not in fights
