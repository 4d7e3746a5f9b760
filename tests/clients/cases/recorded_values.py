"""What a recorded game and its service say, and how a replay gives what it was told."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from segue_sdk import client_events as happened
from segue_sdk.codec import encode
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import (
    Chunk,
    Declaration,
    Error,
    GeneratorInfo,
    Input,
    Limits,
    Message,
    Receipt,
    Save,
    Saved,
    Stinger,
    Welcome,
)

HELLO: Final = {"versions": [1], "client": "replay"}

# Names and values that a game sets: good, beyond the range, of a wrong type, misspelt, not finite.
SETTINGS: Final[tuple[tuple[str, Any], ...]] = (
    ("threat", {"$real": 0.25}),
    ("threat", {"$real": 0.75}),
    ("threat", 1),
    ("threat", {"$real": 7.5}),
    ("threat", {"$real": "nan"}),
    ("threat", "high"),
    ("enemies", 3),
    ("enemies", {"$real": 4.0}),
    ("enemies", {"$real": 4.5}),
    ("enemies", 2**53),
    ("place", "forest"),
    ("place", "crypt"),
    ("place", "crypta"),
    ("place", 5),
    ("boss", True),
    ("boss", False),
    ("boss", 1),
    ("hit", True),
    ("thret", 1),
    ("", 1),
    ("x" * 65, 1),
)

INPUTS: Final = (
    Input(name="threat", type="number", low=0.0, high=1.0, default=0.0),
    Input(name="enemies", type="integer", low=0.0, high=100.0, default=0),
    Input(name="place", type="choice", of=("forest", "crypt"), default="forest"),
    Input(name="boss", type="flag", default=False),
    Input(name="hit", type="trigger"),
    Input(name="door", type="trigger"),
)

# Of another rule file, which lacks an input and a trigger.
FEWER: Final = INPUTS[1:5]

FIRES: Final = ("hit", "hit", "door", "threat", "hitt", "")

CHUNK: Final = 2 * FRAME_SIZE

# Whose samples the player may find not finite.
PLAYED: Final[dict[str, Chunk | Stinger]] = {
    "chunk": Chunk(
        seq=7,
        take=0,
        start=0,
        count=FRAME_SIZE,
        mixed=False,
        format="s16le",
        generator="score",
        pcm=bytes(4 * FRAME_SIZE),
    ),
    "stinger": Stinger(id=3, name="victory", kind="placed", start=0, total=2, count=2, pcm=bytes(16)),
}

UNPLAYABLE: Final = ({"kind": "chunk", "number": "seq", "is": 7}, {"kind": "stinger", "number": "id", "is": 3})


def welcome(key: bytes, *, resumed: bool, events_per_second: int, rules: Declaration) -> Welcome:
    """The service's greeting."""
    return Welcome(
        version=1,
        session="s",
        key=key,
        resumed=resumed,
        service="recorded",
        format="f32le",
        sample_rate=SAMPLE_RATE,
        channels=2,
        frame_size=FRAME_SIZE,
        lookahead_ms=4_000,
        chunk_frames=2,
        resume_window_ms=30_000,
        paused_window_ms=1_800_000,
        seed=1,
        generator=GeneratorInfo(name="score"),
        limits=Limits(events_per_second=events_per_second, header_bytes=262_144),
        rules=rules,
    )


def nonsense(draw: random.Random, greeting: Message | list[bytes]) -> Message | list[bytes]:
    """What no service says at this time, or ever. greeting: one that comes again."""
    return draw.choice(
        [
            [b"\xc1"],
            [b"\x83\xa1v\x01\xa1t\xa5music\xa3seq\x07"],
            [b"\x82\xa1v\x02\xa1t\xa6status"],
            [b"", b"", b""],
            list(map(bytes, encode(Save(id=9)))),
            [b"\x82\xa1v\x01\xa1t\xa5error"],
            greeting,
            Saved(id=99, position=0, blob=b"x"),
            Receipt(seq=draw.randint(1, 500), accepted=True, code="accepted", frame=0),
            Error(code="rate_limited", about="event", seq=3),
        ]
    )


def plain_value(value: Any) -> Any:
    if isinstance(value, dict) and "$real" in value:
        return float(value["$real"])
    return value


_NAMES: Final = {
    happened.Live: "live",
    happened.Lost: "lost",
    happened.Closed: "closed",
    happened.BeatHeard: "beat_heard",
    happened.Underrun: "underrun",
    happened.MessageRefused: "message_refused",
    happened.InputRefused: "input_refused",
    happened.EventDelayed: "event_delayed",
    happened.ChangeHeard: "change_heard",
    happened.StingerHeard: "stinger_heard",
}


def told_form(event: Any) -> list[Any]:
    """A client event as the probe gives it: its kind and its fields."""
    kind = _NAMES.get(type(event), type(event).__name__.lower())
    return [kind, _json(event)]


def _json(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: _json(getattr(value, field.name)) for field in fields(value) if field.name != "pcm"}
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_json(item) for item in value]
    return value
