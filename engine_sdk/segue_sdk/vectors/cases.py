"""The vectors of each file: examples, other encodings of them, and everything that must be refused with its code.

Which values a field must refuse follows from the field table. The code of a refusal follows from the kind of mistake,
never from running the decoder.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgpack

from segue_sdk.codec import decode, encode, pack
from segue_sdk.errors import ProtocolError
from segue_sdk.fields import (
    Blob,
    Choice,
    FieldSpec,
    FieldType,
    Flag,
    Integer,
    ListOf,
    MapOf,
    Payload,
    Real,
    RecordOf,
    Text,
    specs,
)
from segue_sdk.limits import HEADER_BYTES, PAYLOAD_BYTES
from segue_sdk.messages import MESSAGES, NAMES, Message, Save
from segue_sdk.vectors.examples import FULL, MINIMAL


@dataclass(frozen=True, kw_only=True)
class Vector:
    """Bytes and the expected result: `message` if they are valid, else the `reject` code.

    Attributes:
        canonical: Whether the service's encoder must give these bytes. service_only: whether a client need not refuse
            them.
    """

    name: str
    header: bytes
    payload: bytes | None = None
    message: Message | None = None
    reject: str = ""
    canonical: bool = True

    @property
    def service_only(self) -> bool:
        if not self.reject or self.reject == "too_large":
            return False
        return self.reject in UNSEEN_CODES or self._is_good_to_a_library()

    def _is_good_to_a_library(self) -> bool:
        """Whether it is a valid message for one that ends texts at U+0000 and looks into no unknown field."""
        try:
            data = msgpack.unpackb(self.header, object_pairs_hook=_without_nul)
            known = {"v", "t", *(spec.name for spec in specs(MESSAGES[data["t"]]))}
            header = pack({key: value for key, value in data.items() if key in known})
            decode([header] if self.payload is None else [header, self.payload])
        # Whatever a library raises for bytes that are no MessagePack.
        except (ValueError, TypeError, KeyError, AttributeError, ProtocolError):
            return False
        return True


# What a MessagePack library hides from its user, or reads on its own terms. Only the service must refuse it.
UNSEEN_CODES: Final = frozenset({"bad_utf8", "duplicate_key", "bad_key", "too_deep"})


def _without_nul(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """A map as languages read it in which U+0000 ends a text."""
    return {key.partition("\0")[0]: v.partition("\0")[0] if isinstance(v, str) else v for key, v in pairs}


def framing() -> Iterator[Vector]:
    """Bytes that are invalid whatever the message's type."""
    message = Save(id=1)
    save = bytes(encode(message)[0])
    text = b"\x81\xa1v\xda\xff\xff"
    nested = {"v": 1, "t": "save", "id": 1, "x": [[[[[[0]]]]]]}
    cases: list[tuple[str, bytes, str]] = [
        ("empty", b"", "truncated"),
        ("a byte that begins no value", b"\xc1", "malformed"),
        ("a list", b"\x91\x01", "malformed"),
        ("an integer", b"\x01", "malformed"),
        ("a text", b"\xa4save", "malformed"),
        ("nil", b"\xc0", "malformed"),
        ("a byte after the end", save + b"\x00", "trailing"),
        ("two headers", save + save, "trailing"),
        ("text longer than the message", text, "truncated"),
        ("list longer than the message", b"\x81\xa1v\xdd\xff\xff\xff\xff", "truncated"),
        ("map longer than the message", b"\xdf\xff\xff\xff\xff", "truncated"),
        ("bytes longer than the message", b"\x81\xa1v\xc6\xff\xff\xff\xff", "truncated"),
        ("bad UTF-8 in a value", b"\x83\xa1v\x01\xa1t\xa4save\xa1x\xa1\xff", "bad_utf8"),
        ("overlong UTF-8", b"\x83\xa1v\x01\xa1t\xa4save\xa1x\xa2\xc0\x80", "bad_utf8"),
        ("UTF-8 of a surrogate", b"\x83\xa1v\x01\xa1t\xa4save\xa1x\xa3\xed\xa0\x80", "bad_utf8"),
        ("bad UTF-8 in a key", b"\x81\xa1\xfe\x01", "bad_utf8"),
        ("fixext 1 in an unknown field", b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xd4\x01\x00", "ext_type"),
        ("ext 8 in an unknown field", b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xc7\x01\x05\x00", "ext_type"),
        (
            "timestamp in an unknown field",
            b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xd6\xff\x00\x00\x00\x00",
            "ext_type",
        ),
        ("integer key", b"\x81\x01\x01", "bad_key"),
        ("bytes key", b"\x81\xc4\x01v\x01", "bad_key"),
        ("nil key", b"\x81\xc0\x01", "bad_key"),
        ("list key", b"\x81\x90\x01", "bad_key"),
        ("key twice", b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa2id\x01", "duplicate_key"),
        (
            "key twice in an unknown field",
            b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\x82\xa1a\x01\xa1a\x02",
            "duplicate_key",
        ),
        ("seven levels", msgpack.packb(nested), "too_deep"),
        ("ten thousand levels", b"\x81\xa1x" + b"\x91" * 10_000 + b"\xc0", "too_deep"),
        ("NaN in an unknown field", msgpack.packb({"v": 1, "t": "save", "id": 1, "x": float("nan")}), "not_finite"),
        (
            "infinity as float32 in an unknown field",
            b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xca\x7f\x80\x00\x00",
            "not_finite",
        ),
        ("uint64 of 2^53", msgpack.packb({"v": 1, "t": "save", "id": 2**53}), "out_of_range"),
        ("int64 of -2^53", msgpack.packb({"v": 1, "t": "save", "id": -(2**53)}), "out_of_range"),
        ("greatest uint64", msgpack.packb({"v": 1, "t": "save", "id": 2**64 - 1}), "out_of_range"),
        ("empty map", b"\x80", "missing_field"),
        ("no version", msgpack.packb({"t": "save", "id": 1}), "missing_field"),
        ("no type", msgpack.packb({"v": 1, "id": 1}), "missing_field"),
        ("version a text", msgpack.packb({"v": "1", "t": "save", "id": 1}), "wrong_type"),
        ("version true", msgpack.packb({"v": True, "t": "save", "id": 1}), "wrong_type"),
        ("version one and a half", msgpack.packb({"v": 1.5, "t": "save", "id": 1}), "wrong_type"),
        ("U+0000 in an unknown field", msgpack.packb({"v": 1, "t": "save", "id": 1, "x": "a\0"}), "bad_value"),
        ("U+0000 in a key", msgpack.packb({"v": 1, "t": "save", "id": 1, "a\0": 1}), "bad_value"),
        ("U+0000 in a field", msgpack.packb({"v": 1, "t": "bye", "reason": "quit\0"}), "bad_value"),
        ("type an integer", msgpack.packb({"v": 1, "t": 1}), "wrong_type"),
        ("version 0", msgpack.packb({"v": 0, "t": "save", "id": 1}), "unsupported_version"),
        ("version 2", msgpack.packb({"v": 2, "t": "save", "id": 1}), "unsupported_version"),
        ("unknown type", msgpack.packb({"v": 1, "t": "sing"}), "unknown_type"),
        ("type in capitals", msgpack.packb({"v": 1, "t": "Save", "id": 1}), "unknown_type"),
        (
            "too many bytes",
            b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xdb\x00\x04\x00\x00" + b"a" * HEADER_BYTES,
            "too_large",
        ),
    ]
    for end in range(1, len(save)):
        cases.append((f"save cut after {end} bytes", save[:end], "truncated"))
    for name, header, code in cases:
        yield Vector(name=name, header=header, reject=code)
    one = msgpack.packb({"v": 1.0, "t": "save", "id": 1})
    yield Vector(name="version a whole real", header=one, message=message, canonical=False)
    yield Vector(name="payload where none belongs", header=save, payload=b"\x00", reject="payload_mismatch")
    deepest = msgpack.packb({"v": 1, "t": "save", "id": 1, "x": [[[[[0]]]]]})
    yield Vector(name="six levels in an unknown field", header=deepest, message=message, canonical=False)


def files() -> dict[str, list[Vector]]:
    """All vectors by file: one file per message, and `framing` for what concerns no single message."""
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
    """The same message in bytes that no encoder of the protocol emits and every decoder accepts."""
    header, payload = _parts(message)
    data = msgpack.unpackb(header)
    backwards = msgpack.packb(dict(reversed(data.items())))
    future = msgpack.packb({"x_first": [1, {"a": b"\x00"}], **data, "x_last": None})
    wide = b"\xdf" + struct.pack(">I", len(data)) + b"".join(_wide(key) + _wide(value) for key, value in data.items())
    reals = msgpack.packb(_with_reals(data))
    others = {"keys backwards": backwards, "unknown fields": future, "widest encodings": wide, "whole reals": reals}
    for name, other in others.items():
        yield Vector(name=name, header=other, payload=payload, message=message, canonical=False)


def _with_reals(value: Any) -> Any:
    """The value with every integer as a real, as languages with one type of numbers may send them."""
    match value:
        case dict():
            return {key: _with_reals(item) for key, item in value.items()}
        case list():
            return list(map(_with_reals, value))
        case int() if not isinstance(value, bool):
            return float(value)
        case _:
            return value


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
        if isinstance(spec.type, Payload):
            continue
        for title, change, code in _mistakes(spec):
            wrong = {key: value for key, value in {**data, **change}.items() if value is not _ABSENT}
            yield Vector(name=title, header=_header(name, wrong), payload=payload, reject=code)


_ABSENT: Final = object()


def _mistakes(spec: FieldSpec) -> Iterator[tuple[str, dict[str, Any], str]]:
    if spec.required:
        yield f"{spec.name} missing", {spec.name: _ABSENT}, "missing_field"
    yield f"{spec.name} nil", {spec.name: None}, "wrong_type"
    for title, value, code in _bad_values(spec.type):
        yield f"{spec.name} {title}", {spec.name: value}, code


def _bad_values(field_type: FieldType) -> Iterator[tuple[str, Any, str]]:
    """Values that a field refuses, with the code."""
    match field_type:
        case Integer():
            yield "is a text", "1", "wrong_type"
            yield "is a boolean", True, "wrong_type"
            yield "is a real", 1.5, "wrong_type"
            yield "too small", field_type.low - 1, "out_of_range"
            yield "too great", field_type.high + field_type.step, "out_of_range"
            if field_type.step > 1:
                yield "between frames", field_type.low + 1, "out_of_range"
        case Real():
            yield "is a text", "1", "wrong_type"
            yield "too small", field_type.low - 1, "out_of_range"
            yield "too great", field_type.high + 1, "out_of_range"
            yield "is NaN", float("nan"), "not_finite"
        case Flag():
            yield "is an integer", 1, "wrong_type"
        case Choice():
            yield "is an integer", 1, "wrong_type"
            yield "unknown word", "no such word", "bad_value"
        case Text():
            yield "is bytes", b"a", "wrong_type"
            yield "too long", "ä" * (field_type.most // 2 + 1), "out_of_range"
            if field_type.least:
                yield "empty", "", "out_of_range"
        case Blob():
            yield "is a text", "a" * field_type.least, "wrong_type"
            yield "too short", bytes(field_type.least - 1), "out_of_range"
            yield "too long", bytes(field_type.most + 1), "out_of_range"
        case ListOf():
            yield "is a map", {}, "wrong_type"
            yield "holds nil", [None] * max(1, field_type.least), "wrong_type"
            yield "too long", [0] * (field_type.most + 1), "out_of_range"
            if field_type.least:
                yield "empty", [], "out_of_range"
        case MapOf():
            yield "is a list", [], "wrong_type"
            yield "too many names", {f"n{i}": 0 for i in range(field_type.most + 1)}, "out_of_range"
            yield "empty name", {"": 0}, "out_of_range"
        case RecordOf():
            yield "is a list", [], "wrong_type"


def _bad_parts(message: Message) -> Iterator[Vector]:
    """Mistakes in the records inside a message: a required field missing, a value that no field takes."""
    header, payload = _parts(message)
    data = msgpack.unpackb(header)
    for spec in specs(type(message)):
        field_type = spec.type.of if isinstance(spec.type, ListOf) else spec.type
        if not isinstance(field_type, RecordOf) or spec.name not in data:
            continue
        original = data[spec.name][0] if isinstance(spec.type, ListOf) else data[spec.name]
        for inner in specs(field_type.record):
            for title, change, code in _mistakes(inner):
                part = {key: value for key, value in {**original, **change}.items() if value is not _ABSENT}
                changed = {**data, spec.name: [part] if isinstance(spec.type, ListOf) else part}
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
        ("set to 2^53", {"events": [{**_ITEM, "set": {"a": 2**53}}]}, "out_of_range"),
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
        ("placed without a length", _STINGER, "out_of_range"),
        ("placed in the chunks beyond its total", {**_STINGER, "total": 1, "offset": 2}, "out_of_range"),
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
