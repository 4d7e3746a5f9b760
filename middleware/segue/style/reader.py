"""A text or a recording to a style profile and an embedding.

A text's profile is read with the word table (segue.style.text_reader), whatever encoder embeds it; a recording's from
the named styles that its embedding lies nearest to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples, StyleEncoder
from segue.style.overrides import StyleSource
from segue.style.text_reader import StyleWarning, blended, near_styles, nearest, text_reader
from segue.style_profile import StyleProfile


@dataclass(frozen=True, kw_only=True)
class StyleReading:
    """What was made of a text or a recording.

    Attributes:
        embedding: float32 [D], unit length.
        sources: The base first, then every axis that was set.
        unknown_words: Words of a text that steer nothing.
        nearest: The nearest named styles with their cosines in [-1, 1], the base first.
        similarity: The greatest cosine with any style.
        warnings: What a user should know.
    """

    profile: StyleProfile
    embedding: NDArray[np.float32]
    sources: tuple[StyleSource, ...]
    unknown_words: tuple[str, ...] = ()
    nearest: tuple[tuple[str, float], ...] = ()
    similarity: float = 0.0
    warnings: tuple[StyleWarning, ...] = ()


class StyleReader:
    """Reads texts and recordings as style profiles. Equal inputs give equal readings."""

    def __init__(self, encoder: StyleEncoder) -> None:
        """Make a reader.

        Args:
            encoder: Embeds texts, and sound if it can; sound in the word table's space.
        """
        self._encoder = encoder

    def read_text(self, text: str) -> StyleReading:
        """Read a text.

        Raises:
            ValueError: For a text without any word that is understood.
        """
        reading = text_reader().read(text)
        try:
            embedding = self._encoder.embed_text(text)
        except ValueError:
            # Numbers and signatures alone have no embedding: that of the style which they change stands for them.
            embedding = self._encoder.embed_text(reading.base.captions[0])
        return StyleReading(
            profile=reading.profile,
            embedding=embedding,
            sources=reading.sources,
            unknown_words=reading.unknown_words,
            nearest=reading.nearest,
            similarity=reading.similarity,
            warnings=reading.warnings,
        )

    def read_audio(self, samples: Samples) -> StyleReading:
        """Read a recording, float32 [S, 2] at 48 kHz, by its embedding: the nearest styles.

        Raises:
            ValueError: For sound that the encoder cannot use.
            NotImplementedError: If the encoder takes text alone.
        """
        embedding = self._encoder.embed_audio(samples)
        cosines = text_reader().index.cosines([float(value) for value in embedding])
        weights = near_styles(cosines)
        base = next(iter(weights))
        likeness = max(cosines)
        texts = [self._encoder.audio_warning] if self._encoder.audio_warning else []
        return StyleReading(
            profile=blended(base, weights),
            embedding=embedding,
            sources=(StyleSource(axis="style", value=base.name, words=f"nearest style, likeness {likeness:.2f}"),),
            nearest=nearest(list(weights), cosines),
            similarity=likeness,
            warnings=tuple(StyleWarning(code="audio_prompt", text=text) for text in texts),
        )
