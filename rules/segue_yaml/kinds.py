"""Kinds of single values: how each is read, its JSON Schema, and its description for people."""

from __future__ import annotations

import math
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeAlias, TypeVar

from segue_yaml.nodes import MapNode, Mark, Node, Scalar, as_number, describe, quote
from segue_yaml.report import Scope, did_you_mean, listing

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Schema: TypeAlias = dict[str, Any]
"""A JSON Schema (draft 07)."""

LONGEST_NAME: Final = 64
NAME: Final = rf"[a-z][a-z0-9_]{{0,{LONGEST_NAME - 1}}}"
LARGEST_NUMBER: Final = 1_000_000_000


def spelling(pattern: str, expected: str) -> Schema:
    """The schema of a string of a certain form. Editors show `expected` where a string has another form."""
    text = f"expected {expected}"
    return {"type": "string", "pattern": f"^{pattern}$", "errorMessage": text, "patternErrorMessage": text}


class Kind(ABC, Generic[T_co]):
    """What a field may hold."""

    @property
    @abstractmethod
    def expected(self) -> str:
        """What to write, for messages and the reference, such as "a time such as 300ms or 4s"."""

    @abstractmethod
    def read(self, node: Node, scope: Scope) -> T_co | None:
        """The value, or None once its mistake is reported."""

    @abstractmethod
    def schema(self) -> Schema:
        """The JSON Schema of what `read` takes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A name or a text with its place."""

    text: str
    mark: Mark


def meant_boolean(node: Node) -> str:
    """The boolean that was meant by 1, 0 or a word of YAML 1.1 ("yes"); "" for anything else."""
    word = node.text.lower() if isinstance(node, Scalar) else ""
    return "true" if word in ("yes", "on", "true", "1") else "false" if word in ("no", "off", "false", "0") else ""


def meant_number(text: str) -> float | None:
    """The number that was meant by `"0.5"`, `0,5`, `50%`, `4/4` or `5dB`; None if there is none."""
    match = re.match(r"\s*([-+]?(?:[0-9]+(?:[.,][0-9]+)?|[.,][0-9]+))\s*(%?)(.?)", text)
    if match is None or match[3] in tuple(".,-:eE"):  # 0..1, 1.2.3, 0-1, 1:30, 1e9x
        return None
    value = float(match[1].replace(",", "."))
    if not math.isfinite(value):
        return None
    return value / 100 if match[2] else value


@dataclass(frozen=True, kw_only=True)
class Boolean(Kind[bool]):
    """`true` or `false`."""

    @property
    def expected(self) -> str:
        return "true or false"

    def read(self, node: Node, scope: Scope) -> bool | None:
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        scope.expected(self.expected, node, meant_boolean(node))
        return None

    def schema(self) -> Schema:
        return {"type": "boolean"}


@dataclass(frozen=True, kw_only=True)
class Number(Kind[float]):
    """A number without a unit, within bounds.

    Attributes:
        whole: Whether it must be whole; it is then read as an int.
        what: The noun in messages; "" for "a number".
        words: Words that are written for some numbers, with those.
    """

    low: float
    high: float
    whole: bool = False
    what: str = ""
    words: Mapping[str, float] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return self._words if self.high == LARGEST_NUMBER else self._bounds

    @property
    def _words(self) -> str:
        return self.what or ("a whole number" if self.whole else "a number")

    @property
    def _bounds(self) -> str:
        return f"{self._words} from {number(self.low)} to {number(self.high)}"

    def read(self, node: Node, scope: Scope) -> float | None:
        value = as_number(node)
        if value is None or (self.whole and not float(value).is_integer()):
            scope.expected(self.expected, node, self._hint(node))
            return None
        if not self.low <= value <= self.high:
            is_percentage = self.low >= 0 and self.high == 1 and 10 <= value <= 100
            scope.expected(self._bounds, node, number(value / 100) if is_percentage else "")
            return None
        return int(value) if self.whole else value

    def _hint(self, node: Node) -> str:
        """The number that was meant, if it may stand here."""
        written = node.value if isinstance(node, Scalar) else None
        meant = self.words.get(written.lower(), meant_number(written)) if isinstance(written, str) else None
        if meant is None or not self.low <= meant <= self.high or (self.whole and not meant.is_integer()):
            return ""
        return number(meant)

    def schema(self) -> Schema:
        return {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, kw_only=True)
