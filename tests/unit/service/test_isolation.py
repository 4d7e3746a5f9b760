"""An exception raised in any method that runs for one session ends that session and nothing else."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from heavy import sampled
from segue.runtime.audio_buffer import AudioBuffer
from segue.runtime.chunk_producer import ChunkProducer
from segue.runtime.jobs import DirtyTracker
from segue.runtime.latency import LatencyEstimator
from segue.runtime.message_collector import MessageCollector
from segue.runtime.planner import Planner
from segue.runtime.session import Session
from segue.service.client_limits import PlayheadValidator, RepeatedEvents, TokenBucket
from segue.service.incoming_events import BoundedCache, IncomingEvents
from segue.service.outgoing import OutgoingQueue, ResendBuffer
from segue.service.recordings import Recording
from segue.service.rule_store import RuleEdit
from segue.service.server_session import ServerSession
from segue.service.stinger_encoder import StingerEncoder
from segue_sdk.errors import ProtocolError
from segue_sdk.messages import Bye, Chunk, Control, Error, Event, EventItem, Hello, Restore, Save
from unit.service.service_harness import ServiceHarness

BROKEN, OTHER = b"broken", b"other"

# Classes of which each session has its own objects, so that all their methods run for one session alone.
PARTS = (
    ServerSession,
    Session,
    Recording,
    ResendBuffer,
    PlayheadValidator,
    OutgoingQueue,
    AudioBuffer,
    ChunkProducer,
    MessageCollector,
    LatencyEstimator,
    Planner,
    BoundedCache,
    IncomingEvents,
    RepeatedEvents,
    DirtyTracker,
    StingerEncoder,
    TokenBucket,
)


def places() -> Iterator[tuple[type, str]]:
    """Yield every method and property of these classes; a new one is tested like the others."""
    for part in PARTS:
        for name, value in vars(part).items():
            if name != "__init__" and (inspect.isfunction(value) or isinstance(value, property)):
                yield part, name


class Raising:
    """Replaces a method by one that raises once, if it runs for the session to break. reached: whether it did."""

    def __init__(self, part: type, name: str, error: Callable[[], Exception], broken: Broken) -> None:
        self._part, self._name, self._error, self._broken = part, name, error, broken
        self.reached = self.connected = False

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = vars(self._part)[self._name]

        def run(inner: Any, owner: Any, *arguments: Any, **named: Any) -> Any:
            if not self.reached and self._broken.owns(owner):
                self.reached, self.connected = True, self._broken.is_connected
                raise self._error()
            return inner(owner, *arguments, **named)

        if isinstance(before, property):
            getter = partial(run, before.fget)
            monkeypatch.setattr(self._part, self._name, property(lambda owner: getter(owner)))
        else:
            monkeypatch.setattr(self._part, self._name, lambda owner, *a, **n: run(before, owner, *a, **n))


def belongs(root: Any, part: Any) -> bool:
    """Return whether an object is part of a session."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        one = waiting.pop()
        if one is part:
            return True
        if id(one) in seen:
            continue
        seen.add(id(one))
        if type(one) in PARTS:
            waiting += vars(one).values()
    return False


