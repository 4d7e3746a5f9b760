"""Many sessions on one scheduler, under a virtual clock: clients in real time, workers that take as long as told.

Each client plays what it gets and turns a flag over now and then; what is measured is what its player would hear.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Generator, StyleBank
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
class Player:
    """One session and its client. reactions: samples from an event to the sound it causes handed over."""

    session: Session
    client: SimulatedClient = field(default_factory=SimulatedClient)
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


class Crowd:
    """every_s: mean time between two events of a session. workers: how many batches are made at once.

    frame_s, call_s: time to make a frame, and of every call. jitter: by how much that may vary, as a share.
    """

    def __init__(
        self,
        rules: Rules,
        styles: StyleBank,
        generators: Sequence[Generator[Any]],
        *,
        sessions: int,
        flag: str,
        every_s: float,
        workers: int = 1,
        frame_s: float = 0.002,
        call_s: float = 0.002,
        jitter: float = 0.0,
        lookahead_s: float = 4.0,
    ) -> None:
        self.now_s = 0.0
        self.scheduler = Scheduler(generators, timer=lambda: self.now_s)
        self.players = []
        self._dice = random.Random(1)
        self._flag, self._every_s, self._workers = flag, every_s, workers
        self._frame_s, self._call_s, self._jitter = frame_s, call_s, jitter
        for seed in range(sessions):
            session = Session(rules, styles, generators, SessionConfig(seed=seed, lookahead_s=lookahead_s))
            self.scheduler.add(session)
            self.players.append(Player(session=session, due_tick=self._next_event(SAMPLE_RATE * 6 // TICK)))
        self._tick = 0
        self._running: list[tuple[float, Batch]] = []
        self.busy_s = 0.0
        self.made_frames = 0
        self.order: list[tuple[int, str]] = []

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * SAMPLE_RATE / TICK)):
            self._step()

    def _next_event(self, tick: int) -> int:
        return tick + round(self._every_s * self._dice.uniform(0.5, 1.5) * SAMPLE_RATE / TICK)

    def _step(self) -> None:
        for number, player in enumerate(self.players):
            self._play(player, number)
        for entry in [entry for entry in self._running if entry[0] <= self.now_s]:
            self._running.remove(entry)
            batch = entry[1]
            self.scheduler.complete(batch, self._outcome(batch), self.now_s)
        while len(self._running) < self._workers and (batch := self.scheduler.next_batch(self.now_s)):
            frames = sum(len(job.frames) for _, job in batch)
            seconds = self._call_s + self._frame_s * frames * (1 + self._dice.uniform(0, self._jitter))
            self.busy_s += seconds
            self.made_frames += frames
            self.order += [(session.config.seed, job.spec.reason) for session, job in batch]
            self._running.append((self.now_s + seconds, batch))
        for player in self.players:
            self._deliver(player)
        self._tick += 1
        self.now_s = self._tick * TICK / SAMPLE_RATE

    def _outcome(self, batch: Batch) -> JobResult:
        return self.scheduler.generate(batch)

    def _play(self, player: Player, number: int) -> None:
        client, session = player.client, player.session
        player.started = player.started or client.have >= _PRE_ROLL
        if player.started:
            client.commit(TICK)
            player.least = min(player.least, client.have - client.committed)
        committed = client.committed
        if (self._tick + 3 * number) % _REPORT_TICKS == 0:
            session.playhead(
                played=committed,
                committed=committed,
                paused=not player.started,
                now_s=self.now_s,
                have=max(committed, client.have),
                received=player.received,
                late=client.late,
            )
        if self._tick >= player.due_tick and player.started:
            player.due_tick = self._next_event(self._tick)
            player.events += 1
            player.value = not player.value
            player.sent[player.events] = committed
            event = Event(sequence=player.events, set={self._flag: player.value})
            session.send(event, position=committed, now_s=self.now_s)

    def _deliver(self, player: Player) -> None:
        for message in player.session.messages():
            if isinstance(message, ChunkOut):
                player.received = message.sequence
                player.chunks.append(message)
                for number, audible in list(player.audible.items()):
                    if message.reason != "extend" and message.start <= audible:
                        heard = max(audible, player.client.committed)
                        player.reactions.append(heard - player.sent[number])
                        del player.audible[number]
                player.client.put(message)
            elif isinstance(message, Change) and message.kind == "started":
                for cause in message.causes:
                    if cause.sequence in player.sent and cause.sequence not in player.audible:
                        player.audible[cause.sequence] = message.start * FRAME_SIZE
