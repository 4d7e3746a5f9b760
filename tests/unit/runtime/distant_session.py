"""A live session on a virtual clock whose client is the SDK's timeline, behind a network with varying delays.

Jobs take a varying time, and some much longer. Chunks arrive in order, as over TCP.
"""

from __future__ import annotations

import random
from array import array
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Generator, Samples
from segue.runtime.journal import Operation
from segue.runtime.messages import ChunkOut
from segue.runtime.replaying import replay
from segue.runtime.scheduler import Batch, JobResult, Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue_rules.events import Event
from segue_rules.plan import FramePlan
from segue_sdk.timeline import Timeline
from unit.runtime.rules_versions import FIRST

# Length of a tick of the clock, in samples: a block of an audio engine.
TICKS_PER_SECOND: Final = 200
TICK: Final = SAMPLE_RATE // TICKS_PER_SECOND
_REPORT_TICKS: Final = 10


@dataclass(frozen=True, kw_only=True)
class Delays:
    """How long everything takes, in seconds.

    Attributes:
        way: The network, one way.
        jitter: What is added to it at random, at most.
        call: Every job.
        frame: Every frame of a job.
        varying: The largest random share by which a job takes longer.
        slow: What a slow job takes longer, at most.
        slow_share: The share of slow jobs.
    """

    way: float = 0.01
    jitter: float = 0.01
    call: float = 0.004
    frame: float = 0.002
    varying: float = 0.5
    slow: float = 0.0
    slow_share: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """A chunk as it reached the client.

    Attributes:
        committed: The client's position then.
        have: The end of its music then.
        playing: Whether its clock ran.
    """

    chunk: ChunkOut
    committed: int
    have: int
    playing: bool

    @property
    def opens_late(self) -> bool:
        """Whether it opened a take in music that the client had passed."""
        return self.playing and self.chunk.reason != "extend" and self.chunk.start < self.committed


