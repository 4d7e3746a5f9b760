"""Many sessions on one scheduler, under a virtual clock: clients in real time, workers with given generation times.

Each client plays what it gets and switches a flag now and then. The delay of each change is measured.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Generator, StyleBanks
from segue.runtime.messages import ChunkOut
from segue.runtime.scheduler import Batch, JobResult, Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import SimulatedClient
from segue_rules.events import Event
from segue_rules.model import Rules
from segue_rules.plan import Change

TICK = SAMPLE_RATE // 500
_REPORT_TICKS = 25
_PRE_ROLL = SAMPLE_RATE * 3 // 10


@dataclass(kw_only=True)
class ServedClient:
    """One session and its client.

    Attributes:
        sent: Sample committed when each event was sent.
        audible: Sample from which each event is to be heard, until its sound comes.
        reactions: Samples from an event to the commit of the sound that it causes.
        least: Least music buffered so far, in samples.
        underruns: How often the music ran out; the clock stands then until there is enough again.
        silent: Samples of silence after an underrun.
    """

    session: Session
    timeline: SimulatedClient = field(default_factory=SimulatedClient)
    started: bool = False
    due_tick: int = 0
    value: bool = False
    events: int = 0
    received: int = 0
    sent: dict[int, int] = field(default_factory=dict)
    audible: dict[int, int] = field(default_factory=dict)
    reactions: list[int] = field(default_factory=list)
    chunks: list[ChunkOut] = field(default_factory=list)
    least: int = 1 << 60
    underruns: int = 0
    silent: int = 0


class ManySessions:
    """Sessions, their clients, and workers that generate.

    Attributes:
        clients: One for each session.
        busy_s: Time that the workers were busy.
        made_frames: Frames generated, repetitions included.
        order: Seed and reason of each job, in order.
    """

    def __init__(
        self,
        rules: Rules,
        styles: StyleBanks,
        generators: Sequence[Generator[Any]],
        *,
        sessions: int,
        flag: str,
        every_s: float,
        workers: int = 1,
        frame_s: float = 0.002,
        call_s: float = 0.002,
        simple_frame_s: float = 0.0002,
        jitter: float = 0.0,
        lookahead_s: float = 4.0,
    ) -> None:
        """Begin the sessions.

        Args:
            rules: The rules, with a flag.
            styles: Their styles.
            generators: The fallback chain.
            sessions: Number of sessions.
            flag: Name of the flag.
            every_s: Mean time between two events of a session.
            workers: How many batches are generated at once.
            frame_s: Time to generate a frame.
            call_s: Time of every call on top of that.
            simple_frame_s: Time to generate a frame on a lower level of the fallback chain.
            jitter: Largest random share by which the time of a frame grows.
            lookahead_s: The lookahead of each session.
        """
        self.now_s = 0.0
        self.scheduler = Scheduler(generators, timer=lambda: self.now_s)
        self.clients = []
        self._rng = random.Random(1)
        self._flag, self._every_s, self._workers = flag, every_s, workers
        self._frame_s, self._call_s, self._jitter = frame_s, call_s, jitter
        self._simple_frame_s = simple_frame_s
        for seed in range(sessions):
            session = Session(rules, styles, generators, SessionConfig(seed=seed, lookahead_s=lookahead_s))
            self.scheduler.add(session)
            self.clients.append(ServedClient(session=session, due_tick=self._next_event(SAMPLE_RATE * 6 // TICK)))
        self._tick = 0
        self._running: list[tuple[float, Batch]] = []
        self.busy_s = 0.0
        self.made_frames = 0
        self.order: list[tuple[int, str]] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * SAMPLE_RATE / TICK)):
            self._step()

    def stand_still(self, seconds: float) -> None:
        """Let the clients play on while nothing is generated."""
        for _ in range(round(seconds * SAMPLE_RATE / TICK)):
            for number, client in enumerate(self.clients):
                self._play(client, number)
            self._tick += 1
            self.now_s = self._tick * TICK / SAMPLE_RATE

    def _next_event(self, tick: int) -> int:
        return tick + round(self._every_s * self._rng.uniform(0.5, 1.5) * SAMPLE_RATE / TICK)

    def _step(self) -> None:
        for number, client in enumerate(self.clients):
            self._play(client, number)
        for entry in [entry for entry in self._running if entry[0] <= self.now_s]:
            self._running.remove(entry)
            batch = entry[1]
            self.scheduler.complete(batch, self._outcome(batch), self.now_s)
        while len(self._running) < self._workers and (batch := self.scheduler.next_batch(self.now_s)):
            frames = sum(len(job.frames) for _, job in batch)
            frame_s = self._frame_s if batch[0][1].spec.level == 0 else self._simple_frame_s
            seconds = self._call_s + frame_s * frames * (1 + self._rng.uniform(0, self._jitter))
            self.busy_s += seconds
            self.made_frames += frames
            self.order += [(session.config.seed, job.spec.reason) for session, job in batch]
            self._running.append((self.now_s + seconds, batch))
        for client in self.clients:
            self._deliver(client)
        self._tick += 1
        self.now_s = self._tick * TICK / SAMPLE_RATE

    def _outcome(self, batch: Batch) -> JobResult:
        return self.scheduler.generate(batch)

    def _play(self, client: ServedClient, number: int) -> None:
        timeline, session = client.timeline, client.session
        if client.started and timeline.have - timeline.committed < TICK:
            client.started, client.underruns = False, client.underruns + 1
        client.started = client.started or timeline.have - timeline.committed >= _PRE_ROLL
        if not client.started:
            client.silent += TICK if timeline.committed else 0
        else:
            timeline.commit(TICK)
            client.least = min(client.least, timeline.have - timeline.committed)
        committed = timeline.committed
        if (self._tick + 3 * number) % _REPORT_TICKS == 0:
            session.playhead(
                played=committed,
                committed=committed,
                paused=not client.started,
                now_s=self.now_s,
                have=max(committed, timeline.have),
                received=client.received,
                late=timeline.late,
                underruns=client.underruns,
            )
        if self._tick >= client.due_tick and client.started:
            client.due_tick = self._next_event(self._tick)
            client.events += 1
            client.value = not client.value
            client.sent[client.events] = committed
            event = Event(sequence=client.events, set={self._flag: client.value})
            session.send(event, position=committed, now_s=self.now_s)

    def _deliver(self, client: ServedClient) -> None:
        for message in client.session.messages():
            if isinstance(message, ChunkOut):
                client.received = message.sequence
                client.chunks.append(message)
                for number, audible in list(client.audible.items()):
                    if message.reason != "extend" and message.start <= audible:
                        heard = max(audible, client.timeline.committed)
                        client.reactions.append(heard - client.sent[number])
                        del client.audible[number]
                client.timeline.put(message)
            elif isinstance(message, Change) and message.kind == "started":
                for cause in message.causes:
                    if cause.sequence in client.sent and cause.sequence not in client.audible:
                        client.audible[cause.sequence] = message.start * FRAME_SIZE
