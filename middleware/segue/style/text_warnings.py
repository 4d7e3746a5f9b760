"""What a user should know of a prompt: words that steer nothing, what cannot be played, what contradicts itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from segue.style.phrases import is_break
from segue.style.terms import listed
from segue.style.text_terms import TextTerms, known_words
from segue.style_profile import METERS, RANGES

TOO_FAR: Final = 0.30
"""A text less similar than this to every style, that names none, is too far from anything."""
# Share of letters in common from which a word is taken for a typing error, and how many words are looked at.
_TYPING_ERROR: Final = 0.75
_GUESSED: Final = 5
# A text of at most so many words, all of these, says nothing of the music.
_SHORT: Final = 12
_TELLING_NOTHING: Final = frozenset(
    listed(
        "a, an, and, the, with, of, in, for, on, at, to, by, from, or, but, as, is, it, its, that, this, be, some, "
        "any, no, not, without, never, nor, neither, except, only, just, alone, solo, lone, very, so, too, more, less, "
        "music, sound, sounds, song, track, soundtrack, piece, style, audio, bgm, please, play, something, anything, "
        "nothing, none, silence, silent"
    )
)


@dataclass(frozen=True, kw_only=True)
class StyleWarning:
    """What a user should know of a prompt.

    Attributes:
        code: "unknown_word", "far_text", "tempo_range", "meter_range", "contradiction" or "audio_prompt".
        text: In a sentence.
    """

    code: str
    text: str

    def __str__(self) -> str:
        return self.text


def check_telling(terms: TextTerms) -> None:
    """Check that a text says something of the music.

    Raises:
        ValueError: For one of nothing but words such as "with", "without" and "music".
    """
    words = [word for word in terms.words if not is_break(word)]
    if 0 < len(words) <= _SHORT and all(word in _TELLING_NOTHING for word in words):
        said = " ".join(words)
        raise ValueError(
            f"text: '{said}' says nothing of the music; name a genre, instruments or a mood, "
            "or for silence a state with `music: {gain: -60dB}`"
        )


def text_warnings(
    terms: TextTerms, unknown: tuple[str, ...], similarity: float, *, named: bool
) -> Iterator[StyleWarning]:
    """Yield what a user should know of a text.

    Args:
        unknown: Its words that steer nothing.
        similarity: The greatest cosine with any style.
        named: Whether it names a style, or says nothing but numbers.
    """
    if terms.refused_tempo:
        bounds = RANGES["tempo_bpm"]
        text = f"'{terms.refused_tempo}' is no tempo from {bounds.low:g} to {bounds.high:g} bpm; the style's own counts"
        yield StyleWarning(code="tempo_range", text=text)
    if terms.refused_meter:
        beats = ", ".join(map(str, METERS))
        text = f"'{terms.refused_meter}' is no meter that is played (beats a bar: {beats}); the style's own counts"
        yield StyleWarning(code="meter_range", text=text)
    for counts, other in terms.contradictions:
        text = f"'{counts}' and '{other}' contradict each other; '{counts}' counts"
        yield StyleWarning(code="contradiction", text=text)
    yield from _unknown_and_far(terms, unknown, similarity, named=named)


def _unknown_and_far(
    terms: TextTerms, unknown: tuple[str, ...], similarity: float, *, named: bool
) -> Iterator[StyleWarning]:
    if unknown:
        words = ", ".join(f"'{word}'" for word in unknown)
        guesses = _guesses(unknown)
        count = sum(not is_break(word) for word in terms.words)
        foreign = 2 * len(unknown) > count and not guesses
        rest = "texts are read in English" if foreign else "the other words count"
        text = f"{words} {'steers' if len(unknown) == 1 else 'steer'} nothing; {rest}{guesses}"
        yield StyleWarning(code="unknown_word", text=text)
    if similarity < TOO_FAR and not named:
        text = f"far from every known style (likeness {similarity:.2f}): say which instruments, genre or mood it means"
        yield StyleWarning(code="far_text", text=text)


def _guesses(unknown: tuple[str, ...]) -> str:
    """Return the words that were probably meant, as the end of a warning; "" without a guess."""
    from difflib import get_close_matches

    known = known_words()
    found = [get_close_matches(word, known, n=1, cutoff=_TYPING_ERROR) for word in unknown[:_GUESSED] if len(word) > 3]
    meant = ", ".join(f"'{word}'" for words in found for word in words)
    return f"; did you mean {meant}?" if meant else ""


def is_part_of(word: str, used: set[str]) -> bool:
    """Whether the encoder's word was read as a part of a longer one ("7" of "7/8", "n" of "n'")."""
    return word.isdigit() and any(word in each and not each.isalpha() for each in used)