class DistantSession:
    """The session, its scheduler and its client.

    Attributes:
        arrivals: The chunks that reached the client.
        played: What the client played, silence included, float32 [S, 2] for each tick.
        heard: The plan of what the client played at each tick, None while its clock stood.
        standing_ticks: How long the client's clock has stood since it began.
    """

    def __init__(
        self,
        generators: Sequence[Generator[Any]],
        config: SessionConfig,
        delays: Delays,
        *,
        seed: int = 0,
        events_a_second: float = 2.0,
    ) -> None:
        self.config, self.delays = config, delays
        self.journal: list[Operation] = []
        self.session = Session(FIRST.rules, FIRST.styles, generators, config, journal=self.journal.append)
        self.scheduler = Scheduler(generators, timer=lambda: self.now_s)
        self.scheduler.add(self.session)
        self.timeline = Timeline()
        self.arrivals: list[Arrival] = []
        self.played: list[Samples] = []
        self.heard: list[FramePlan | None] = []
        self.standing_ticks = 0
        self._rng = random.Random(seed)
        self._events_a_second = events_a_second
        self._tick = self._events = self._received = self._frozen = 0
        self._begun = False
        self._plans: dict[tuple[int, int], FramePlan] = {}
        self._to_service: deque[tuple[float, Callable[[], None]]] = deque()
        self._to_client: deque[tuple[float, ChunkOut]] = deque()
        self._running: tuple[float, Batch, JobResult] | None = None

    @property
    def tick(self) -> int:
        """The present tick."""
        return self._tick

    @property
    def now_s(self) -> float:
        return self._tick * TICK / SAMPLE_RATE

    @property
    def late(self) -> list[Arrival]:
        """The chunks that opened a take behind the client's position."""
        return [arrival for arrival in self.arrivals if arrival.opens_late]

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * SAMPLE_RATE / TICK)):
            self._play()
            if self._tick >= self._frozen:
                self._serve()
            self._tick += 1

    def run_until(self, happened: Callable[[], bool]) -> None:
        while not happened():
            self.run(TICK / SAMPLE_RATE)

    def stall(self, seconds: float) -> None:
        """Let the next job take longer by so much."""
        self.run_until(lambda: self._running is not None)
        assert self._running is not None
        end, batch, result = self._running
        self._running = (end + seconds, batch, replace(result, seconds=result.seconds + seconds))

    def freeze(self, seconds: float) -> None:
        """Let the service do nothing for so long; what it is sent waits."""
        self._frozen = self._tick + round(seconds * SAMPLE_RATE / TICK)

    def set(self, **settings: Any) -> None:
        """Send an event now."""
        self.send(set=settings)

    def send(self, **fields: Any) -> None:
        """Send an event with these fields now."""
        self._events += 1
        event, position = Event(sequence=self._events, **fields), self.timeline.committed
        self._send(lambda: self.session.send(event, position=position, now_s=self.now_s))

    # --- inside -----------------------------------------------------------------------------------------------------

    def _send(self, take: Callable[[], object]) -> None:
        self._to_service.append((self._arrival(self._to_service), lambda: (take(), None)[1]))

    def _arrival(self, queue: deque[Any]) -> float:
        soonest = self.now_s + self.delays.way + self._rng.uniform(0, self.delays.jitter)
        return max(soonest, queue[-1][0]) if queue else soonest

    def _play(self) -> None:
        timeline = self.timeline
        while self._to_client and self._to_client[0][0] <= self.now_s:
            self._take(self._to_client.popleft()[1])
        out = array("f", bytes(8 * TICK))
        frame = timeline.committed // FRAME_SIZE
        moved = timeline.read(memoryview(out))
        self.played.append(np.frombuffer(out, np.float32).reshape(-1, 2))
        take = timeline._joined or timeline._followed
        self.heard.append(self._plans.get((take.take, frame)) if moved and take else None)
        self._begun = self._begun or moved > 0
        self.standing_ticks += self._begun and moved == 0
        if self._begun and self._rng.random() < self._events_a_second * TICK / SAMPLE_RATE:
            self.set(threat=self._rng.choice([0.0, 0.2, 0.55, 1.0]))
        if self._tick % _REPORT_TICKS == 0:
            report = {"played": timeline.committed, "committed": timeline.committed, "have": timeline.have}
            standing, received, late = timeline.standing, self._received, timeline.late
            self._send(
                lambda: self.session.playhead(**report, paused=standing, received=received, late=late, now_s=self.now_s)
            )

    def _take(self, chunk: ChunkOut) -> None:
        timeline = self.timeline
        self.arrivals.append(
            Arrival(
                chunk=chunk,
                committed=timeline.committed,
                have=timeline.have,
                playing=self._begun and not timeline.standing,
            )
        )
        samples = memoryview(array("f", chunk.samples.astype("<f4").tobytes()))
        for plan in chunk.plans:
            self._plans.setdefault((chunk.take, plan.frame), plan)
        timeline.write(take=chunk.take, start=chunk.start, samples=samples, mixed=chunk.mixed)
        self._received = chunk.sequence

    def _serve(self) -> None:
        while self._to_service and self._to_service[0][0] <= self.now_s:
            self._to_service.popleft()[1]()
        if self._running is not None and self._running[0] <= self.now_s:
            _, batch, result = self._running
            self._running = None
            self.scheduler.complete(batch, result, self.now_s)
        if self._running is None and self.session.latency.committed(self.now_s) >= 0:
            self._begin()
        assert not self.scheduler.broken()
        for message in self.session.messages():
            if isinstance(message, ChunkOut):
                self._to_client.append((self._arrival(self._to_client), message))

    def _begin(self) -> None:
        batch = self.scheduler.next_batch(self.now_s)
        if batch:
            frames = sum(len(job.frames) for _, job in batch)
            delays, rng = self.delays, self._rng
            seconds = (delays.call + delays.frame * frames) * (1 + rng.uniform(0, delays.varying))
            if rng.random() < delays.slow_share:
                seconds += rng.uniform(0, delays.slow)
            result = replace(self.scheduler.generate(batch), seconds=seconds)
            self._running = (self.now_s + seconds, batch, result)


def replayed(played: DistantSession, generators: Sequence[Generator[Any]]) -> Session:
    """Check that the journal gives the same chunks, byte for byte, and return the session that played it again."""
    again = Session(FIRST.rules, FIRST.styles, generators, played.config)
    chunks = [message for message in replay(again, generators, played.journal) if isinstance(message, ChunkOut)]
    theirs = [arrival.chunk for arrival in played.arrivals]
    assert len(chunks) >= len(theirs) > 10
    for ours, sent in zip(chunks, theirs, strict=False):
        assert (ours.take, ours.start, ours.reason, ours.mixed) == (sent.take, sent.start, sent.reason, sent.mixed)
        assert ours.samples.tobytes() == sent.samples.tobytes()
    return again


def check_sound(played: DistantSession) -> None:
    """Check that what was played after the first second has no click and no hole."""
    sound = np.concatenate(played.played)[SAMPLE_RATE:]
    # The toys' sines change by less than 0.02 per sample; a click would jump.
    assert np.abs(np.diff(sound[:, 0])).max() < 0.03
    assert min(np.abs(block).max() for block in np.array_split(sound, len(sound) // 480)) > 0.1
