"""A simple service in a thread, over a real socket: Emberwood's declaration, music at once, answers by the protocol."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import zmq

from segue_sdk.codec import decode, encode
from segue_sdk.limits import FRAME_SIZE
from segue_sdk.messages import (
    Beat,
    Candidate,
    Cause,
    Change,
    Chunk,
    Clock,
    Control,
    Declaration,
    Event,
    EventItem,
    Hello,
    Input,
    LayerInfo,
    Message,
    Playhead,
    Receipt,
    Rules,
    Status,
    Welcome,
)
from segue_sdk.vectors.examples import MINIMAL

_WELCOME: Final = next(message for message in MINIMAL if isinstance(message, Welcome))
_CHUNK: Final = next(message for message in MINIMAL if isinstance(message, Chunk))
_COUNT: Final = 10 * FRAME_SIZE
_BEAT: Final = 24_000

EMBERWOOD: Final = Declaration(
    title="Emberwood",
    fingerprint="one",
    inputs=(
        Input(name="threat", type="number", low=0, high=1, default=0),
        Input(name="enemies", type="integer", low=0, high=64, default=0),
        Input(name="health", type="number", low=0, high=1, default=1),
        Input(name="region", type="choice", of=("forest", "crypt", "town"), default="forest"),
        Input(name="night", type="flag", default=False),
        Input(name="boss_dead", type="trigger"),
    ),
    layers=(
        LayerInfo(name="place", states=("forest", "crypt"), default="forest"),
        LayerInfo(name="action", states=("calm", "combat"), default="calm"),
    ),
    styles=("woodland", "dread", "market", "battle", "fanfare"),
    stingers=("victory",),
)


class PlayingService:
    """Combat follows threat. `events`, `controls` and `rules` hold what came: events, controls, names of rules."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self.address = socket.last_endpoint.decode()
        self.events: list[EventItem] = []
        self.controls: list[str] = []
        self.rules: list[str | None] = []
        self.greeted: Hello | None = None
        self._socket, self._identity = socket, b""
        self._saying: deque[Message] = deque()
        self._closing = threading.Event()
        self._head = self._seq = 0
        self._state = "calm"
        self._thread = threading.Thread(target=self._run, name="playing-service")
        self._thread.start()

    def send(self, message: Message) -> None:
        """Send a message without being asked."""
        self._saying.append(message)

    def close(self) -> None:
        self._closing.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            if self._socket.poll(5):
                self._identity, *parts = self._socket.recv_multipart()
                self._send(self._answers(decode(parts)))
            while self._saying:
                self._send([self._saying.popleft()])

    def _send(self, messages: list[Message]) -> None:
        for message in messages:
            self._socket.send_multipart([self._identity, *encode(message)])

    def _answers(self, message: Message) -> list[Message]:
        match message:
            case Hello():
                self.greeted = message
                status = Status(level=0, generator="score", headroom=12)
                return [replace(_WELCOME, rules=EMBERWOOD, lookahead_ms=2_000), status]
            case Playhead(committed=committed):
                return self._music(committed + 96_000)
            case Control(op="rules", rules_name=name):
                self.rules.append(name)
            case Control(op=op):
                self.controls.append(op)
            case Event(events=items):
                self.events += items
                return [answer for item in items for answer in self._react(item)]
        return []

    def _music(self, end: int) -> list[Message]:
        said: list[Message] = []
        while self._head < end:
            beats = [at for at in range(self._head, self._head + _COUNT) if at % _BEAT == 0]
            self._seq += 1
            battle = 0.75 if self._state == "combat" else 0.0
            chunk = replace(
                _CHUNK,
                seq=self._seq,
                start=self._head,
                count=_COUNT,
                format="s16le",
                states={"place": "forest", "action": self._state},
                mix={"woodland": 1 - battle, "battle": battle} if battle else {"woodland": 1.0},
                pcm=bytes(4 * _COUNT),
            )
            clock = Clock(
                start=self._head,
                end=self._head + _COUNT,
                tempo_bpm=120,
                meter=4,
                exact=True,
                beats=tuple(Beat(at=at, bar=at // _BEAT // 4, beat=at // _BEAT % 4) for at in beats),
            )
            said += [chunk, clock]
            self._head += _COUNT
        return said

    def _react(self, item: EventItem) -> list[Message]:
        frame = item.at // FRAME_SIZE + 3
        if item.set.get("enemies") == 64:
            return [Receipt(seq=item.seq, accepted=False, code="wrong_type", frame=frame, text="too many enemies")]
        said: list[Message] = [Receipt(seq=item.seq, accepted=True, code="accepted", frame=frame)]
        threat = item.set.get("threat")
        to = self._state if threat is None else "combat" if float(threat) >= 0.6 else "calm"
        if to != self._state:
            change = Change(
                kind="rendered",
                layer="action",
                from_state=self._state,
                to_state=to,
                decided=frame,
                start=frame,
                audible=frame * FRAME_SIZE,
                causes=(Cause(text=f"threat is {threat} (enter >= 0.6 is met)", input="threat", seq=item.seq),),
                candidates=(Candidate(state="boss", reason="condition false"),),
            )
            self._state = to
            said.append(change)
        return said


MORE: Final = Rules(
    declaration=replace(
        EMBERWOOD,
        fingerprint="two",
        inputs=(*EMBERWOOD.inputs, Input(name="weather", type="choice", of=("sun", "rain"), default="sun")),
    )
)


SWITCHED: Final = Rules(
    declaration=replace(
        EMBERWOOD,
        fingerprint="three",
        inputs=(
            *EMBERWOOD.inputs,
            *(Input(name=f"mute:{layer.name}", type="flag", default=False) for layer in EMBERWOOD.layers),
        ),
        layers=(
            *EMBERWOOD.layers,
            *(
                LayerInfo(name=f"mute:{layer.name}", states=("heard", "muted"), default="heard")
                for layer in EMBERWOOD.layers
            ),
        ),
    )
)
"""With a switch for each layer."""


@contextmanager
def playing_service() -> Iterator[PlayingService]:
    with zmq.Context() as context, context.socket(zmq.ROUTER) as socket:
        socket.linger = 0
        socket.bind("tcp://127.0.0.1:*")
        service = PlayingService(socket)
        try:
            yield service
        finally:
            service.close()
