"""Guesses at what was meant by a value that a keyboard, an office program or a comma within braces has changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from segue_yaml.nodes import Entry, MapNode, Scalar

_LOOK_ALIKES: Final = {
    "\u2212": "-",
    "\u2010": "-",
    "\u2011": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2018": "'",
    "\u2019": "'",
    "\u00a0": " ",
    "\u2007": " ",
    "\u2009": " ",
    "\u202f": " ",
}
"""Characters that look like one of ASCII and are another, with that one."""
_TO_ASCII: Final = str.maketrans(_LOOK_ALIKES)


def look_alike(text: str) -> str:
    """The first character that only looks like one of ASCII: "U+2212 (minus sign)"; "" if there is none."""
    odd = next((each for each in text if each in _LOOK_ALIKES), "")
    return f"U+{ord(odd):04X} ({unicodedata.name(odd).lower()})" if odd else ""


def in_ascii(text: str) -> str:
    """The text with the characters of ASCII that its look-alikes stand for."""
    return text.translate(_TO_ASCII)


def look_alike_hint(text: str) -> str:
    """The end of a message about a text with look-alikes, with what was meant; "" if it has none."""
    odd, meant = look_alike(text), in_ascii(text)
    if not odd:
        return ""
    # What cannot be shown can hardly be meant.
    return f"; it has the character {odd}" + (f"; did you mean {meant}?" if meant.isprintable() else "")


def cut_values(node: MapNode) -> Iterator[tuple[Entry, tuple[Entry, ...]]]:
    """Entries of a map in braces with what follows their value after a comma, and has no value of its own.

    `{text: calm, flute}` is `text` with "calm" and then `flute` with nothing.
    """
    first: Entry | None = None
    rest: list[Entry] = []
    for before, entry in pairwise(node.entries):
        if not (_is_bare(entry) and entry.mark.line == before.mark.line):
            if first is not None:
                yield first, tuple(rest)
            first, rest = None, []
            continue
        if first is None and isinstance(before.value, Scalar) and before.value.text and not before.value.quoted:
            first = before
        rest.append(entry)
    if first is not None:
        yield first, tuple(rest)


def _is_bare(entry: Entry) -> bool:
    """Whether an entry is a word without a colon and a value."""
    return isinstance(entry.value, Scalar) and not entry.value.text and not entry.value.quoted


def decimal_comma(first: Entry, rest: tuple[Entry, ...]) -> str:
    """The number with a point that was meant by `{hold: 1,5s}`; "" if it is no number with a comma."""
    whole = first.value.text if isinstance(first.value, Scalar) else ""
    is_number = len(rest) == 1 and re.fullmatch("[-+]?[0-9]{1,9}", whole)
    return f"{whole}.{rest[0].key}" if is_number and re.fullmatch("[0-9]{1,9} ?[a-zA-Z/%]{0,8}", rest[0].key) else ""
