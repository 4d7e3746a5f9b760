"""An endless stream of hostile messages, equal for equal seeds: what a broken or malicious client may send.

They are golden vectors that must be refused, damaged valid messages, messages that only services send, and noise. Some
are valid by accident, and floods are valid on purpose; the service has to handle all of them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

import msgpack

from segue_sdk.codec import encode
from segue_sdk.limits import HEADER_BYTES, MOST_EVENTS
from segue_sdk.messages import CLIENT_MESSAGES, Event, EventItem, Message
from segue_sdk.vectors.cases import files
from segue_sdk.vectors.examples import FULL, MINIMAL

Parts: TypeAlias = tuple[bytes, ...]
Maker: TypeAlias = Callable[[random.Random], list[Parts]]

_FLOOD: Final = 200
_MOST_PARTS: Final = 40
_DEEPEST: Final = 12
# Above this a ROUTER with a limit closes the connection instead of answering; a kind of its own tests that.
_ANSWERED_BYTES: Final = 2 * HEADER_BYTES


def hostile(seed: int, *kinds: str) -> Iterator[Parts]:
    """Yield the parts of one message after another, of these KINDS (all by default)."""
    for _, parts in named(seed, *kinds):
        yield parts


def named(seed: int, *kinds: str) -> Iterator[tuple[str, Parts]]:
    """Yield the same with the kind of each, for the messages of tests."""
    dice = random.Random(seed)
    while True:
        kind = dice.choice(kinds or tuple(KINDS))
        for parts in KINDS[kind](dice):
            yield kind, parts


def _parts(message: Message) -> Parts:
    return tuple(bytes(part) for part in encode(message))


_CLIENTS: Final = tuple(CLIENT_MESSAGES.values())
_VALID: Final = tuple(_parts(message) for message in (*MINIMAL, *FULL) if isinstance(message, _CLIENTS))
_NOT_A_CLIENTS: Final = tuple(_parts(message) for message in (*MINIMAL, *FULL) if not isinstance(message, _CLIENTS))
_REFUSED: Final = tuple(
    (vector.header,) if vector.payload is None else (vector.header, vector.payload)
    for vectors in files().values()
    for vector in vectors
    if vector.reject and len(vector.header) + len(vector.payload or b"") <= _ANSWERED_BYTES
)


def _refused(dice: random.Random) -> list[Parts]:
    """Return a golden vector that must be refused."""
    return [dice.choice(_REFUSED)]


def _truncated(dice: random.Random) -> list[Parts]:
    """Return a valid message that ends early."""
    header, *rest = dice.choice(_VALID)
    return [(header[: dice.randrange(len(header))], *rest)]


def _damaged(dice: random.Random) -> list[Parts]:
    """Return a valid message with one to four bytes changed, inserted or removed, or a part repeated."""
    header, *rest = dice.choice(_VALID)
    data = bytearray(header)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0:
                data[at : at + 1] = dice.randbytes(1)
            case 1:
                data[at:at] = dice.randbytes(1)
            case 2:
                del data[at : at + 1]
            case _:
                data[at:at] = data[at : at + dice.randint(1, 16)]
    return [(bytes(data), *rest)]


def _exchanged(dice: random.Random) -> list[Parts]:
    """Return a valid message with another value in one field."""
    header, *rest = dice.choice(_VALID)
    data = msgpack.unpackb(header)
    data[dice.choice(list(data))] = _value(dice, 1)
    return [(msgpack.packb(data), *rest)]


def _misdirected(dice: random.Random) -> list[Parts]:
    """Return a message that only services send."""
    return [dice.choice(_NOT_A_CLIENTS)]


def _unknown(dice: random.Random) -> list[Parts]:
    """Return a message of an unknown type or version."""
    name, version = dice.choice([("sing", 1), ("HELLO", 1), ("", 1), ("hello", 2), ("hello", 0), ("x" * 10_000, 1)])
    return [(msgpack.packb({"v": version, "t": name, "x": _value(dice, 2)}),)]


def _oversized(dice: random.Random) -> list[Parts]:
    """Return a message with too large a header or payload, or with a length that announces one."""
    save = {"v": 1, "t": "save", "id": 1}
    return [
        dice.choice(
            [
                (msgpack.packb({**save, "x": bytes(HEADER_BYTES)}),),
                (msgpack.packb(save), bytes(HEADER_BYTES)),
                (b"\xdf\xff\xff\xff\xff",),
                (b"\x81\xa1x\xc6\xff\xff\xff\xff",),
                (b"\x81\xa1x\xdd\xff\xff\xff\xff" + b"\xc0" * 1_000,),
                (b"\x81\xa1x" + b"\x91" * 50_000 + b"\xc0",),
            ]
        )
    ]


def _too_many_parts(dice: random.Random) -> list[Parts]:
    """Return a message without its payload, with one too many, or with dozens of parts."""
    return [tuple(dice.choice([b"", b"\x80", *dice.choice(_VALID)]) for _ in range(dice.randint(2, _MOST_PARTS)))]


def _noise(dice: random.Random) -> list[Parts]:
    """Return random bytes, or a value that is not a message."""
    if dice.random() < 0.5:
        return [(dice.randbytes(dice.randrange(400)),)]
    return [(msgpack.packb(_value(dice, 0)),)]


def _flood(dice: random.Random) -> list[Parts]:
    """Return hundreds of valid messages: events about unknown inputs, playheads, or saves."""
    if dice.random() < 0.5:
        return [dice.choice(_VALID)] * _FLOOD
    start = dice.randrange(1, 1_000_000)
    items = [
        EventItem(seq=start + i, at=dice.randrange(2**53), set={f"n{i}": dice.random()}, fire=("boom",))
        for i in range(MOST_EVENTS)
    ]
    return [_parts(Event(events=tuple(items)))] * (_FLOOD // 10)


def _value(dice: random.Random, depth: int) -> Any:
    """Return a random nested value of MessagePack."""
    if depth < _DEEPEST and dice.random() < 0.3:
        items = [_value(dice, depth + 1) for _ in range(dice.randrange(5))]
        return items if dice.random() < 0.5 else {dice.choice(["a", "id", "v", 1, b"k"]): item for item in items}
    return dice.choice(
        [
            *(None, True, False, 0, 1, -1, 2**53 + 1, 2**64 - 1, -(2**63)),
            *(0.5, 1e300, float("nan"), float("inf"), float("-inf")),
            *("", "a", "ä" * 600, "\x00\x1b[31m", "../../etc/passwd", "{{x}}", b"", b"\xff" * 300),
            msgpack.Timestamp(1, 2),
            msgpack.ExtType(5, b"x"),
        ]
    )


KINDS: Final[dict[str, Maker]] = {
    "refused": _refused,
    "truncated": _truncated,
    "damaged": _damaged,
    "exchanged": _exchanged,
    "misdirected": _misdirected,
    "unknown": _unknown,
    "oversized": _oversized,
    "too many parts": _too_many_parts,
    "noise": _noise,
    "flood": _flood,
}
