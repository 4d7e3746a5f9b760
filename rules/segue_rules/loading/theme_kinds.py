"""Kinds of values for themes: notes written as text, and which theme plays how strongly."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from segue_rules.model import ThemeNote
from segue_yaml.containers import MapOf
from segue_yaml.kinds import Kind, Name, Number, Schema, Word, spelling
from segue_yaml.nodes import MapNode, Node, Scalar, describe, quote
from segue_yaml.report import Scope

THEME_NAME: Final = Name(what="theme")
# What a theme is used with where no number says how strongly.
STRENGTH: Final = 0.75

_PITCHES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_LENGTH: Final = r"(?::([0-9]{1,2}(?:\.[0-9]{1,4})?))?"
_NOTE: Final = rf"(?:([A-G])([#b]?)([0-8])|r){_LENGTH}"
_VELOCITY: Final = 96
_LONGEST_TEXT: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Notes(Kind[tuple[ThemeNote, ...]]):
    """Notes one after the other: pitch, octave and beats, such as `E4:1.5 F4:0.5 G4 r C5:2`."""

    @property
    def expected(self) -> str:
        return "notes such as E4:1.5 F4:0.5 G4 r C5:2"

    def read(self, node: Node, scope: Scope) -> tuple[ThemeNote, ...] | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        if not text.strip() or len(text) > _LONGEST_TEXT:
            scope.expected(self.expected, node)
            return None
        notes = []
        at = Fraction(0)
        for word in text.split():
            match = re.fullmatch(_NOTE, word)
            beats = Fraction(match[4] or 1) if match else Fraction(0)
            if match is None or not beats:
                scope.problem(node.mark, f"expected {self.expected}, got {quote(word)}{_meant(word)}")
                return None
            if match[1]:
                pitch = 12 * (int(match[3]) + 1) + _PITCHES[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]
                notes.append(ThemeNote(start=at, beats=beats, pitch=pitch, velocity=_VELOCITY))
            at += beats
        return tuple(notes)

    def schema(self) -> Schema:
        return spelling(rf"\s*{_NOTE}(?:\s+{_NOTE})*\s*", self.expected)


def _meant(word: str) -> str:
    """A guess at a note, as the end of a message: `c4` for `C4`, `E♭4`, `C` without its octave, `C4:1/2`."""
    tidy = word.replace("♯", "#").replace("♭", "b").replace(",", ".")
    tidy = tidy[:1].upper() + tidy[1:] if tidy[:1] in "abcdefg" else tidy
    tidy = re.sub(r"^([A-G][#b]?)(?![0-9#b])", r"\g<1>4", tidy)
    tidy = re.sub(r"^(?:R|-|_|rest)(?=$|:)", "r", tidy)
    tidy = re.sub(r":([0-9]{1,2})/([1-9][0-9]?)$", lambda part: f":{int(part[1]) / int(part[2]):g}", tidy)
    tidy = tidy.replace("/", ":").replace(":.", ":0.")
    match = re.fullmatch(_NOTE, tidy)
    if match and not Fraction(match[4] or 1):
        return "; a note or rest lasts longer than 0 beats"
    if match and tidy != word:
        return f"; did you mean '{tidy}'?"
    if re.fullmatch(r"[A-G][#b]?(?:-[0-9]|9|[0-9]{2,})(?::.*)?", word):
        return "; octaves go from 0 to 8"
    pitched = re.fullmatch(r"(?:[A-G][#b]?[0-8]|r):[0-9.]+", word)
    return "; a length is at most 10 beats, with four decimals at most" if pitched else ""


@dataclass(frozen=True, kw_only=True)
class WrittenTheme:
    """Which theme plays, and how strongly."""

    name: Word
    strength: float


_BY_STRENGTH: Final = MapOf(
    key=THEME_NAME, of=Number(low=0, high=1), least=1, most=1, labelled=False, sample="{hero: 0.5}"
)


@dataclass(frozen=True, kw_only=True)
class ThemeChoice(Kind[WrittenTheme]):
    """A theme by its name, or with its strength: `hero` or `{hero: 0.5}`."""

    @property
    def expected(self) -> str:
        return "a theme such as hero, or with its strength such as {hero: 0.5}"

    def read(self, node: Node, scope: Scope) -> WrittenTheme | None:
        if isinstance(node, MapNode):
            items = _BY_STRENGTH.read(node, scope)
            if not items or items[0].value is None:
                return None
            return WrittenTheme(name=Word(text=items[0].name, mark=items[0].mark), strength=items[0].value)
        if isinstance(node, Scalar) and isinstance(node.value, str):
            word = THEME_NAME.read(node, scope)
            return None if word is None else WrittenTheme(name=word, strength=STRENGTH)
        scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}")
        return None

    def schema(self) -> Schema:
        return {"anyOf": [THEME_NAME.schema(), _BY_STRENGTH.schema()]}