class Text(Kind[str]):
    """Free text of one or more lines.

    Attributes:
        longest: In characters.
    """

    longest: int

    @property
    def expected(self) -> str:
        return f"a text of 1 to {self.longest} characters"

    def read(self, node: Node, scope: Scope) -> str | None:
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            hint = f'"{node.text[:64]}"' if isinstance(node, Scalar) and node.value is not None else ""
            scope.expected(self.expected, node, hint)
        elif not node.value.strip():
            scope.problem(node.mark, f"expected {self.expected}, got an empty one")
        elif len(node.value) > self.longest:
            scope.problem(node.mark, f"expected {self.expected}, got {len(node.value)}")
        elif any(character < " " and character != "\n" for character in node.value):
            scope.problem(node.mark, f"expected {self.expected}, got one with control characters")
        else:
            return node.value
        return None

    def schema(self) -> Schema:
        return {"type": "string", "pattern": r"\S", "maxLength": self.longest}


@dataclass(frozen=True, kw_only=True)
class Choice(Kind[str]):
    """One of some words.

    Attributes:
        also: Other words for them, as other programs have them.
    """

    words: tuple[str, ...]
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return listing(self.words)

    def read(self, node: Node, scope: Scope) -> str | None:
        if isinstance(node, Scalar) and node.value in self.words and isinstance(node.value, str):
            return node.value
        switch = {"true": "on", "false": "off"}.get(meant_boolean(node), "")
        if switch and {"on", "off"} <= set(self.words):
            scope.expected(self.expected, node, switch)
        elif isinstance(node, Scalar) and node.text.lower() in self.also:
            scope.expected(self.expected, node, self.also[node.text.lower()])
        elif isinstance(node, Scalar):
            scope.problem(
                node.mark, f"expected {self.expected}, got {describe(node)}{did_you_mean(node.text, self.words)}"
            )
        else:
            scope.expected(self.expected, node)
        return None

    def schema(self) -> Schema:
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, kw_only=True)
class Name(Kind[Word]):
    """A name that the author of a file chooses.

    Attributes:
        what: What it names ("input", "style").
        reserved: Words that have another meaning in its place, with that meaning.
    """

    what: str
    reserved: Mapping[str, str] = field(default_factory=dict)

    @property
    def expected(self) -> str:
        return f"the name of {article(self.what)}"

    def read(self, node: Node, scope: Scope) -> Word | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return Word(text=node.value, mark=node.mark) if self.allows(node.value, node.mark, scope) else None
        hint = ""
        if isinstance(node, MapNode) and len(node.entries) == 1:
            hint = quote(node.entries[0].key)
        scope.expected(self.expected, node, hint)
        return None

    def allows(self, text: str, mark: Mark, scope: Scope) -> bool:
        """Whether the text may be used as a name here. If not, that is reported."""
        if text in self.reserved:
            text = f"'{text}' stands for {self.reserved[text]} and cannot name {article(self.what)}"
            scope.problem(mark, f"{text}; write another name")
            return False
        if re.fullmatch(NAME, text):
            return True
        if len(text) > LONGEST_NAME:
            scope.problem(mark, f"expected a name of at most {LONGEST_NAME} characters, got {len(text)}")
            return False
        tidy = tidy_name(text)
        hint = f"; did you mean '{tidy}'?" if tidy else ""
        scope.problem(mark, f"expected a name of a-z, 0-9 and _ that begins with a letter, got {quote(text)}{hint}")
        return False

    def schema(self) -> Schema:
        schema = spelling(NAME, "a name of a-z, 0-9 and _ that begins with a letter")
        if self.reserved:
            schema["not"] = {"enum": list(self.reserved)}
        return schema


def tidy_name(text: str) -> str:
    """The name that was meant by a text: `calm_day` for "Calm day"; "" if there is none."""
    plain = "".join(part for part in unicodedata.normalize("NFKD", text) if not unicodedata.combining(part))
    tidy = re.sub(r"[^a-z0-9_]+", "_", plain.lower()).strip("_")
    return tidy if re.fullmatch(NAME, tidy) else ""


def number(value: float) -> str:
    """A number as people write it: 1, 0.5, 1000000."""
    return str(int(value)) if float(value).is_integer() else f"{value:g}"


def article(noun: str) -> str:
    """The noun with "a" or "an"."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
