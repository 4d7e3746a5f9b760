"""Messages to the parts of a ZeroMQ message and back. Bad input of any kind is a ProtocolError, nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias, cast

from segue_sdk.errors import ProtocolError
from segue_sdk.kinds import Payload
from segue_sdk.limits import PAYLOAD_BYTES, VERSION
from segue_sdk.messages import MESSAGES, NAMES, Message
from segue_sdk.packing import kind_of, pack, unpack
from segue_sdk.records import Record, specs

Part: TypeAlias = bytes | memoryview


def encode(message: Message) -> list[Part]:
    """The one encoding of a message: its header and, for chunk and placed stinger, its samples.

    Raises: ProtocolError `too_large` if the header exceeds its limit.
    """
    header = pack({"v": VERSION, "t": NAMES[type(message)], **message.to_map()})
    payload = getattr(message, "pcm", None)
    return [header] if payload is None else [header, payload]


def decode(parts: Sequence[Part]) -> Message:
    """The message in the parts of one ZeroMQ message.

    Raises: ProtocolError. Of several mistakes it names one: size, then MessagePack, version, type, fields, payload.
    """
    if not 1 <= len(parts) <= 2:
        raise ProtocolError("payload_mismatch", f"message: expected a header and at most one payload, got {len(parts)}")
    header, *payload = parts
    if payload and len(payload[0]) > PAYLOAD_BYTES:
        raise ProtocolError("too_large", f"payload: expected at most {PAYLOAD_BYTES} bytes, got {len(payload[0])}")
    data = unpack(header)
    record = _record(data)
    # Construction checks the payload against the header, so it has to be there by then.
    if any(isinstance(spec.kind, Payload) for spec in specs(record)):
        return cast(Message, record.from_map(data, pcm=payload[0] if payload else None))
    if payload:
        raise ProtocolError("payload_mismatch", f"payload: {data['t']} has none")
    return cast(Message, record.from_map(data))


def type_of(parts: Sequence[Part]) -> tuple[str, int]:
    """What can be told of a refused message: its type and its `seq` or `id`, for the `error` that answers it."""
    try:
        data = unpack(parts[0]) if parts else {}
    except ProtocolError:
        return "", 0
    name, numbers = data.get("t"), (data.get("seq"), data.get("id"))
    number = next((n for n in numbers if isinstance(n, int) and not isinstance(n, bool) and n > 0), 0)
    return (name if isinstance(name, str) and len(name.encode()) <= 64 else ""), number


def _record(data: dict[str, Any]) -> type[Record]:
    """The record for a header's `v` and `t`."""
    for key, expected in (("v", int), ("t", str)):
        if key not in data:
            raise ProtocolError("missing_field", f"header.{key}: expected, not there")
        if type(data[key]) is not expected:
            raise ProtocolError("wrong_type", f"{key}: expected {kind_of(expected())}, got {kind_of(data[key])}")
    if data["v"] != VERSION:
        raise ProtocolError("unsupported_version", f"v: expected {VERSION}, got {data['v']}")
    if data["t"] not in MESSAGES:
        raise ProtocolError("unknown_type", f"t: {data['t'][:40]!r} is no message")
    return MESSAGES[data["t"]]
