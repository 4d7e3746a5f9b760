"""Draws the composer's music for inspection: a piano roll and a spectrogram of every situation.

Usage: python tests/quality/gallery.py OUT [SITUATION ...]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from composed import Score, compose
from segue.contract import FRAME_SIZE, SAMPLE_RATE, NoteEvent, Samples
from segue.score.sampler.sampler import Sampler
from segue.style.situations import SITUATIONS

COLOURS: Final = {
    "drums": "tab:gray",
    "bass": "tab:blue",
    "harmony": "tab:green",
    "melody": "tab:red",
    "texture": "tab:orange",
}
SECONDS: Final = 16.0


def rendered(sampler: Sampler, score: Score) -> Samples:
    """Render a score to audio, float32 [S, 2]."""
    _, samples, _ = sampler.render(sampler.start(), score.notes, score.num_frames * FRAME_SIZE)
    return samples


def draw_roll(axes: plt.Axes, notes: tuple[NoteEvent, ...], bars: tuple[int, ...], title: str) -> None:
    for family, colour in COLOURS.items():
        own = [note for note in notes if note.family == family]
        axes.barh(
            [note.pitch for note in own],
            [min(note.duration, SAMPLE_RATE * 0.05 if note.drums else note.duration) / SAMPLE_RATE for note in own],
            left=[note.start / SAMPLE_RATE for note in own],
            height=0.8,
            color=[(*mpl.colors.to_rgb(colour), note.velocity / 127) for note in own],
        )
    for bar in bars:
        axes.axvline(bar / SAMPLE_RATE, color="k", lw=0.4, alpha=0.5)
    axes.set(xlim=(0, SECONDS), ylim=(24, 104))
    axes.set_title(title, fontsize=8)


def draw_spectrogram(axes: plt.Axes, samples: Samples) -> None:
    axes.specgram(samples.mean(axis=1) + 1e-9, NFFT=2048, Fs=SAMPLE_RATE, noverlap=1024, vmin=-150, vmax=-50)
    axes.set(xlim=(0, SECONDS), ylim=(0, 18_000))


def main(folder: Path, names: tuple[str, ...]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    sampler = Sampler()
    for name in names:
        score = compose(name, seed=5, seconds=SECONDS)
        samples = rendered(sampler, score)
        figure, (roll, spectrum) = plt.subplots(2, 1, figsize=(11, 6), height_ratios=(3, 2), constrained_layout=True)
        draw_roll(roll, score.notes, score.bars, f"{score.caption}; {score.density:.1f} notes/s")
        draw_spectrogram(spectrum, samples)
        figure.savefig(folder / f"{name}.png", dpi=70)
        plt.close(figure)
        rms = float(np.sqrt(np.mean(np.square(samples))))
        print(f"{name:12} {20 * np.log10(rms):6.1f} dBFS  {score.caption}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(sys.argv[2:]) or SITUATIONS)
