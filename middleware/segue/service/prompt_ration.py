"""A style encoder that hears no more than so many seconds of audio prompts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE, Samples, StyleEncoder


class Ration:
    """The encoder given, for one soundtrack: once its audio prompts are longer than allowed in all, ValueError."""

    def __init__(self, encoder: StyleEncoder, seconds: float) -> None:
        self._encoder = encoder
        self._seconds = seconds
        self._heard_s = 0.0

    @property
    def name(self) -> str:
        return self._encoder.name

    @property
    def dimension(self) -> int:
        return self._encoder.dimension

    @property
    def audio_warning(self) -> str:
        return self._encoder.audio_warning

    def embed_text(self, text: str) -> NDArray[np.float32]:
        return self._encoder.embed_text(text)

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        """Raises: ValueError beyond the ration; NotImplementedError where the encoder has no ears."""
        self._heard_s += len(samples) / SAMPLE_RATE
        if self._heard_s > self._seconds:
            raise ValueError(f"expected at most {self._seconds:g} s of audio prompts in all, got {self._heard_s:g} s")
        return self._encoder.embed_audio(samples)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return self._encoder.unknown_words(text)
