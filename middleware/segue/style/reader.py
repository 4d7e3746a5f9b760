"""Texts and recordings as style profiles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples, StyleEncoder
from segue.style.points import POINTS
from segue.style.situations import nearest_situations
from segue.style_profile import StyleProfile, blend


@dataclass(frozen=True, kw_only=True)
class StyleReading:
    """What a prompt was read as."""

    profile: StyleProfile
    embedding: NDArray[np.float32]


class StyleReader:
    """Reads prompts."""

    def __init__(self, encoder: StyleEncoder) -> None:
        self._encoder = encoder

    def read_text(self, text: str) -> StyleReading:
        """Read a text."""
        return self._read(self._encoder.embed_text(text))

    def read_audio(self, samples: Samples) -> StyleReading:
        """Read a recording."""
        return self._read(self._encoder.embed_audio(samples))

    def _read(self, embedding: NDArray[np.float32]) -> StyleReading:
        near = nearest_situations(self._encoder, embedding, 3)
        profile = blend([POINTS[name].profile for name, _ in near], [weight for _, weight in near])
        return StyleReading(profile=profile, embedding=embedding)
