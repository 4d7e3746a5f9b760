"""Numbers of a text: its tempo, its meter and its key note."""

from __future__ import annotations

import re
from typing import Final

from segue.style.phrases import is_break
from segue.style.terms import axes, listed
from segue.style_profile import METERS, RANGES

# Numbers after these count something else.
_COUNTED: Final = frozenset(
    listed("commodore, nintendo, area, level, chapter, version, act, stage, world, part, zone, floor, n64, playstation")
)
_NOT_A_TEMPO: Final = frozenset(
    listed(
        "bit, bits, string, seconds, minutes, years, players, enemies, voices, bars, beats, floor, on, percent, th, "
        "st, nd, rd"
    )
)
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_BPM_JOINED: Final = re.compile(r"(\d+(?:\.\d+)?)bpm")
_SIGNATURE: Final = re.compile(r"(\d+)/(\d+)")
_BARE_TEMPO: Final = (50.0, 220.0)
_NOTE: Final = re.compile(r"[a-g]")


def read_tempo(words: tuple[str, ...]) -> tuple[tuple[float, str] | None, str, set[int]]:
    """Read "174 bpm", "120bpm", "at 90", "bpm: 100", "90-100 bpm" or a number by itself.

    Returns:
        Beats a minute with the words, or None; the words of a tempo that is out of range; the places of the words.
    """
    low, high = RANGES["tempo_bpm"].low, RANGES["tempo_bpm"].high
    for place, word in enumerate(words):
        if _BPM_JOINED.fullmatch(word):
            number, places = float(word[:-3]), {place}
        elif word == "bpm" or words[place : place + 3] == ("beats", "per", "minute"):
            near = _numbers_beside(words, place)
            if not near:
                continue
            number, places = sum(float(words[at]) for at in near) / len(near), {place, *near}
        else:
            continue
        said = " ".join(words[min(places) : max(places) + 1])
        if low <= number <= high:
            return (number, said), "", places
        return None, said, places
    for place, word in enumerate(words):
        if not word.isdigit() or not _BARE_TEMPO[0] <= float(word) <= _BARE_TEMPO[1]:
            continue
        previous = words[place - 1] if place else ","
        after = words[place + 1] if place + 1 < len(words) else ","
        if after in _NOT_A_TEMPO or previous in _COUNTED:
            continue
        if previous in ("at", "tempo", "around", "about", "circa") or (is_break(after) and previous != "in"):
            return (float(word), word if is_break(previous) else f"{previous} {word}"), "", {place}
    return None, "", set()


def _numbers_beside(words: tuple[str, ...], place: int) -> list[int]:
    """Return the places of the number, or of the two of a range, that belong to "bpm"."""

    def is_number(at: int) -> bool:
        return 0 <= at < len(words) and _NUMBER.fullmatch(words[at]) is not None

    if is_number(place - 1):
        for other in (place - 2, place - 3 if words[place - 2] in ("to", "and") else -1):
            # "90-100 bpm" is a range, "808 140 bpm" is none.
            if is_number(other) and 0.5 < float(words[other]) / float(words[place - 1]) < 1.0:
                return [other, place - 1]
        return [place - 1]
    return [at for at in (place + 1, place + 2) if is_number(at)][:1]


def read_signature(words: tuple[str, ...]) -> tuple[tuple[int, str] | None, str, set[int]]:
    """Read "7/8", "3/4" or "in 5".

    Returns:
        Beats a bar with the words, or None; a signature that is not played, as written; the places of the words.
    """
    refused = ""
    for place, word in enumerate(words):
        match = _SIGNATURE.fullmatch(word)
        if match and int(match[2]) in (2, 4, 8, 16):
            beats = int(match[1])
            if beats in METERS:
                return (beats, word), "", {place}
            if beats % 2 == 0 and beats // 2 in METERS:
                return (beats // 2, word), "", {place}
            # "1/16" is the length of a note.
            refused = refused or (word if beats != 1 else "")
    for place in range(1, len(words)):
        word = words[place]
        after = words[place + 1] if place + 1 < len(words) else ","
        if words[place - 1] == "in" and word.isdigit() and int(word) in METERS and is_break(after):
            return (int(word), f"in {word}"), "", {place - 1, place}
    return None, refused, {place for place, word in enumerate(words) if word == refused}


def read_tonic(words: tuple[str, ...]) -> tuple[str, set[int]]:
    """Read the key note of "in D minor" and "f sharp dorian"; its mode is read as a scale."""
    for place, word in enumerate(words):
        if not _NOTE.fullmatch(word):
            continue
        at = place + 1
        sign = ""
        if at < len(words) and words[at] in ("sharp", "flat"):
            sign, at = words[at], at + 1
        if (
            at < len(words)
            and words[at] in axes.SCALE
            and (word != "a" or (place and words[place - 1] in ("in", "key")))
        ):
            return f"{word.upper()}{' ' + sign if sign else ''}", set(range(place, at))
    return "", set()
