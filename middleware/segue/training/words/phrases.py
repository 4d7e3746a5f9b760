"""Training phrases: what players and sound designers might write, made from word lists by seed.

Each kind has its lesson: phrases of one situation (what belongs together), of two, of music alone, and of ordinary
words in any position (what the vocabulary means beyond music).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import yaml

LEXICON: Final = Path(__file__).with_name("lexicon.yaml")

_SITUATION_FORMS: Final = (
    "{moods} {sounds}",
    "{sounds}",
    "{sounds}, {sounds}",
    "{moods} music, {sounds}",
    "{deeds}",
    "{places}",
    "{people}",
    "{things}",
    "{moods}",
    "{people} {deeds}",
    "{deeds}, {things}",
    "{deeds} in the {places}",
    "the {places}, {people} and {things}",
    "{moods} and {moods}, {sounds}",
    "{things} and {things}",
    "{moods} {places}",
    "{places}, {sounds} and {moods} {sounds}",
    "music for a {places} with {people}",
    "{people} at the {places}",
    "{things}, {moods}, {sounds}",
    "a {moods} {shared.roles} for {deeds}",
    "{people} {shared.times}",
    "{deeds} {shared.times}",
    "{places} {shared.times}, {shared.qualities} {shared.instruments}",
    "{shared.qualities} {shared.instruments}, {deeds}",
    "{things}, {shared.qualities} {shared.genres}",
    "{moods} {shared.game} {shared.roles}",
    "{word}, {people} and {things}",
    "the {word} of the {people}",
    "{deeds} with the {word}",
    "{sounds} and {word}",
    "{word} {word}, {moods} {places}",
)
_SHARED_FORMS: Final = (
    "{qualities} {instruments}",
    "{qualities} {genres} {roles}",
    "{instruments} and {instruments}, {qualities}",
    "{qualities} {roles} with {instruments}",
    "{genres} {instruments}",
    "{genres} {roles} for the {game}",
    "{qualities} and {qualities} {roles} {times}",
    "{instruments}",
    "{genres}",
    "{qualities}",
)
_WORD_FORMS: Final = (
    "{word}",
    "the {word}",
    "{word} {word}",
    "{word} and {word}",
    "{word} of {word}",
    "a {word} {word}, {word}",
    "the {word} in the {word}",
    "{word} {roles}",
    "{word} {word} {times}",
    "{qualities} {word}, {instruments}",
    "{word} with {instruments}",
    "we {word} the {word}",
    "she is {word}",
    "my {word} was {word}",
    "{word} for the {word} {game}",
)
_BLEND: Final = "{one}, {other}"


@dataclass(frozen=True, kw_only=True)
class Lexicon:
    """The words and phrases to train on.

    Attributes:
        situations: Name → kind → entries.
        shared: Kind → entries.
    """

    situations: dict[str, dict[str, list[str]]]
    shared: dict[str, list[str]]

    @classmethod
    def load(cls, path: Path = LEXICON) -> Lexicon:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return cls(situations=data["situations"], shared=data["shared"])

    def entries(self) -> list[str]:
        """Every entry, in file order, each once."""
        kinds = [*(kind for row in self.situations.values() for kind in row.values()), *self.shared.values()]
        return list(dict.fromkeys(entry for kind in kinds for entry in kind))

    def descriptors(self) -> list[str]:
        """Single words that say how music sounds: instruments, qualities, moods. One may ask to leave them out."""
        moods = [mood for row in self.situations.values() for mood in row["moods"]]
        listed = [*self.shared["instruments"], *self.shared["qualities"], *moods]
        return list(dict.fromkeys(word for word in listed if word.isalpha()))


@dataclass(frozen=True, kw_only=True)
class TrainingPhrase:
    """A phrase to train on.

    Attributes:
        situation: The one it belongs to, or None.
    """

    text: str
    situation: str | None = None


class PhraseMaker:
    """Draws phrases.

    Attributes:
        words: Ordinary words of the vocabulary, to be met in every position.
    """

    def __init__(self, lexicon: Lexicon, words: Sequence[str], seed: int) -> None:
        self._lexicon = lexicon
        self._words = words
        self._names = tuple(lexicon.situations)
        self._random = np.random.default_rng(seed)

    def _one_of(self, entries: Sequence[str]) -> str:
        return entries[int(self._random.integers(len(entries)))]

    def _fill(self, form: str, kinds: dict[str, list[str]]) -> str:
        text = ""
        for part in form.split("{"):
            slot, brace, rest = part.partition("}")
            if not brace:
                text += part
            elif slot == "word":
                text += self._one_of(self._words) + rest
            else:
                text += self._one_of(kinds.get(slot) or self._lexicon.shared[slot.removeprefix("shared.")]) + rest
        return text

    def of_situation(self) -> TrainingPhrase:
        """A phrase of one situation."""
        name = self._one_of(self._names)
        text = self._fill(self._one_of(_SITUATION_FORMS), self._lexicon.situations[name])
        return TrainingPhrase(text=text, situation=name)

    def of_blend(self) -> TrainingPhrase:
        """Two situations in one phrase."""
        text = _BLEND.format(one=self.of_situation().text, other=self.of_situation().text)
        return TrainingPhrase(text=text)

    def of_music(self) -> TrainingPhrase:
        """Musical description without a situation."""
        text = self._fill(self._one_of(_SHARED_FORMS), {})
        return TrainingPhrase(text=text)

    def of_words(self) -> TrainingPhrase:
        """Ordinary words in any position."""
        text = self._fill(self._one_of(_WORD_FORMS), {})
        return TrainingPhrase(text=text)

    def draw(self, count: int) -> list[TrainingPhrase]:
        """`count` phrases: in 100: 45 of a situation, 8 blends, 14 of music, 33 of ordinary words."""
        makers: list[Callable[[], TrainingPhrase]] = [
            self.of_situation,
            self.of_blend,
            self.of_music,
            self.of_words,
        ]
        kinds = self._random.choice(len(makers), size=count, p=[0.45, 0.08, 0.14, 0.33])
        return [makers[kind]() for kind in kinds]
