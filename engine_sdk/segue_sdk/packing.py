"""MessagePack as the protocol allows it: one map, plain values only, within limits that no message can make costly.

`pack` emits one encoding of a value; `unpack` takes every legal one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import msgpack

from segue_sdk.errors import ProtocolError
from segue_sdk.limits import DEEPEST, HEADER_BYTES, LARGEST_INTEGER

_EXCERPT: Final = 40


def pack(header: Mapping[str, Any]) -> bytes:
    """A header's bytes: keys in the mapping's order, integers and lengths in their shortest form, reals as float64.

    Raises: ProtocolError `too_large`.
    """
    packed: bytes = msgpack.packb(header, use_bin_type=True)
    if len(packed) > HEADER_BYTES:
        raise ProtocolError("too_large", f"header: expected at most {HEADER_BYTES} bytes, got {len(packed)}")
    return packed


def unpack(data: bytes | memoryview) -> dict[str, Any]:
    """The map in `data`, checked to the last value.

    Raises: ProtocolError and nothing else, whatever the bytes.
    """
    if len(data) > HEADER_BYTES:
        raise ProtocolError("too_large", f"header: expected at most {HEADER_BYTES} bytes, got {len(data)}")
    value = _unpacked(data)
    if not isinstance(value, dict):
        raise ProtocolError("malformed", f"header: expected a map, got {kind_of(value)}")
    _check(value, "header", 1)
    return value


def kind_of(value: object) -> str:
    """A decoded value's type in the protocol's words, for messages."""
    names = {bool: "a boolean", int: "an integer", float: "a real", str: "a text", bytes: "bytes", type(None): "nil"}
    if type(value) in names:
        return names[type(value)]
    return "a map" if isinstance(value, Mapping) else "a list" if isinstance(value, (list, tuple)) else "an extension"


def _unpacked(data: bytes | memoryview) -> Any:
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, ext_hook=_no_ext, object_pairs_hook=_pairs)
    except ProtocolError:
        raise
    except msgpack.ExtraData as error:
        raise ProtocolError("trailing", f"header: {len(error.extra)} bytes after its end") from None
    except msgpack.StackError:
        raise ProtocolError("too_deep", f"header: expected at most {DEEPEST} levels") from None
    except msgpack.FormatError:
        raise ProtocolError("malformed", "header: a byte that begins no value") from None
    except UnicodeDecodeError as error:
        raise ProtocolError("bad_utf8", f"header: a text that is not UTF-8: {error.reason}") from None
    except (ValueError, OverflowError, TypeError) as error:
        raise ProtocolError("truncated", f"header: ends inside a value: {str(error)[:_EXCERPT]}") from None


def _no_ext(code: int, data: bytes) -> NoReturn:
    raise ProtocolError("ext_type", f"header: extension type {code}; none is allowed")


def _pairs(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    """A map from its pairs, none of them twice."""
    read: dict[str, Any] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise ProtocolError("bad_key", f"header: expected texts as keys, got {kind_of(key)}")
        if key in read:
            raise ProtocolError("duplicate_key", f"header: {key[:_EXCERPT]!r} stands twice in one map")
        read[key] = value
    return read


def _check(value: Any, path: str, depth: int) -> None:
    """Refuse what MessagePack can say and the protocol cannot."""
    match value:
        case dict() | list():
            if depth > DEEPEST:
                raise ProtocolError("too_deep", f"{path[:200]}: expected at most {DEEPEST} levels")
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in inner:
                _check(item, f"{path}.{key[:_EXCERPT]}" if isinstance(key, str) else f"{path}[{key}]", depth + 1)
        case bool() | str() | bytes() | None:
            pass
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise ProtocolError("out_of_range", f"{path}: expected an integer within ±2^53")
        case float():
            if not math.isfinite(value):
                raise ProtocolError("not_finite", f"{path}: expected a finite number, got {value}")
        case _:
            raise ProtocolError("ext_type", f"{path}: an extension type; none is allowed")
