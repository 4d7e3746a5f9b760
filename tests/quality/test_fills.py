"""Changes that the music leads into: what is heard in the last beat before them, against the same music unannounced."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import pytest

from contract.generators import bank, conditioning, play, score
from segue.contract import FRAME_SIZE, SAMPLE_RATE, Conditioning, NoteEvent, Samples
from segue.score.composer.lead_in import kind_of
from segue.score.composer.table import TABLE

pytestmark = pytest.mark.heavy

# Bars of 50 frames at 120 bpm. The change starts with the third, and has been known for half a bar, or for one.
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


class Heard(NamedTuple):
    """Of a stretch of sound: notes struck, level (RMS), and attacks (mean spectral flux)."""

    notes: float
    loud: float
    attacks: float


def _asked(known: int | None, intensity: float, end: int) -> Conditioning:
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


def _heard(samples: Samples, notes: tuple[NoteEvent, ...], begin: int, end: int) -> Heard:
    mono = samples[begin:end].mean(axis=1)
    spectra = np.abs(
        np.fft.rfft(np.lib.stride_tricks.sliding_window_view(mono, 1024)[::256] * np.hanning(1024), axis=1)
    )
    flux = np.maximum(np.diff(np.log1p(20 * spectra), axis=0), 0).sum(axis=1)
    return Heard(
        notes=sum(begin <= note.start < end for note in notes),
        loud=float(np.sqrt(np.mean(np.square(samples[begin:end])))),
        attacks=float(flux.mean()),
    )


def _ratios(pairs: tuple[tuple[str, str], ...], notice: int) -> np.ndarray:
    """Announced against not, in the last beat and, as a control, in the beat before anything was known: [R, 2, 3]."""
    generator: Any = score()
    rows = []
    for out_of, into in pairs:
        for seed, intensity in zip(SEEDS, (0.35, 0.5, 0.7, 0.9), strict=True):
            told = [
                play(generator, bank(out_of, into), _asked(known, intensity, LINE), seed=seed)
                for known in (None, notice)
            ]
            spans = [(LINE * FRAME_SIZE - BEAT, LINE * FRAME_SIZE), (BEAT, 2 * BEAT)]
            heard = np.array([[_heard(*one, *span) for span in spans] for one in told]) + 1e-6
            rows.append(heard[1] / heard[0])
    return np.array(rows)


@pytest.mark.parametrize("kind", PAIRS)
def test_what_comes_is_heard_coming(kind: str) -> None:
    """Fills and soft lead-ins make the last beat denser, louder and sharper; what is let go makes it emptier."""
    assert all(kind_of(TABLE[out_of], TABLE[into], -1) == kind for out_of, into in PAIRS[kind])
    for notice in NOTICE:
        ratios = _ratios(PAIRS[kind], notice)
        last, control = ratios[:, 0], ratios[:, 1]
        typical, rising = np.median(last, axis=0), np.mean(last > 1, axis=0)
        print(
            f"\n{kind}, {notice} frames of notice, {len(last)} clips: notes x{typical[0]:.2f}, "
            f"level x{typical[1]:.2f}, attacks x{typical[2]:.2f}; "
            f"more in {rising[0]:.0%}, {rising[1]:.0%}, {rising[2]:.0%}"
        )
        # Unannounced music is the same to the bit until the change is known.
        assert (control == 1).all()
        if kind == "release":
            assert (typical < 0.9).all()
            assert (rising <= 0.1).all()
        else:
            assert (typical > 1.1).all()
            assert (rising >= 0.9).all()
