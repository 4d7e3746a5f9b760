"""Layouts as audio: how loud each is with its own instruments."""

from __future__ import annotations

import numpy as np
import pyloudnorm
import pytest

from composed import natural
from contract.generators import conditioning, play, score
from segue.contract import SAMPLE_RATE, StyleBank
from segue.score.composer.layouts import LAYOUTS

pytestmark = pytest.mark.heavy


def test_layouts_are_equally_loud() -> None:
    """At middling arousal and intensity; the estimate behind it is off by 1.3 LU."""
    found = {}
    for name in LAYOUTS:
        styles = StyleBank(
            names=(name,),
            embeddings=np.eye(1, 4, dtype=np.float32),
            captions=(name,),
            profiles=(natural(LAYOUTS[name]),),
        )
        asked = conditioning(np.ones((250, 1)), tempo_bpm=100, intensity=0.5)
        samples, _ = play(score(), styles, asked, seed=5)
        found[name] = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(samples)
    rows = sorted(found.items(), key=lambda row: row[1])
    print("\n" + "\n".join(f"{name:16} {level:.1f} LUFS" for name, level in rows))
    levels = np.array(list(found.values()))
    assert levels.std() <= 1.5
    assert np.abs(levels - np.median(levels)).max() <= 3.0
