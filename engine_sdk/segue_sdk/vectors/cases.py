"""The vectors of each file: examples, other encodings of them, and everything that must be refused with its code.

Refusals of fields follow from the field table; the code each must give follows from the kind of mistake, never from
running the decoder.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgpack

from segue_sdk.codec import encode
from segue_sdk.kinds import Blob, Choice, Flag, Integer, Kind, ListOf, MapOf, Payload, Real, Text
from segue_sdk.limits import PAYLOAD_BYTES
from segue_sdk.messages import NAMES, Message
from segue_sdk.records import FieldSpec, RecordOf, specs
from segue_sdk.vectors.examples import FULL, MINIMAL
from segue_sdk.vectors.framing import framing
from segue_sdk.vectors.vector import Vector


def files() -> dict[str, list[Vector]]:
    """All vectors by the file they belong to: one per message, and `framing` for what concerns no message."""
    by_file: dict[str, list[Vector]] = {}
    for title, examples in (("minimal", MINIMAL), ("full", FULL)):
        for message in examples:
            vectors = by_file.setdefault(NAMES[type(message)], [])
            vectors.append(_accepted(f"{title} {len(vectors)}", message))
    for message in MINIMAL:
        by_file[NAMES[type(message)]] += [*_other_encodings(message), *_bad_fields(message)]
    for message in FULL:
        by_file[NAMES[type(message)]] += _bad_parts(message)
    for name, cases in _TOGETHER.items():
        by_file[name] += [Vector(name=title, header=_header(name, data), reject=code) for title, data, code in cases]
    by_file["chunk"] += _bad_payloads()
    by_file["framing"] = list(framing())
    return by_file


def _parts(message: Message) -> tuple[bytes, bytes | None]:
    header, *payload = (bytes(part) for part in encode(message))
    return header, payload[0] if payload else None


def _accepted(name: str, message: Message) -> Vector:
    header, payload = _parts(message)
    return Vector(name=name, header=header, payload=payload, message=message)


def _header(name: str, data: Mapping[str, Any]) -> bytes:
    packed: bytes = msgpack.packb({"v": 1, "t": name, **data})
    return packed


def _other_encodings(message: Message) -> Iterator[Vector]:
    """The same message in bytes that no encoder of the protocol emits and every decoder takes."""
    header, payload = _parts(message)
    data = msgpack.unpackb(header)
    backwards = msgpack.packb(dict(reversed(data.items())))
    future = msgpack.packb({"x_first": [1, {"a": b"\x00"}], **data, "x_last": None})
    wide = b"\xdf" + struct.pack(">I", len(data)) + b"".join(_wide(key) + _wide(value) for key, value in data.items())
    for name, other in (("keys backwards", backwards), ("unknown fields", future), ("widest encodings", wide)):
        yield Vector(name=name, header=other, payload=payload, message=message, canonical=False)


def _wide(value: Any) -> bytes:
    """A value in the longest encoding MessagePack has for it; lists and maps with wide items."""
    match value:
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return b"\xd3" + struct.pack(">q", value)
        case float():
            return b"\xcb" + struct.pack(">d", value)
        case str():
            return b"\xdb" + struct.pack(">I", len(value.encode())) + value.encode()
        case bytes():
            return b"\xc6" + struct.pack(">I", len(value)) + value
        case list():
            return b"\xdd" + struct.pack(">I", len(value)) + b"".join(map(_wide, value))
        case _:
            pairs = b"".join(_wide(key) + _wide(item) for key, item in value.items())
            return b"\xdf" + struct.pack(">I", len(value)) + pairs


def _bad_fields(message: Message) -> Iterator[Vector]:
    """Every required field left out; every field of a wrong type, and out of its range at each end."""
    header, payload = _parts(message)
    name = NAMES[type(message)]
    data = {key: value for key, value in msgpack.unpackb(header).items() if key not in ("v", "t")}
    for spec in specs(type(message)):
        if isinstance(spec.kind, Payload):
            continue
        for title, change, code in _mistakes(spec):
            wrong = {key: value for key, value in {**data, **change}.items() if value is not _ABSENT}
            yield Vector(name=title, header=_header(name, wrong), payload=payload, reject=code)


_ABSENT: Final = object()


def _mistakes(spec: FieldSpec) -> Iterator[tuple[str, dict[str, Any], str]]:
    if spec.required:
        yield f"{spec.name} missing", {spec.name: _ABSENT}, "missing_field"
    yield f"{spec.name} nil", {spec.name: None}, "wrong_type"
    for title, value, code in _bad_values(spec.kind):
        yield f"{spec.name} {title}", {spec.name: value}, code


def _bad_values(kind: Kind) -> Iterator[tuple[str, Any, str]]:
    """Values that a kind refuses, with the code."""
    match kind:
        case Integer():
            yield "is a text", "1", "wrong_type"
            yield "is a boolean", True, "wrong_type"
            yield "is a real", 1.5, "wrong_type"
            yield "too small", kind.low - 1, "out_of_range"
            yield "too great", kind.high + kind.step, "out_of_range"
            if kind.step > 1:
                yield "between frames", kind.low + 1, "out_of_range"
        case Real():
            yield "is a text", "1", "wrong_type"
            yield "too small", kind.low - 1, "out_of_range"
            yield "too great", kind.high + 1, "out_of_range"
            yield "is NaN", float("nan"), "not_finite"
        case Flag():
            yield "is an integer", 1, "wrong_type"
        case Choice():
            yield "is an integer", 1, "wrong_type"
            yield "unknown word", "no such word", "bad_value"
        case Text():
            yield "is bytes", b"a", "wrong_type"
            yield "too long", "ä" * (kind.most // 2 + 1), "out_of_range"
            if kind.least:
                yield "empty", "", "out_of_range"
        case Blob():
            yield "is a text", "a" * kind.least, "wrong_type"
            yield "too short", bytes(kind.least - 1), "out_of_range"
            yield "too long", bytes(kind.most + 1), "out_of_range"
        case ListOf():
            yield "is a map", {}, "wrong_type"
            yield "holds nil", [None] * max(1, kind.least), "wrong_type"
            yield "too long", [0] * (kind.most + 1), "out_of_range"
            if kind.least:
                yield "empty", [], "out_of_range"
        case MapOf():
            yield "is a list", [], "wrong_type"
            yield "too many names", {f"n{i}": 0 for i in range(kind.most + 1)}, "out_of_range"
            yield "empty name", {"": 0}, "out_of_range"
        case RecordOf():
            yield "is a list", [], "wrong_type"


def _bad_parts(message: Message) -> Iterator[Vector]:
    """Mistakes in the records inside a message: a required field missing, a value no kind takes."""
    header, payload = _parts(message)
    data = msgpack.unpackb(header)
    for spec in specs(type(message)):
        kind = spec.kind.of if isinstance(spec.kind, ListOf) else spec.kind
        if not isinstance(kind, RecordOf) or spec.name not in data:
            continue
        original = data[spec.name][0] if isinstance(spec.kind, ListOf) else data[spec.name]
        for inner in specs(kind.record):
            for title, change, code in _mistakes(inner):
                part = {key: value for key, value in {**original, **change}.items() if value is not _ABSENT}
                changed = {**data, spec.name: [part] if isinstance(spec.kind, ListOf) else part}
                yield Vector(name=f"{spec.name}: {title}", header=msgpack.packb(changed), payload=payload, reject=code)


_ITEM: Final = {"seq": 5, "at": 0}
_PLAYHEAD: Final = {"played": 0, "committed": 0, "have": 0, "paused": False}
_CLOCK: Final = {"start": 0, "end": 100, "tempo_bpm": 90.0, "meter": 4, "exact": True}
_BEAT: Final = {"bar": 0, "beat": 0}
_STINGER: Final = {"id": 1, "name": "n", "kind": "placed", "start": 0}

_TOGETHER: Final[dict[str, list[tuple[str, dict[str, Any], str]]]] = {
    "hello": [
        ("rules twice", {"versions": [1], "client": "", "rules_text": "a", "rules_name": "a"}, "bad_value"),
    ],
    "event": [
        ("seq repeated", {"events": [_ITEM, _ITEM]}, "bad_value"),
        ("seq falling", {"events": [_ITEM, {**_ITEM, "seq": 4}]}, "bad_value"),
        ("set to a list", {"events": [{**_ITEM, "set": {"a": [1]}}]}, "wrong_type"),
        ("set to bytes", {"events": [{**_ITEM, "set": {"a": b"1"}}]}, "wrong_type"),
        ("set to infinity", {"events": [{**_ITEM, "set": {"a": float("inf")}}]}, "not_finite"),
        ("set to 2^53 + 1", {"events": [{**_ITEM, "set": {"a": 2**53 + 1}}]}, "out_of_range"),
        ("set to a real beyond 2^53", {"events": [{**_ITEM, "set": {"a": 1e300}}]}, "out_of_range"),
        ("set to a long text", {"events": [{**_ITEM, "set": {"a": "a" * 65}}]}, "out_of_range"),
        ("fires an empty name", {"events": [{**_ITEM, "fire": [""]}]}, "out_of_range"),
    ],
    "playhead": [
        ("played after committed", {**_PLAYHEAD, "played": 1}, "bad_value"),
        ("committed after have", {**_PLAYHEAD, "committed": 1}, "bad_value"),
    ],
    "restore": [
        ("blob and cell", {"id": 1, "at": 0, "take": 0, "blob": b"a", "cell": b"a"}, "bad_value"),
    ],
    "control": [
        ("rules without any", {"op": "rules"}, "bad_value"),
        ("volume without gain", {"op": "volume"}, "missing_field"),
        ("generator without name", {"op": "generator"}, "missing_field"),
    ],
    "rules": [
        ("neither", {}, "bad_value"),
    ],
    "clock": [
        ("beats falling", {**_CLOCK, "beats": [{"at": 50, **_BEAT}, {"at": 40, **_BEAT}]}, "bad_value"),
        ("beat at the end", {**_CLOCK, "beats": [{"at": 100, **_BEAT}]}, "bad_value"),
        ("nothing long", {**_CLOCK, "end": 0, "beats": []}, "bad_value"),
    ],
    "stinger": [
        ("placed without samples", {**_STINGER, "total": 1, "count": 1}, "payload_mismatch"),
        ("placed, count 0", {**_STINGER, "total": 1}, "out_of_range"),
        ("placed beyond its total", {**_STINGER, "total": 1, "offset": 1, "count": 1}, "out_of_range"),
    ],
}


def _bad_payloads() -> Iterator[Vector]:
    chunk = next(message for message in MINIMAL if NAMES[type(message)] == "chunk")
    header, payload = _parts(chunk)
    assert payload is not None
    longer, shorter = payload + b"\x00", payload[:-1]
    yield Vector(name="payload missing", header=header, reject="payload_mismatch")
    yield Vector(name="payload empty", header=header, payload=b"", reject="payload_mismatch")
    yield Vector(name="payload a byte too long", header=header, payload=longer, reject="payload_mismatch")
    yield Vector(name="payload a byte too short", header=header, payload=shorter, reject="payload_mismatch")
    yield Vector(name="payload in the other format", header=header, payload=payload * 2, reject="payload_mismatch")
    yield Vector(name="payload beyond limit", header=header, payload=bytes(PAYLOAD_BYTES + 1), reject="too_large")
