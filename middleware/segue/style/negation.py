"""What a text denies or wants less of: "no drums, bass or synths", "anything but guitars", "less reverb"."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any, Final

from segue.style.phrases import Found, is_break
from segue.style.terms import listed

_NEGATIONS: Final = frozenset(
    listed(
        "no, not, without, never, minus, sans, lacking, avoid, avoiding, except, excluding, exclude, omit, omitting, "
        "skip, skipping, ditch, remove, removing, nothing, zero, dont, isnt, nor, "
        "neither"
    )
)
_TWO_WORD_NEGATIONS: Final = frozenset(
    {
        *(("anything", "but"), ("everything", "but"), ("all", "but"), ("instead", "of"), ("rather", "than")),
        *(("leave", "out"), ("leaving", "out")),
    }
)
# Before "of" or "from" these deny what follows: "piano free of reverb".
_WITHOUT_ANY: Final = frozenset(("free", "devoid", "void", "empty", "clear", "bare"))
# What "guitar free" and "bassless" leave out.
_FREE_OF: Final = frozenset(
    listed("guitar, bass, piano, percussion, vocal, voice, synth, brass, string, choir, reverb, organ, kick")
)
_LESS: Final = frozenset(("less", "fewer"))
_FILLERS: Final = frozenset(
    listed(
        "any, too, very, much, so, a, an, the, loud, heavy, big, real, really, more, overly, at, all, use, of, many, "
        "at, big"
    )
)
_JOINS: Final = frozenset(("or", "nor", "and", "/"))


def plain_negations(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words with "without" for "anything but", "instead of" and "guitar free", "only" for "nothing but"."""
    plain: list[str] = []
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if word in _WITHOUT_ANY and following in ("of", "from"):
            plain.append("without")
        elif word in ("of", "from") and place and words[place - 1] in _WITHOUT_ANY:
            continue
        elif plain and (plain[-1], word) in _TWO_WORD_NEGATIONS:
            plain[-1] = "without"
        elif plain and (plain[-1], word) == ("nothing", "but"):
            plain[-1] = "only"
        elif word == "free" and plain and plain[-1] in _FREE_OF:
            plain[-1:] = ["without", plain[-1], ","]
        elif word.endswith("less") and word.removesuffix("less") in _FREE_OF:
            plain += ["without", word.removesuffix("less"), ","]
        else:
            plain.append(word)
    return tuple(plain)


def denied(words: tuple[str, ...], found: list[Found[Any]], parts: Container[str]) -> dict[int, str]:
    """Return each place that a negation excludes, with the words that do so.

    Args:
        found: What the text says, in any order.
        parts: Words that can be excluded, too.
    """
    return _governed(words, found, parts, _NEGATIONS)


def lessened(words: tuple[str, ...], found: list[Found[Any]], parts: Container[str]) -> dict[int, str]:
    """Return each place that "less" or "fewer" stands before, with the words; arguments as of `denied`."""
    return _governed(words, found, parts, _LESS)


def is_increased(words: tuple[str, ...], found: Found[Any]) -> bool:
    """Whether "more" stands before a phrase: "more drums"."""
    return found.start > 0 and words[found.start - 1] == "more"


def _governed(
    words: tuple[str, ...], found: list[Found[Any]], parts: Container[str], signs: frozenset[str]
) -> dict[int, str]:
    """Return each place that a word of `signs` governs, with the words that say so."""
    starts: dict[int, int] = {}
    for each in found:
        starts[each.start] = max(each.end, starts.get(each.start, 0))
    # A negation within a phrase ("no reverb") is a part of it.
    inside = {place for each in found for place in range(each.start, each.end)}
    governed: dict[int, str] = {}
    for place, word in enumerate(words):
        if word not in signs or place in inside:
            continue
        at = place + 1
        while True:
            while at < len(words) and words[at] in _FILLERS and at not in starts:
                at += 1
            end = starts.get(at, at + 1 if at < len(words) and words[at] in parts else 0)
            if not end:
                break
            # "No heavy drums" excludes drums: what describes them goes with them.
            said = " ".join(words[place:end])
            governed |= dict.fromkeys(range(at, end), said)
            governed[place] = said
            follows_on = end in starts and not is_break(words[end])
            if end < len(words) and words[end] in _JOINS:
                at = end + 1
            elif follows_on:
                at = end
            elif _list_goes_on(words, end, starts):
                at = end + 1
            else:
                break
    return governed


def _list_goes_on(words: tuple[str, ...], at: int, starts: Mapping[int, int]) -> bool:
    """Whether a comma after an excluded word is one of a list that ends with "or": "no drums, bass or synths"."""
    while at < len(words) and words[at] == "," and at + 1 in starts:
        at = starts[at + 1]
        if at < len(words) and words[at] in ("or", "nor"):
            return True
    return False
