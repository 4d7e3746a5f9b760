"""Vectors of what no message of any type may be: MessagePack that is broken, forbidden or too much."""

from __future__ import annotations

from collections.abc import Iterator

import msgpack

from segue_sdk.client_messages import Save
from segue_sdk.codec import encode
from segue_sdk.limits import HEADER_BYTES
from segue_sdk.vectors.vector import Vector


def framing() -> Iterator[Vector]:
    """What no message of any type may be."""
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
        ("fixext 1", b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xd4\x01\x00", "ext_type"),
        ("ext 8", b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xc7\x01\x05\x00", "ext_type"),
        ("timestamp", b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xd6\xff\x00\x00\x00\x00", "ext_type"),
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
        ("infinity as float32", b"\x84\xa1v\x01\xa1t\xa4save\xa2id\x01\xa1x\xca\x7f\x80\x00\x00", "not_finite"),
        ("uint64 beyond 2^53", msgpack.packb({"v": 1, "t": "save", "id": 2**53 + 1}), "out_of_range"),
        ("int64 below -2^53", msgpack.packb({"v": 1, "t": "save", "id": -(2**53) - 1}), "out_of_range"),
        ("greatest uint64", msgpack.packb({"v": 1, "t": "save", "id": 2**64 - 1}), "out_of_range"),
        ("empty map", b"\x80", "missing_field"),
        ("no version", msgpack.packb({"t": "save", "id": 1}), "missing_field"),
        ("no type", msgpack.packb({"v": 1, "id": 1}), "missing_field"),
        ("version a text", msgpack.packb({"v": "1", "t": "save", "id": 1}), "wrong_type"),
        ("version true", msgpack.packb({"v": True, "t": "save", "id": 1}), "wrong_type"),
        ("version a real", msgpack.packb({"v": 1.0, "t": "save", "id": 1}), "wrong_type"),
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
    yield Vector(name="payload where none belongs", header=save, payload=b"\x00", reject="payload_mismatch")
    deepest = msgpack.packb({"v": 1, "t": "save", "id": 1, "x": [[[[[0]]]]]})
    yield Vector(name="six levels in an unknown field", header=deepest, message=message, canonical=False)
