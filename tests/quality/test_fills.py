"""Fills and lead-ins: the last beat before an announced change, compared with the same music unannounced."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pytest

from composed import ARRANGEMENTS
from contract.generators import bank, conditioning, play, score
from segue.contract import FRAME_SIZE, SAMPLE_RATE, Conditioning, NoteEvent, Samples
from segue.score.composer.lead_in import kind_of

pytestmark = pytest.mark.heavy

# Bars of 50 frames at 120 bpm. The change starts with the third bar and is announced half a bar or a bar before.
LINE: Final = 100
BEAT: Final = SAMPLE_RATE // 2
NOTICE: Final = (25, 50)
SEEDS: Final = tuple(range(7000, 7004))
PAIRS: Final = {
    "fill": (
        ("calm", "combat"),
        ("exploration", "combat"),
        ("combat", "boss"),
        ("town", "tavern"),
        ("stealth", "chase"),
        ("desert", "victory"),
    ),
    "soft": (("calm", "temple"), ("sad", "space"), ("mystery", "calm"), ("temple", "mystery")),
    "release": (("combat", "calm"), ("boss", "sad"), ("metal", "dungeon"), ("chase", "exploration")),
}


class SpanMeasures(NamedTuple):
    """Measures of a span of audio: number of notes struck, level (RMS), and attacks (mean spectral flux)."""

    notes: float
    loud: float
    attacks: float


def _conditioning(known: int | None, intensity: float, end: int) -> Conditioning:
    weights = np.tile([1.0, 0.0], (end, 1))
    weights[LINE:, 1] = np.clip(np.arange(end - LINE) / 20, 0, 1)
    weights[:, 0] -= weights[:, 1]
    return conditioning(
        weights,
        tempo_bpm=120,
        intensity=intensity,
        known=None if known is None else {LINE: LINE - known},
        next_weights=np.tile([0.0, 1.0], (end, 1)),
    )


def _measures(samples: Samples, notes: tuple[NoteEvent, ...], begin: int, end: int) -> SpanMeasures:
    mono = samples[begin:end].mean(axis=1)
    spectra = np.abs(
        np.fft.rfft(np.lib.stride_tricks.sliding_window_view(mono, 1024)[::256] * np.hanning(1024), axis=1)
    )
    flux = np.maximum(np.diff(np.log1p(20 * spectra), axis=0), 0).sum(axis=1)
    return SpanMeasures(
        notes=sum(begin <= note.start < end for note in notes),
        loud=float(np.sqrt(np.mean(np.square(samples[begin:end])))),
        attacks=float(flux.mean()),
    )


def _ratios(pairs: tuple[tuple[str, str], ...], notice: int) -> np.ndarray:
    """Return ratios of announced to unannounced music, [R, 2, 3].

    The second axis is the last beat and, as a control, a beat before the announcement; the third the measures.
    """
    generator: Any = score()
    rows = []
    for out_of, into in pairs:
        for seed, intensity in zip(SEEDS, (0.35, 0.5, 0.7, 0.9), strict=True):
            pieces = [
                play(generator, bank(out_of, into), _conditioning(known, intensity, LINE), seed=seed)
                for known in (None, notice)
            ]
            spans = [(LINE * FRAME_SIZE - BEAT, LINE * FRAME_SIZE), (BEAT, 2 * BEAT)]
            measures = np.array([[_measures(*piece, *span) for span in spans] for piece in pieces]) + 1e-6
            rows.append(measures[1] / measures[0])
    return np.array(rows)


@pytest.mark.parametrize("kind", PAIRS)
def test_the_last_beat_prepares_an_announced_change(kind: str) -> None:
    """Fills and soft lead-ins make the last beat denser, louder and sharper; releases make it emptier."""
    assert all(kind_of(ARRANGEMENTS[out_of], ARRANGEMENTS[into], -1) == kind for out_of, into in PAIRS[kind])
    for notice in NOTICE:
        ratios = _ratios(PAIRS[kind], notice)
        last, control = ratios[:, 0], ratios[:, 1]
        typical, rising = np.median(last, axis=0), np.mean(last > 1, axis=0)
        print(
            f"\n{kind}, {notice} frames of notice, {len(last)} clips: notes x{typical[0]:.2f}, "
            f"level x{typical[1]:.2f}, attacks x{typical[2]:.2f}; "
            f"more in {rising[0]:.0%}, {rising[1]:.0%}, {rising[2]:.0%}"
        )
        # Both have the same samples until the change is announced.
        assert (control == 1).all()
        if kind == "release":
            assert (typical < 0.9).all()
            assert (rising <= 0.1).all()
        else:
            assert (typical > 1.1).all()
            assert (rising >= 0.9).all()
