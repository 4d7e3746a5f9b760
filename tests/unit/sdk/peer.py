"""A scripted peer for a session, and the messages it sends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from segue_sdk.client_events import ClientEvent
from segue_sdk.codec import Part, decode, encode
from segue_sdk.messages import Chunk, Input, Message, Receipt, Welcome
from segue_sdk.playback import PlaybackPosition
from segue_sdk.session import ClientSession
from segue_sdk.vectors.examples import MINIMAL

T = TypeVar("T")

INPUTS = (
    Input(name="threat", type="number", low=0, high=1e6, default=0),
    Input(name="enemies", type="integer", low=0, high=9, default=0),
    Input(name="region", type="choice", of=("forest", "crypt"), default="forest"),
    Input(name="night", type="flag", default=False),
    *(Input(name=name, type="trigger") for name in ("door", "window", "boss_dead", "x")),
)
_BARE: Welcome = next(message for message in MINIMAL if isinstance(message, Welcome))
WELCOME: Welcome = replace(_BARE, rules=replace(_BARE.rules, inputs=INPUTS))
CHUNK: Chunk = next(message for message in MINIMAL if isinstance(message, Chunk))


def chunk(
    seq: int, start: int, *, take: int = 0, cell: bytes | None = None, last_event: int = 0, mixed: bool = False
) -> Chunk:
    return replace(CHUNK, seq=seq, start=start, take=take, cell=cell, last_event=last_event, mixed=mixed)


def receipt(seq: int) -> Receipt:
    return Receipt(seq=seq, accepted=True, code="accepted", frame=seq)


def of_type(kind: type[T], messages: Sequence[object]) -> list[T]:
    return [message for message in messages if isinstance(message, kind)]


@dataclass
class Peer:
    """Drives a session with a clock and a position, and collects what it sends and reports."""

    session: ClientSession
    now_s: float = 0.0
    position: PlaybackPosition = field(default_factory=PlaybackPosition)

    def says(self, *messages: Message) -> None:
        for message in messages:
            self.session.receive(encode(message), self.now_s)

    def raw(self, *parts: Part) -> None:
        self.session.receive(parts, self.now_s)

    def tick(self, seconds: float = 0.02, **position: int | bool) -> None:
        self.now_s += seconds
        self.position = replace(self.position, **position)  # type: ignore[arg-type]
        self.session.tick(self.now_s, self.position)
        self.session.end_frame()

    def sent(self) -> list[Message]:
        return [decode(parts) for parts in self.session.to_send()]

    def client_events(self) -> list[ClientEvent]:
        return self.session.client_events()

    def go_live(self, welcome: Welcome = WELCOME) -> None:
        self.session.connected(self.now_s)
        self.says(welcome)
        self.sent()
        self.client_events()
