"""Makes the recordings of the recipe *Your own recordings*: two stems of four bars with a bar that rings on.

    .venv/bin/python rules/cookbook/make_recordings.py

The composer plays them; as stems of one performance they fit each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from segue import render
from segue.audio.files import write_audio
from segue.contract import SAMPLE_RATE

FOLDER: Final = Path(__file__).parent / "recordings"
BEAT: Final = SAMPLE_RATE * 60 // 120
BAR: Final = 4 * BEAT
# The first bars of a piece are an introduction.
FIRST_BAR: Final = 8
# Near the -18 LUFS of generated music.
LEVEL: Final = np.float32(0.65)
RULES: Final = """
segue: 1
seed: 4
music: {tempo: 120bpm, meter: 4, key: D minor, intensity: 0.8}
styles:
  siege: {text: "battle music, driving war drums, low strings and brass"}
layers:
  action: {states: {siege: {default: true, mix: {siege: 1}}}}
"""


def main() -> None:
    """Write both stems."""
    piece = render.preview(RULES, events=[], duration_s=40)
    stems = piece.stems()
    part = slice(FIRST_BAR * BAR, (FIRST_BAR + 5) * BAR)
    for name, families in (("siege", ("bass", "harmony", "melody", "texture")), ("siege_drums", ("drums",))):
        sound = sum((stems[family][part] for family in families), np.zeros((5 * BAR, 2), np.float32))
        # The bar behind the loop rings on, and is silent in the end.
        fade = np.clip(np.arange(5 * BAR, 0, -1) / BAR, 0.0, 1.0).astype(np.float32) ** 2
        write_audio(FOLDER / f"{name}.ogg", LEVEL * sound * fade[:, None])


if __name__ == "__main__":
    main()
