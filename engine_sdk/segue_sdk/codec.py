"""Messages to the parts of a ZeroMQ message and back. Bad input of any kind raises ProtocolError and nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn, TypeAlias, cast

import msgpack

from segue_sdk.errors import ProtocolError
from segue_sdk.fields import COUNT, SEQUENCE, Payload, Record, specs, type_name, wrong_type
from segue_sdk.limits import DEEPEST, HEADER_BYTES, LARGEST_INTEGER, NAME_BYTES, PAYLOAD_BYTES, VERSION
from segue_sdk.messages import MESSAGES, NAMES, Message

Part: TypeAlias = bytes | memoryview


def encode(message: Message) -> list[Part]:
    """Encode a message; each has one encoding.

    Returns:
        Its header and, for a chunk and a placed stinger, its samples.
    Raises:
        ProtocolError: `too_large` if the header exceeds its limit.
    """
    header = pack({"v": VERSION, "t": NAMES[type(message)], **message.to_map()})
    payload = getattr(message, "pcm", None)
    return [header] if payload is None else [header, payload]


def decode(parts: Sequence[Part]) -> Message:
    """Decode the parts of one ZeroMQ message.

    Raises:
        ProtocolError: For the first mistake in this order: size, MessagePack, version, type, fields, payload.
    """
    if not 1 <= len(parts) <= 2:
        raise ProtocolError("payload_mismatch", f"message: expected a header and at most one payload, got {len(parts)}")
    header, *payload = parts
    if payload and len(payload[0]) > PAYLOAD_BYTES:
        raise ProtocolError("too_large", f"payload: expected at most {PAYLOAD_BYTES} bytes, got {len(payload[0])}")
    data = unpack(header)
    record = _record(data)
    # Construction checks the payload against the header and needs both.
    if any(isinstance(spec.type, Payload) for spec in specs(record)):
        return cast(Message, record.from_map(data, pcm=payload[0] if payload else None))
    if payload:
        raise ProtocolError("payload_mismatch", f"payload: {data['t']} has none")
    return cast(Message, record.from_map(data))


def type_of(parts: Sequence[Part]) -> tuple[str, int]:
    """The type and the `seq` or `id` of an invalid message, as far as they can be read; else "" and 0."""
    try:
        data = unpack(parts[0]) if parts else {}
    except ProtocolError:
        return "", 0
    name, numbers = data.get("t"), (data.get("seq"), data.get("id"))
    about = name if isinstance(name, str) and len(name.encode()) <= NAME_BYTES else ""
    for number in numbers:
        try:
            return about, SEQUENCE.read(number, "seq")
        except ProtocolError:
            continue
    return about, 0


def _record(data: dict[str, Any]) -> type[Record]:
    """The record for a header's `v` and `t`."""
    for key in ("v", "t"):
        if key not in data:
            raise ProtocolError("missing_field", f"header.{key}: expected, not there")
    version, name = COUNT.read(data["v"], "v"), data["t"]
    if not isinstance(name, str):
        raise wrong_type("t", "a text", name)
    if version != VERSION:
        raise ProtocolError("unsupported_version", f"v: expected {VERSION}, got {version}")
    if name not in MESSAGES:
        raise ProtocolError("unknown_type", f"t: {name[:40]!r} is no message")
    return MESSAGES[name]


_EXCERPT: Final = 40


def pack(header: Mapping[str, Any]) -> bytes:
    """Encode a header: keys in the mapping's order, integers and lengths in their shortest form, reals as float64.

    Raises:
        ProtocolError: `too_large`.
    """
    packed: bytes = msgpack.packb(header, use_bin_type=True)
    if len(packed) > HEADER_BYTES:
        raise ProtocolError("too_large", f"header: expected at most {HEADER_BYTES} bytes, got {len(packed)}")
    return packed


def unpack(data: bytes | memoryview) -> dict[str, Any]:
    """Decode a header and check every value in it.

    Raises:
        ProtocolError: And nothing else, whatever the bytes.
    """
    if len(data) > HEADER_BYTES:
        raise ProtocolError("too_large", f"header: expected at most {HEADER_BYTES} bytes, got {len(data)}")
    value = _unpacked(data)
    if not isinstance(value, dict):
        raise ProtocolError("malformed", f"header: expected a map, got {type_name(value)}")
    _check(value, "header", 1)
    return value


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
    """Make a map of its pairs; no key may be there twice."""
    read: dict[str, Any] = {}
    for key, value in pairs:
        if not isinstance(key, str):
            raise ProtocolError("bad_key", f"header: expected texts as keys, got {type_name(key)}")
        if key in read:
            raise ProtocolError("duplicate_key", f"header: {key[:_EXCERPT]!r} stands twice in one map")
        read[key] = value
    return read


def _check(value: Any, path: str, depth: int) -> None:
    """Refuse values that MessagePack allows and the protocol does not."""
    match value:
        case dict() | list():
            if depth > DEEPEST:
                raise ProtocolError("too_deep", f"{path[:200]}: expected at most {DEEPEST} levels")
            inner = value.items() if isinstance(value, dict) else enumerate(value)
            for key, item in inner:
                if isinstance(key, str) and "\0" in key:
                    raise ProtocolError("bad_value", f"{path}: expected a key without U+0000")
                _check(item, f"{path}.{key[:_EXCERPT]}" if isinstance(key, str) else f"{path}[{key}]", depth + 1)
        case bool() | bytes() | None:
            pass
        case str():
            if "\0" in value:
                raise ProtocolError("bad_value", f"{path}: expected a text without U+0000")
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise ProtocolError("out_of_range", f"{path}: expected an integer within ±(2^53 - 1)")
        case float():
            if not math.isfinite(value):
                raise ProtocolError("not_finite", f"{path}: expected a finite number, got {value}")
        case _:
            raise ProtocolError("ext_type", f"{path}: an extension type; none is allowed")
