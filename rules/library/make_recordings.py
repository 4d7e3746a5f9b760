"""Makes the recordings of the soundtrack *Highwall*: the composer plays them, stem by stem.

    .venv/bin/python rules/library/make_recordings.py

Each piece is cut from a longer one: an upbeat before its first bar, the bars that repeat, and a bar that rings on. All
stems of a piece are of one performance and have one level, -18 LUFS together.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from segue import render
from segue.audio.files import write_audio
from segue.audio.loudness import integrated_loudness
from segue.contract import SAMPLE_RATE, Samples

FOLDER: Final = Path(__file__).parent / "highwall" / "recordings"
LEVEL_LUFS: Final = -18.0
BEATS: Final = 4
# Over which a file that begins in the middle of the music comes in.
FADE_IN: Final = 480
REST: Final = ("bass", "harmony", "melody", "texture")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of the composer's.

    Attributes:
        first: The bar at which it begins, the first being 0: the first bars of a performance are an introduction.
        bars: Those that repeat, or are played once.
        upbeat: Beats before them.
        stems: The families of instruments in each file.
    """

    tempo_bpm: int
    text: str
    intensity: float
    seed: int
    first: int
    bars: int
    upbeat: int
    stems: dict[str, tuple[str, ...]]
    key: str = "D minor"
    drums: str = "auto"


PIECES: Final = (
    Piece(
        tempo_bpm=88,
        text="quiet night watch on a castle wall, solo oboe melody, harp and soft strings, no drums",
        intensity=0.35,
        seed=11,
        first=8,
        bars=8,
        upbeat=0,
        stems={"watch": REST},
        drums="off",
    ),
    Piece(
        tempo_bpm=126,
        text="castle siege, battle music, driving war drums, low strings and brass",
        intensity=0.75,
        seed=4,
        first=8,
        bars=8,
        upbeat=1,
        stems={"siege_strings": ("bass", "harmony", "texture"), "siege_brass": ("melody",), "siege_drums": ("drums",)},
    ),
    Piece(
        tempo_bpm=126,
        text="triumphant victory fanfare, brass and timpani",
        intensity=0.8,
        seed=7,
        first=8,
        bars=4,
        upbeat=1,
        stems={"victory": (*REST, "drums")},
        key="D major",
    ),
)


def main() -> None:
    """Write all files."""
    for piece in PIECES:
        write(piece)


def write(piece: Piece) -> None:
    """Write the stems of a piece."""
    beat = 60 * SAMPLE_RATE / piece.tempo_bpm
    bar = BEATS * beat
    rules = f"""
segue: 1
seed: {piece.seed}
music:
  {{tempo: {piece.tempo_bpm}bpm, meter: {BEATS}, key: {piece.key}, intensity: {piece.intensity},
   drums: "{piece.drums}"}}
styles:
  style: {{text: "{piece.text}"}}
layers:
  action: {{states: {{state: {{default: true, mix: {{style: 1}}}}}}}}
"""
    heard = render.preview(rules, events=[], duration_s=(piece.first + piece.bars + 2) * bar / SAMPLE_RATE).stems()
    start, end = piece.first * bar - piece.upbeat * beat, (piece.first + piece.bars + 1) * bar
    part = slice(round(start), round(end))
    length = part.stop - part.start
    # The bar behind the last one rings on, and is silent in the end.
    fade = np.clip(np.arange(length, 0, -1) / bar, 0.0, 1.0) ** 2
    fade[:FADE_IN] *= np.arange(FADE_IN) / FADE_IN
    cut: dict[str, Samples] = {
        name: sum((heard[family][part] for family in families), np.zeros((length, 2), np.float32))
        * fade.astype(np.float32)[:, None]
        for name, families in piece.stems.items()
    }
    whole = sum(cut.values(), np.zeros((length, 2), np.float32))
    gain = np.float32(10 ** ((LEVEL_LUFS - integrated_loudness(whole)) / 20))
    FOLDER.mkdir(exist_ok=True)
    for name, sound in cut.items():
        write_audio(FOLDER / f"{name}.ogg", gain * sound)


if __name__ == "__main__":
    main()
