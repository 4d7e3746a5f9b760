"""Every encoding that MessagePack has for a value, also those that no encoder of the protocol emits."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

_UNSIGNED: Final = b"\xcc\xcd\xce\xcf"
_SIGNED: Final = b"\xd0\xd1\xd2\xd3"
_WIDTHS: Final = (1, 2, 4, 8)


class RawText(bytes):
    """Bytes to be packed as a text, UTF-8 or not."""


def packed(value: Any, choose: Callable[[Sequence[bytes]], bytes]) -> bytes:
    """MessagePack of a value, each form chosen among all that fit, the shortest first."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return choose(integer_forms(value))
        case float():
            return choose(real_forms(value))
        case str() | RawText():
            data = bytes(value) if isinstance(value, RawText) else value.encode()
            return choose(_head_forms(len(data), 0xA0, 32, (0xD9, 0xDA, 0xDB))) + data
        case bytes():
            return choose(_head_forms(len(value), 0, 0, (0xC4, 0xC5, 0xC6))) + value
        case list():
            head = choose(_head_forms(len(value), 0x90, 16, (0, 0xDC, 0xDD)))
            return head + b"".join(packed(item, choose) for item in value)
        case _:
            head = choose(_head_forms(len(value), 0x80, 16, (0, 0xDE, 0xDF)))
            return head + b"".join(packed(key, choose) + packed(item, choose) for key, item in value.items())


def integer_forms(value: int) -> list[bytes]:
    """All encodings of an integer; of one that 64 bits do not hold, the greatest that they do."""
    forms = [bytes([value & 0xFF])] if -32 <= value <= 127 else []
    for head, width in zip(_UNSIGNED, _WIDTHS, strict=True):
        if 0 <= value < 2 ** (8 * width):
            forms.append(bytes([head]) + value.to_bytes(width, "big"))
    for head, width in zip(_SIGNED, _WIDTHS, strict=True):
        if -(2 ** (8 * width - 1)) <= value < 2 ** (8 * width - 1):
            forms.append(bytes([head]) + value.to_bytes(width, "big", signed=True))
    return forms or [b"\xcf" + b"\xff" * 8]


def real_forms(value: float) -> list[bytes]:
    """A real as float64, and as the nearest float32 where there is one."""
    wide = b"\xcb" + struct.pack(">d", value)
    if math.isfinite(value) and abs(value) >= 1e38:
        return [wide]
    return [wide, b"\xca" + struct.pack(">f", value)]


def _head_forms(count: int, fix: int, fixed: int, heads: tuple[int, int, int]) -> list[bytes]:
    """What may stand before the content of a text, bytes, list or map.

    fix: the head that holds counts below `fixed` itself. heads: those before counts of 1, 2 and 4 bytes, 0 for none.
    """
    forms = [bytes([fix | count])] if count < fixed else []
    for head, width in zip(heads, _WIDTHS[:3], strict=True):
        if head and count < 2 ** (8 * width):
            forms.append(bytes([head]) + count.to_bytes(width, "big"))
    return forms
