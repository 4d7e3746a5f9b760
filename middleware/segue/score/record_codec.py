"""Frozen records as bytes, guided by their types: what is read has the fields and types it must have, or is refused.

The bytes say nothing of themselves, so nothing in them can ask for another type, for nesting or for memory. A field
added to a record is packed without a line here; `signature` tells bytes written before from bytes written after.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

Record = TypeVar("Record")
Writer: TypeAlias = Callable[[Any, bytearray], None]

# Texts are names and sequences short; both bounds are far above what any record holds.
MOST_TEXT_BYTES: Final = 255
MOST_ITEMS: Final = 4_096
# Whole numbers are written in groups of seven bits, lowest first: this many hold any of 64 bits and its sign.
_MOST_GROUPS: Final = 10
_FLOAT: Final = struct.Struct("<d")


def signature(kind: Any) -> str:
    """Return a record's fields and their types, at any depth, as text."""
    if fields := _fields(kind):
        return f"{kind.__name__}({', '.join(f'{name}: {signature(of)}' for name, of in fields)})"
    if arguments := get_args(kind):
        parts = ", ".join("..." if part is Ellipsis else signature(part) for part in arguments)
        return f"{'tuple' if get_origin(kind) is tuple else 'union'}[{parts}]"
    return str(kind.__name__)


def write(kind: Any, value: Any) -> bytes:
    """Return `value`, of type `kind`, as bytes.

    Args:
        kind: A frozen dataclass or named tuple of int (64 bits), float, bool, str, tuple, and unions with None of
            those.
    Raises:
        TypeError: For another type.
        ValueError: For a value out of bounds.
    """
    out = bytearray()
    _writer(kind)(value, out)
    return bytes(out)


def leaves(kind: Any, value: Any) -> Iterator[int | float | str | None]:
    """Return every number and text in a record, at any depth, and None for what is not there."""
    if fields := _fields(kind):
        for name, of in fields:
            yield from leaves(of, getattr(value, name))
    elif (items := _items(kind)) is not None:
        for of, item in zip(_repeated(items, len(value)), value, strict=True):
            yield from leaves(of, item)
    elif (present := _optional(kind)) is not None and value is not None:
        yield from leaves(present, value)
    else:
        yield value


def read(kind: type[Record], data: bytes, offset: int = 0) -> tuple[Record, int]:
    """Return the inverse of `write`, and where its bytes end.

    Raises:
        ValueError: For bytes that end too soon, or hold what no record of the kind does.
    """
    reader = _Reader(data, offset)
    record: Record = reader.value(kind)
    return record, reader.offset


@cache
def _writer(kind: Any) -> Writer:
    """Return a function that appends a value of type `kind` to bytes; made once, because looking at types takes long.

    Raises:
        TypeError: Values of this type cannot be written.
    """
    if fields := _fields(kind):
        return _record_writer([(name, _writer(of)) for name, of in fields])
    if (items := _items(kind)) is not None:
        if _varies(items):
            return _sequence_writer(_writer(items[0]))
        return _tuple_writer([_writer(of) for of in items])
    if (present := _optional(kind)) is not None:
        return _optional_writer(_writer(present))
    if kind in _PLAIN_WRITERS:
        return _PLAIN_WRITERS[kind]
    raise TypeError(f"{kind}: cannot be written")


def _record_writer(fields: Sequence[tuple[str, Writer]]) -> Writer:
    def write_record(value: Any, out: bytearray) -> None:
        for name, write_field in fields:
            write_field(getattr(value, name), out)

    return write_record


def _sequence_writer(write_item: Writer) -> Writer:
    def write_sequence(value: Any, out: bytearray) -> None:
        if len(value) > MOST_ITEMS:
            raise ValueError(f"{len(value)} items: expected at most {MOST_ITEMS}")
        _write_whole(len(value), out)
        for item in value:
            write_item(item, out)

    return write_sequence


def _tuple_writer(writers: Sequence[Writer]) -> Writer:
    def write_tuple(value: Any, out: bytearray) -> None:
        for write_item, item in zip(writers, value, strict=True):
            write_item(item, out)

    return write_tuple


