"""Styles and themes as generators get them, and what embeds styles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from segue.contract.constants import Samples
from segue.style_profile import StyleProfile


class ThemeNote(NamedTuple):
    """A note of a theme.

    Attributes:
        start, beats: In beats.
        pitch, velocity: As in MIDI.
    """

    start: float
    beats: float
    pitch: int
    velocity: int


@dataclass(frozen=True, kw_only=True)
class ThemeNotes:
    """A short tune of the rules that music quotes.

    Attributes:
        name: As in the rule file.
        notes: By start, none overlapping the next; at least one.
        tonic: Pitch class of the key it is written in, -1 where it is to be found.
        mode: Index into MODES; unused without a tonic.
    """

    name: str
    notes: tuple[ThemeNote, ...]
    tonic: int = -1
    mode: int = 0


@dataclass(frozen=True, kw_only=True)
class StyleBank:
    """Styles as one encoder embeds them, in a fixed order: column n of a mix weighs row n here. And the themes.

    Attributes:
        names: N names, as in the rule file.
        embeddings: float32 [N, D], unit length, from one StyleEncoder.
        captions: N texts the embeddings came from ("" for audio prompts), for reports only.
        profiles: N profiles, for generators that read axes, the same whatever the encoder; () if none reads any.
        encoder: Name of the StyleEncoder; "" where no generator reads embeddings.
        themes: What `Conditioning.theme` counts, the same whatever the encoder.
    """

    names: tuple[str, ...]
    embeddings: NDArray[np.float32]
    captions: tuple[str, ...] = ()
    profiles: tuple[StyleProfile, ...] = ()
    encoder: str = ""
    themes: tuple[ThemeNotes, ...] = ()

    def __post_init__(self) -> None:
        if self.profiles and len(self.profiles) != len(self.names):
            raise ValueError(f"profiles: expected {len(self.names)}, got {len(self.profiles)}")
        if self.embeddings.ndim != 2 or len(self.embeddings) != len(self.names):
            raise ValueError(f"embeddings: expected [{len(self.names)}, D], got {self.embeddings.shape}")
        if not np.isfinite(self.embeddings).all():
            raise ValueError("embeddings: not finite")


@dataclass(frozen=True, eq=False)
class StyleBanks:
    """The styles of a session: a bank for each encoder that one of its generators needs.

    Attributes:
        banks: At least one, of different encoders. They agree in names, profiles and themes.
    """

    banks: tuple[StyleBank, ...]

    def __post_init__(self) -> None:
        if not self.banks:
            raise ValueError("banks: expected at least one")
        first = self.banks[0]
        for bank in self.banks[1:]:
            if (bank.names, bank.profiles, bank.themes) != (first.names, first.profiles, first.themes):
                raise ValueError(f"banks: {bank.encoder!r} has other styles than {first.encoder!r}")
        if len({bank.encoder for bank in self.banks}) < len(self.banks):
            raise ValueError(f"banks: expected one an encoder, got {', '.join(repr(b.encoder) for b in self.banks)}")

    @property
    def names(self) -> tuple[str, ...]:
        return self.banks[0].names

    def of(self, encoder: str) -> StyleBank:
        """Return the bank of an encoder; any one for "", the encoder of generators that read profiles alone.

        Raises:
            ValueError: There is none.
        """
        for bank in self.banks:
            if encoder in ("", bank.encoder):
                return bank
        there = ", ".join(repr(bank.encoder) for bank in self.banks)
        raise ValueError(f"styles: expected embeddings by the encoder {encoder!r}, got those by {there}")

    def same_as(self, other: StyleBanks) -> bool:
        """Return whether names, profiles, embeddings and themes are equal."""
        return len(self.banks) == len(other.banks) and all(
            one.encoder == two.encoder
            and one.names == two.names
            and one.profiles == two.profiles
            and one.themes == two.themes
            and np.array_equal(one.embeddings, two.embeddings)
            for one, two in zip(self.banks, other.banks, strict=True)
        )


@runtime_checkable
class StyleEncoder(Protocol):
    """Text and audio to one style embedding (float32 [D], unit length).

    Attributes:
        audio_warning: What its users must know of its audio prompts; "" where they are as good as its texts.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def audio_warning(self) -> str: ...

    def embed_text(self, text: str) -> NDArray[np.float32]:
        """Embedding of a phrase.

        Raises:
            ValueError: For one with no known word.
        """
        ...

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        """Embedding of sound, float32 [S, 2] at 48 kHz.

        Raises:
            NotImplementedError: If the encoder takes text alone.
        """
        ...

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of `text` that do not count, for a warning."""
        ...
