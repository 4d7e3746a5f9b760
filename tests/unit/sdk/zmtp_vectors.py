"""The vectors of ZMTP connections, read from their file alone."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).parents[3] / "engine_sdk" / "vectors" / "zmtp.json"
DATA: Final[dict[str, Any]] = json.loads(FILE.read_text("utf-8"))


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A whole connection; its attributes are the keys of the file."""

    name: str
    token: str
    steps: list[tuple[str, bytes]]
    messages: list[list[bytes]]
    end: str

    def said_by(self, sender: str) -> bytes:
        """All bytes of one side."""
        return b"".join(data for side, data in self.steps if side == sender)


@dataclass(frozen=True, kw_only=True)
class Received:
    """What comes to a client after the handshake."""

    name: str
    data: bytes
    messages: list[list[bytes]]
    answer: bytes


def raw(runs: Any) -> bytes:
    """Bytes as the files have them."""
    if isinstance(runs, str):
        return bytes.fromhex(runs)
    return b"".join(bytes.fromhex(run["hex"]) * run["times"] for run in runs)


def _messages(found: list[list[Any]]) -> list[list[bytes]]:
    return [[raw(part) for part in message] for message in found]


CONNECTIONS: Final = [
    Connection(
        name=each["name"],
        token=each.get("token", ""),
        steps=[(sender, raw(data)) for step in each["steps"] for sender, data in step.items()],
        messages=_messages(each["messages"]),
        end=each["end"],
    )
    for each in DATA["connections"]
]
RECEIVED: Final = [
    Received(
        name=each["name"], data=raw(each["bytes"]), messages=_messages(each["messages"]), answer=raw(each["answer"])
    )
    for each in DATA["received"]
]
REFUSALS: Final = {each["name"]: raw(each["bytes"]) for each in DATA["refusals"]}


def connection(name: str) -> Connection:
    """The connection of a name."""
    return next(each for each in CONNECTIONS if each.name == name)
