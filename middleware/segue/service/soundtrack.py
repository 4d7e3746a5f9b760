"""A soundtrack: a rule file with the styles and sounds that playing it takes, and what it costs to play."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import SAMPLE_RATE, Samples, StyleBanks, StyleEncoder
from segue.runtime.clip_mixer import ClipPlayer, open_clips
from segue.runtime.styles import load_stingers, read_styles
from segue_rules.model import All, Any, Burst, Condition, Not, Rules

PARTS: Final = "states, comparisons, transitions, stingers, and 16 for each layer"
"""The parts of a rule file that `parts_of` counts, for messages."""
# In each frame a layer takes as long as this many comparisons.
_PARTS_OF_A_LAYER: Final = 16


@dataclass(frozen=True, kw_only=True)
class Soundtrack:
    """Rules with all that playing them takes.

    Attributes:
        name: What clients call it; "" for rules that a client sent.
        rules: The rules.
        styles: In the order of `rules.styles`.
        sounds: Sounds of its stingers by name, float32 [S, 2] at 48 kHz.
        clips: Its clips, opened; None where it has none.
        fingerprint: As `segue_rules.fingerprint`; equal for equal rule files.
        sources: Text of every file by its path from the main one's folder; the main one first.
        warnings: Of the loader and of the style encoders, with their places.
    """

    name: str
    rules: Rules
    styles: StyleBanks
    sounds: Mapping[str, Samples]
    clips: ClipPlayer | None = None
    fingerprint: str
    sources: Mapping[str, str]
    warnings: tuple[str, ...]

    @property
    def bursts(self) -> frozenset[str]:
        """The names of its bursts."""
        return frozenset(each.name for each in self.rules.stingers if isinstance(each, Burst))


def build_soundtrack(
    name: str,
    rules: Rules,
    sources: Mapping[str, str],
    fingerprint: str,
    *,
    encoders: Sequence[StyleEncoder],
    max_prompt_audio_s: float,
) -> Soundtrack:
    """Load the styles and sounds of rules.

    Args:
        name: What clients call the soundtrack.
        rules: The rules.
        sources: Text of every file by its path from the main one's folder.
        fingerprint: Of these files.
        encoders: Encode the prompts.
        max_prompt_audio_s: Seconds of audio prompts in all.

    Raises:
        RuleError: With the mistakes of the prompts and sounds.
    """
    rules, styles, warnings = read_styles(rules, [QuotaEncoder(encoder, max_prompt_audio_s) for encoder in encoders])
    return Soundtrack(
        name=name,
        rules=rules,
        styles=styles,
        sounds=load_stingers(rules),
        clips=open_clips(rules),
        fingerprint=fingerprint,
        sources=sources,
        warnings=(*map(str, rules.warnings), *warnings),
    )


def parts_of(rules: Rules) -> int:
    """Count what planning a frame has to look at: the parts of rules, with 16 for each layer."""
    states = [state for layer in rules.layers for state in layer.states]
    conditions = [each for state in states for each in (state.when, state.unless) if each is not None]
    return (
        _PARTS_OF_A_LAYER * len(rules.layers)
        + len(states)
        + sum(map(_comparisons, conditions))
        + len(rules.transitions)
        + len(rules.stingers)
    )


def _comparisons(condition: Condition) -> int:
    match condition:
        case All(of=of) | Any(of=of):
            return sum(map(_comparisons, of))
        case Not(of=inside):
            return _comparisons(inside)
    return 1


class QuotaEncoder:
    """A style encoder that refuses audio prompts once they are longer than a quota in all; for one soundtrack."""

    def __init__(self, encoder: StyleEncoder, seconds: float) -> None:
        self._encoder = encoder
        self._seconds = seconds
        self._used_s = 0.0

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
        """Encode an audio prompt.

        Raises:
            ValueError: The prompts are longer than the quota.
            NotImplementedError: The encoder takes no audio.
        """
        self._used_s += len(samples) / SAMPLE_RATE
        if self._used_s > self._seconds:
            raise ValueError(f"expected at most {self._seconds:g} s of audio prompts in all, got {self._used_s:g} s")
        return self._encoder.embed_audio(samples)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return self._encoder.unknown_words(text)