class Broken:
    """Two clients of one service: the one whose session breaks does all that clients can do, the other plays on."""

    def __init__(self, folder: Path) -> None:
        self.harness = ServiceHarness(record=folder, lookahead_ms=600)
        self.committed = 0
        self.session: ServerSession | None = None
        self._owned: dict[int, tuple[Any, bool]] = {}

    def owns(self, part: Any) -> bool:
        """Return whether an object belongs to the session to break. Objects are kept, so that ids stay unique."""
        if self.session is None:
            return False
        if id(part) not in self._owned:
            recording = self.harness.sessions._recorded.get(self.session.music)
            self._owned[id(part)] = (part, part is recording or belongs(self.session, part))
        return self._owned[id(part)][1]

    @property
    def is_connected(self) -> bool:
        """Whether the client of the session to break has a connection."""
        connection = self.harness.handler._connections.get(BROKEN)
        return connection is not None and connection.session is self.session

    async def begin(self) -> None:
        for identity in (OTHER, BROKEN):
            await self.harness.greet(identity, seed=1)
            self.harness.playhead(identity, 0)
        self.session = self.harness.handler._connections[BROKEN].session
        assert self.session is not None
        self.harness.generate()

    async def play(self) -> None:
        """Let a tenth of a second pass, in which the client of the session to break does all that a client can do."""
        harness, session = self.harness, self.session
        assert session is not None
        self.committed += 4_800
        for identity in (OTHER, BROKEN):
            harness.playhead(identity, self.committed, have=self.committed, paused=False)
        number = self.committed // 4_800
        harness.event(BROKEN, number, level=0.5, deep=number % 2 == 0)
        harness.event(BROKEN, number, level=0.5)
        if number == 2:
            harness.say(BROKEN, Save(id=1))
            harness.say(BROKEN, Event(events=(EventItem(seq=100, at=0, reset=True),)))
            harness.say(BROKEN, Control(op="generator", generator="toy"))
        if number == 4:
            # A slow call is abandoned.
            harness.scheduler.abandon(harness.scheduler.next_batch(harness.now_s), harness.now_s, "a test")
        if number == 6:
            harness.say(BROKEN, Restore(id=2, at=self.committed + 96_000, take=1))
            await harness.settle()
        if number == 8:
            if session in harness.sessions:
                with harness.sessions.guard.session(session, "reload"):
                    harness.sessions.apply_edit(session, RuleEdit(name="calm", soundtrack=session.soundtrack))
            harness.handler.closed(BROKEN)
        if number == 9:
            harness.say(BROKEN, Hello(versions=(1,), client="a test", resume=session.key, last_chunk=1))
            await harness.settle()
        harness.tick(0.1)
        harness.generate()
        for session in harness.scheduler.broken():
            # As the service does when the scheduler reports a broken session.
            if (whose := harness.sessions.of(session)) is not None:
                harness.handler.end_broken(whose)


ERRORS: dict[str, Callable[[], Exception]] = {
    "a mistake": lambda: ArithmeticError("a test"),
    "too deep": lambda: RecursionError("a test"),
    "no memory": lambda: MemoryError("a test"),
    "a message that breaks a limit": lambda: ProtocolError("too_large", "a test"),
}


@pytest.mark.parametrize("error", sampled(ERRORS, 2))
def test_an_exception_in_one_session_ends_that_session_alone(
    error: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each method in turn; the other client's music goes on, and the client of the broken session comes back."""
    monkeypatch.setattr("segue.service.faults.log.exception", lambda *said, **more: None)
    monkeypatch.setattr("segue.runtime.scheduler.log.exception", lambda *said, **more: None)
    # Each kind of error is raised in every fourth method; together they cover all.
    chosen = list(places())[list(ERRORS).index(error) :: len(ERRORS)]
    reached = []

    async def check(part: type, name: str) -> None:
        broken = Broken(tmp_path)
        async with broken.harness as harness:
            await broken.begin()
            raising = Raising(part, name, ERRORS[error], broken)
            with monkeypatch.context() as patch:
                raising.install(patch)
                for _ in range(12):
                    await broken.play()
            music = harness.all(OTHER, Chunk)
            assert all(one.start + one.count == two.start for one, two in pairwise(music)), f"{part.__name__}.{name}"
            assert music[-1].start + music[-1].count >= broken.committed + 28_800, f"{part.__name__}.{name}"
            if raising.reached:
                reached.append(name)
            # A fault of a recording may end the recording alone.
            if raising.reached and not (part is Recording and broken.session in harness.sessions):
                assert broken.session not in harness.sessions, f"{part.__name__}.{name}: the session went on"
                codes = [one.code for one in harness.all(BROKEN, Error)]
                assert not raising.connected or "internal" in codes, f"{part.__name__}.{name}: its client was not told"
                assert not raising.connected or any(one.retry_ms for one in harness.all(BROKEN, Bye))
            assert not (await harness.greet(b"back")).resumed

    async def main() -> None:
        for part, name in chosen:
            await check(part, name)

    asyncio.run(main())
    assert len(reached) > len(chosen) / 2