def _optional_writer(write_present: Writer) -> Writer:
    def write_optional(value: Any, out: bytearray) -> None:
        out.append(value is not None)
        if value is not None:
            write_present(value, out)

    return write_optional


def _write_text(value: str, out: bytearray) -> None:
    text = value.encode()
    if len(text) > MOST_TEXT_BYTES:
        raise ValueError(f"{value!r}: expected at most {MOST_TEXT_BYTES} bytes")
    out.append(len(text))
    out += text


def _write_float(value: float, out: bytearray) -> None:
    out += _FLOAT.pack(value)


def _write_bool(value: bool, out: bytearray) -> None:
    out.append(value)


def _write_integer(value: int, out: bytearray) -> None:
    _write_whole(value << 1 if value >= 0 else ~value << 1 | 1, out)


def _write_whole(value: int, out: bytearray) -> None:
    if value >> 7 * _MOST_GROUPS:
        raise ValueError("a whole number of more than 64 bits")
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


_PLAIN_WRITERS: Final[dict[type, Writer]] = {
    str: _write_text,
    float: _write_float,
    bool: _write_bool,
    int: _write_integer,
}


class _Reader:
    """Reads values of known types from `offset` on."""

    def __init__(self, data: bytes, offset: int) -> None:
        self.data = data
        self.offset = offset

    def value(self, kind: Any) -> Any:
        if fields := _fields(kind):
            return kind(**{name: self.value(of) for name, of in fields})
        if (items := _items(kind)) is not None:
            count = self._bounded(self._whole(), MOST_ITEMS) if _varies(items) else len(items)
            return tuple(self.value(of) for of in _repeated(items, count))
        if (present := _optional(kind)) is not None:
            return self.value(present) if self._flag() else None
        if kind is str:
            return self._take(self._take(1)[0]).decode()
        if kind is float:
            return _FLOAT.unpack(self._take(_FLOAT.size))[0]
        if kind is bool:
            return self._flag()
        if kind is int:
            whole = self._whole()
            return ~(whole >> 1) if whole & 1 else whole >> 1
        raise TypeError(f"{kind}: cannot be read")

    def _take(self, count: int) -> bytes:
        end = self.offset + count
        if end > len(self.data):
            raise ValueError(f"expected {count} more bytes, got {len(self.data) - self.offset}")
        taken = self.data[self.offset : end]
        self.offset = end
        return taken

    def _flag(self) -> bool:
        return bool(self._bounded(self._take(1)[0], 1))

    def _whole(self) -> int:
        value = 0
        for group in range(_MOST_GROUPS):
            byte = self._take(1)[0]
            value |= (byte & 0x7F) << 7 * group
            if byte < 0x80:
                return value
        raise ValueError("a whole number of more than 64 bits")

    @staticmethod
    def _bounded(value: int, most: int) -> int:
        if value > most:
            raise ValueError(f"{value}: expected at most {most}")
        return value


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Return (name, type) of a record's fields; none for what is no record."""
    if is_dataclass(kind) or hasattr(kind, "_fields"):
        return tuple(get_type_hints(kind).items())
    return ()


def _items(kind: Any) -> tuple[Any, ...] | None:
    """Return types of a tuple's items, the second an ellipsis where the first is that of all; None for what is no
    tuple.
    """
    return get_args(kind) if get_origin(kind) is tuple else None


def _varies(items: tuple[Any, ...]) -> bool:
    return items[-1:] == (Ellipsis,)


def _repeated(items: tuple[Any, ...], count: int) -> tuple[Any, ...]:
    """Return the type of each of a tuple's `count` items."""
    return (items[0],) * count if _varies(items) else items


def _optional(kind: Any) -> Any:
    """Return the other type of a union with None; None for what is no such union."""
    others = [other for other in get_args(kind) if other is not NoneType]
    return others[0] if get_origin(kind) in (UnionType, Union) and len(others) == 1 else None
