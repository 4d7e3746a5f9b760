"""Changes to messages, drawn from a random source: to bytes as chance would, to values as malice would."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final

from clients.edges import INTEGERS, NOT_UTF8, REALS, TEXTS
from clients.encodings import RawText, packed

_SCALARS: Final = [*INTEGERS, *REALS, *TEXTS, None, True, False, b"", b"\0" * 16, b"x" * 65]

# --- bytes ----------------------------------------------------------------------------------------------------------


def mutated_bytes(rng: random.Random, data: bytes, other: bytes) -> bytes:
    """One to three changes of bytes: flipped bits, other bytes, cut, inserted, doubled, or joined with `other`."""
    for _ in range(rng.randint(1, 3)):
        data = rng.choice(_BYTE_CHANGES)(rng, data, other)
    return data


def _flip(rng: random.Random, data: bytes, other: bytes) -> bytes:
    at = rng.randrange(len(data) or 1)
    return data[:at] + bytes(byte ^ 1 << rng.randrange(8) for byte in data[at : at + 1]) + data[at + 1 :]


def _set(rng: random.Random, data: bytes, other: bytes) -> bytes:
    at = rng.randrange(len(data) or 1)
    return data[:at] + rng.randbytes(1) + data[at + 1 :]


def _insert(rng: random.Random, data: bytes, other: bytes) -> bytes:
    at = rng.randint(0, len(data))
    return data[:at] + rng.randbytes(rng.randint(1, 9)) + data[at:]


def _cut(rng: random.Random, data: bytes, other: bytes) -> bytes:
    start = rng.randint(0, len(data))
    return data[:start] + data[start + rng.randint(1, 9) :]


def _end(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randint(0, len(data))]


def _double(rng: random.Random, data: bytes, other: bytes) -> bytes:
    start = rng.randint(0, len(data))
    end = start + rng.randint(1, 16)
    return data[:end] + data[start:]


def _join(rng: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: rng.randint(0, len(data))] + other[rng.randint(0, len(other)) :]


_ByteChange = Callable[[random.Random, bytes, bytes], bytes]
_BYTE_CHANGES: Final[list[_ByteChange]] = [_flip, _flip, _set, _set, _insert, _cut, _end, _double, _join]


def mutated_payload(rng: random.Random, payload: bytes | None) -> bytes | None:
    """Mostly the payload as it is; else none, an empty one, or one of another length."""
    if rng.random() < 0.8:
        return payload
    return rng.choice([None, b"", (payload or b"") + b"\0", (payload or b"\0\0")[:-1]])


# --- values ---------------------------------------------------------------------------------------------------------


def mutated_header(rng: random.Random, header: Mapping[str, Any]) -> bytes:
    """The header with a few values changed or none, in encodings drawn for each value."""
    value: Any = header
    for _ in range(rng.choice([0, 1, 1, 1, 1, 2, 3])):
        value = _changed(rng, value, 0)
    return packed(value, rng.choice)


def _changed(rng: random.Random, value: Any, depth: int) -> Any:
    """The value with a change at one place in it, chosen on the way down."""
    if isinstance(value, Mapping) and value and rng.random() < 0.8:
        return _changed_map(rng, dict(value), depth)
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        return [*value[:at], _changed(rng, value[at], depth + 1), *value[at + 1 :]]
    return _near(rng, value) if rng.random() < 0.6 else _anything(rng)


def _changed_map(rng: random.Random, value: dict[str, Any], depth: int) -> dict[str, Any]:
    # The type and version come first in a header; changing them often would leave little of the rest to test.
    key = rng.choice([name for name in value if depth > 0 or name not in ("v", "t")] or list(value))
    change = rng.random()
    if change < 0.08:
        value.pop(key)
    elif change < 0.16:
        value[rng.choice(["future", "ä", "\0", "n" * 64])] = _anything(rng)
    elif change < 0.24:
        pairs = list(value.items())
        rng.shuffle(pairs)
        return dict(pairs)
    else:
        value[key] = _changed(rng, value[key], depth + 1)
    return value


def _near(rng: random.Random, value: Any) -> Any:
    """Another value of the same type, or of the one it is easily taken for."""
    match value:
        case bool():
            return not value
        case int():
            return rng.choice([value + 1, value - 1, float(value), 2 * value, rng.randint(0, 10**6)])
        case float() if abs(value) < 2**53:
            return rng.choice([value / 3, -value, int(value), struct.unpack(">f", struct.pack(">f", value))[0]])
        case str():
            return rng.choice([value + "ü", value[:-1], *TEXTS, RawText(rng.choice(NOT_UTF8))])
        case bytes():
            return rng.choice([value + b"\xff", value[:-1]])
        case list():
            return rng.choice([[*value, *value[:1]], value[:-1], value[::-1]])
        case _:
            return _anything(rng)


def _anything(rng: random.Random) -> Any:
    kind = rng.random()
    if kind < 0.85:
        return rng.choice(_SCALARS)
    nested: Any = rng.choice(_SCALARS)
    for _ in range(rng.randint(0, 7)):
        nested = [nested] if rng.random() < 0.5 else {"a": nested}
    return nested
