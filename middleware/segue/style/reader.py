"""A text or a recording to a style profile and an embedding.

A profile does not depend on the encoders: a text's is read with the word table (segue.style.text_reader), a recording's
with the audio tower (segue.style.audio_reader).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples, StyleEncoder
from segue.style.audio_reader import read_recording
from segue.style.changes import StyleSource
from segue.style.points import NamedStyle
from segue.style.text_reader import text_reader
from segue.style.text_warnings import StyleWarning
from segue.style_profile import StyleProfile


@dataclass(frozen=True, kw_only=True)
class StyleReading:
    """What was made of a text or a recording.

    Attributes:
        embeddings: float32 [D] by each encoder of the reader, unit length.
        sources: The base first, then every axis that was set.
        unknown_words: Words of a text that steer nothing.
        nearest: The nearest named styles with their cosines in [-1, 1], the base first.
        similarity: The greatest cosine with any style.
        warnings: What a user should know.
        signature: The time signature that a text says, such as "6/8"; "" where it says none.
    """

    profile: StyleProfile
    embeddings: tuple[NDArray[np.float32], ...]
    sources: tuple[StyleSource, ...]
    unknown_words: tuple[str, ...] = ()
    nearest: tuple[tuple[str, float], ...] = ()
    similarity: float = 0.0
    warnings: tuple[StyleWarning, ...] = ()
    signature: str = ""


class StyleReader:
    """Reads texts and recordings as style profiles. Equal inputs give equal readings."""

    def __init__(self, encoders: Sequence[StyleEncoder]) -> None:
        """Make a reader.

        Args:
            encoders: Each embeds texts, and sound if it can.
        """
        self._encoders = tuple(encoders)

    def read_text(self, text: str) -> StyleReading:
        """Read a text.

        Raises:
            ValueError: For a text without any word that is understood.
        """
        reading = text_reader().read(text)
        return StyleReading(
            profile=reading.profile,
            embeddings=tuple(_embedded(encoder, text, reading.base) for encoder in self._encoders),
            sources=reading.sources,
            unknown_words=reading.unknown_words,
            nearest=reading.nearest,
            similarity=reading.similarity,
            warnings=reading.warnings,
            signature=reading.signature,
        )

    def read_audio(self, samples: Samples) -> StyleReading:
        """Read a recording, float32 [S, 2] at 48 kHz, by its embedding: the nearest styles.

        Raises:
            ValueError: For sound that the encoder cannot use.
            NotImplementedError: If the encoder takes text alone.
        """
        reading = read_recording(samples)
        return StyleReading(
            profile=reading.profile,
            embeddings=tuple(encoder.embed_audio(samples) for encoder in self._encoders),
            sources=reading.sources,
            nearest=reading.nearest,
            similarity=reading.similarity,
            warnings=(*reading.warnings, *_audio_warnings(self._encoders)),
        )


def _audio_warnings(encoders: Sequence[StyleEncoder]) -> Iterator[StyleWarning]:
    for encoder in encoders:
        if encoder.audio_warning:
            yield StyleWarning(code="audio_prompt", text=encoder.audio_warning)


def _embedded(encoder: StyleEncoder, text: str, base: NamedStyle) -> NDArray[np.float32]:
    try:
        return encoder.embed_text(text)
    except ValueError:
        # Numbers and signatures alone have no embedding: that of the style which they change stands for them.
        return encoder.embed_text(base.captions[0])
