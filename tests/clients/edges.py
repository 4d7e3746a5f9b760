"""Headers at the edges: every number and length at which an encoding changes its form, and texts that tempt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any, Final

from clients.encodings import RawText, packed
from segue_sdk.fields import specs
from segue_sdk.limits import LARGEST_INTEGER
from segue_sdk.messages import NAMES
from segue_sdk.vectors.examples import FULL, MINIMAL

INTEGERS: Final = [
    sign * (2**power + offset)
    for power in (0, 5, 7, 8, 15, 16, 31, 32, 52, 53, 63)
    for offset in (-1, 0, 1)
    for sign in (1, -1)
]
REALS: Final = [
    0.0,
    -0.0,
    0.5,
    1.0,
    -1.0,
    0.1,
    1e-310,
    2.0**53 - 1,
    2.0**53,
    2.0**53 + 2,
    1e300,
    math.inf,
    -math.inf,
    math.nan,
    -96.0,
]
TEXTS: Final = [
    "",
    "a",
    "f32le",
    "placed",
    "ä" * 32,
    "ä" * 32 + "b",
    "n" * 64,
    "n" * 65,
    "\0",
    "n\0m",
    "\ufeffmark",
    "\ufeff\ufeffmark",
    "\ufffd",
    "\uffff",
    "😀",
    "\U0010ffff",
    "e\u0301",
    "\u202eright to left",
]
# Texts that are no UTF-8: stray and missing continuations, overlong forms, surrogates, beyond the last code point.
NOT_UTF8: Final = [
    b"\x80",
    b"\xc0\x80",
    b"\xc1\xbf",
    b"\xc3",
    b"\xe0\x80\x80",
    b"\xe0\x9f\xbf",
    b"\xe2\x82",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xf0\x80\x80\x80",
    b"\xf0\x8f\xbf\xbf",
    b"\xf4\x90\x80\x80",
    b"\xf5\x80\x80\x80",
    b"\xff",
]
_MOST_FORMS: Final = 8
"""Encodings of one integer."""


def edges() -> Iterator[tuple[str, bytes]]:
    """The headers, named."""
    for number in [*INTEGERS, *REALS]:
        yield from _forms(f"set to {number!r}", _event({"threat": number}))
    for text in TEXTS:
        yield from _forms(f"set to text {text!r}", _event({"threat": text}))
        yield from _forms(f"name {text!r}", _event({text: True}))
    for raw in NOT_UTF8:
        yield from _forms(f"set to text {raw!r}", _event({"threat": RawText(raw)}))
        yield from _forms(f"text that ends in {raw!r}", _event({"threat": RawText("ä".encode() + raw)}))
    for length in (31, 32, 33, 255, 256, 257, 1_024, 1_025):
        yield from _forms(f"text of {length} bytes", {"v": 1, "t": "bye", "reason": "quit", "text": "a" * length})
    for length in (65_535, 65_536):
        yield from _forms(
            f"text of {length} bytes", {"v": 1, "t": "control", "op": "rules", "rules_text": "a" * length}
        )
    for length in (15, 16, 255, 256, 65_535, 65_536):
        yield from _forms(f"{length} bytes", {"v": 1, "t": "saved", "id": 1, "position": 0, "blob": bytes(length)})
    for count in (15, 16, 17, 256):
        yield from _forms(f"list of {count}", {"v": 1, "t": "rules", "errors": ["a"] * count})
        yield from _forms(f"map of {count}", _event({f"n{i}": i for i in range(count)}))


def defaults() -> Iterator[tuple[str, bytes, bytes | None]]:
    """Messages that say what its absence would mean, which no encoder does: a header, named, and the payload."""
    for message in MINIMAL:
        payload = getattr(message, "pcm", None)
        for spec in specs(type(message)):
            if spec.required or spec.default is None:
                continue
            values = [0.0, -0.0, 0] if spec.default == 0.0 else [spec.type.plain(spec.default)]
            for value in values:
                header = {"v": 1, "t": NAMES[type(message)], **message.to_map(), spec.name: value}
                name = f"{NAMES[type(message)]}, {spec.name} {value!r}"
                yield name, packed(header, itemgetter(0)), None if payload is None else bytes(payload)


def everywhere() -> Iterator[tuple[str, bytes, bytes | None]]:
    """The examples with one value replaced, for every place: what few places try by chance.

    Whole reals for integers, reals between two integers, integers at and beyond the largest one, and texts with U+0000;
    also where no table says what belongs there. A header, named, and the payload.
    """
    for number, message in enumerate([*MINIMAL, *FULL]):
        payload = getattr(message, "pcm", None)
        header = {"v": 1, "t": NAMES[type(message)], **message.to_map()}
        known: set[bytes] = set()
        for place, replaced in _replaced(header):
            for choose in (itemgetter(0), itemgetter(-1)):
                form = packed(replaced, choose)
                if form not in known:
                    known.add(form)
                    name = f"{header['t']} {number}, {place}, form {len(known)}"
                    yield name, form, None if payload is None else bytes(payload)


def _replaced(value: Any) -> Iterator[tuple[str, Any]]:
    """The value with one value in it replaced by each that is tried there, and where."""
    match value:
        case Mapping():
            for name, item in value.items():
                for place, other in _replaced(item):
                    yield f"{name}.{place}", {**value, name: other}
                renamed = {name + "\0" if key == name else key: each for key, each in value.items()}
                yield f"{name} renamed", renamed
            for tried in _UNKNOWN:
                yield f"unknown {tried!r}", {**value, "unknown": tried}
        case list() | tuple():
            for i, item in enumerate(value):
                for place, other in _replaced(item):
                    yield f"{i}.{place}", [*value[:i], other, *value[i + 1 :]]
        case str():
            for text in (value + "\0", "\0" + value):
                yield repr(text[:16]), text
        case int() | float() if not isinstance(value, bool):
            for other in (float(value), value + 0.5, *_FAR, *map(float, _FAR)):
                yield repr(other), other


_FAR: Final = (LARGEST_INTEGER, LARGEST_INTEGER + 1, -LARGEST_INTEGER, -LARGEST_INTEGER - 1)
_UNKNOWN: Final = (*_FAR, "\0", {"\0": 1}, [2.0**53])


def _event(settings: Mapping[Any, Any]) -> dict[str, Any]:
    return {"v": 1, "t": "event", "events": [{"seq": 1, "at": 0, "set": settings}]}


def _forms(name: str, header: Mapping[str, Any]) -> Iterator[tuple[str, bytes]]:
    """The header with every value in its first form, in its second, and so on, its last standing for those it lacks."""
    known: set[bytes] = set()
    for i in range(_MOST_FORMS):
        form = packed(header, lambda forms, i=i: forms[min(i, len(forms) - 1)])
        if form not in known:
            known.add(form)
            yield f"{name}, form {i}", form
