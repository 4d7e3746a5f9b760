"""A live session on a virtual clock whose generator, service or game may stall at any time.

The client's clock works as in the real clients: it stops while there is no music, and starts again with a pre-roll.
While the service stalls, its client plays on and its messages wait. A game that stalls sends and plays nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Generator
from segue.runtime.journal import Operation
from segue.runtime.messages import ChunkOut, SessionMessage
from segue.runtime.planner import RulesVersion
from segue.runtime.replaying import replay
from segue.runtime.restore import make_restore_point, planner_from
from segue.runtime.scheduler import Batch, JobResult, Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import SimulatedClient
from segue.runtime.snapshot import Snapshot
from segue_rules.events import Event, Receipt
from segue_rules.plan import FramePlan
from unit.runtime.rules_versions import FIRST

# Length of a tick of the clock, in samples: half a frame, so that nothing falls on frame borders by itself.
TICK: Final = FRAME_SIZE // 2
PRE_ROLL: Final = SAMPLE_RATE // 4
REPORT_TICKS: Final = 5
_COMPARED_FRAMES: Final = 30

Action: TypeAlias = Callable[["StalledSession"], None]


@dataclass(frozen=True, kw_only=True)
class Stall:
    """A stall of the "generator" (its next job), the "service" or the "game". ticks: how long it lasts."""

    what: str
    tick: int
    ticks: int


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A time in which the client's clock stopped after the start. tick, at: when, and at which sample."""

    tick: int
    ticks: int
    at: int


class StalledSession:
    """The session, its scheduler and its client. job_ticks: how long a job takes. gaps: those that are over."""

    def __init__(
        self, generators: Sequence[Generator[Any]], config: SessionConfig, stalls: Sequence[Stall], *, job_ticks: int
    ) -> None:
        self.generators, self.config, self.job_ticks = generators, config, job_ticks
        self.session = Session(
            FIRST.rules,
            FIRST.styles,
            generators,
            config,
            journal=self._operation,
            fingerprint=FIRST.fingerprint,
        )
        # A session with the same operations and no client, so that it forgets no frame.
        self.straight = Session(FIRST.rules, FIRST.styles, generators, config, fingerprint=FIRST.fingerprint)
        self.scheduler = Scheduler(generators, timer=lambda: self.now_s)
        self.scheduler.add(self.session)
        self.client = SimulatedClient()
        self.messages: list[SessionMessage] = []
        self.saved: list[bytes] = []
        self.sent = 0
        self.gaps: list[Gap] = []
        self.playing = False
        # Samples buffered when each stall began.
        self.buffered: dict[Stall, int] = {}
        self._stalls = list(stalls)
        self._tick = 0
        self._service_back = self._game_back = 0
        self._slow: Stall | None = None
        self._running: tuple[int, Batch, JobResult] | None = None
        self._waiting: list[Callable[[], None]] = []
        self._stopped: int | None = None

    @property
    def now_s(self) -> float:
        return self._tick * TICK / SAMPLE_RATE

    def run(self, ticks: int, script: dict[int, list[Action]] | None = None) -> None:
        """Let so many ticks pass. script: what the game does at each; the service takes it when it runs."""
        for tick in range(ticks):
            self._stall()
            for act in (script or {}).get(tick, ()):
                self._waiting.append(lambda act=act: act(self))  # type: ignore[misc]
            if self._tick >= self._game_back:
                self._play()
            if self._tick >= self._service_back:
                self._serve()
                check_invariants(self.session)
            self._tick += 1

    def _operation(self, operation: Operation) -> None:
        if operation[0] in ("event", "reload", "restore"):
            for _ in replay(self.straight, self.generators, [operation]):
                pass

    def _stall(self) -> None:
        for stall in [one for one in self._stalls if one.tick == self._tick]:
            self.buffered[stall] = self.client.have - self.client.committed
            if stall.what == "generator":
                self._slow = stall
            elif stall.what == "service":
                self._service_back = self._tick + stall.ticks
                if self._running is not None:
                    end, batch, outcome = self._running
                    self._running = (end + stall.ticks, batch, outcome)
            else:
                self._game_back = self._tick + stall.ticks

    def _play(self) -> None:
        """Do a tick of the client's clock, and report."""
        client = self.client
        if not self.playing and client.have - client.committed >= PRE_ROLL:
            self.playing = True
            if self._stopped is not None:
                self.gaps.append(Gap(tick=self._stopped, ticks=self._tick - self._stopped, at=client.committed))
        if self.playing:
            client.commit(min(TICK, client.have - client.committed))
            if client.have == client.committed:
                self.playing, self._stopped = False, self._tick
        if self._tick % REPORT_TICKS == 0:
            positions = {"played": client.committed, "committed": client.committed, "have": client.have}
            paused = not self.playing
            self._waiting.append(lambda: self.session.playhead(**positions, paused=paused, now_s=self.now_s))

    def _serve(self) -> None:
        """Do a tick of the service: take what the client sent, complete and begin jobs, and send."""
        waiting, self._waiting = self._waiting, []
        for take in waiting:
            take()
        if self._running is not None and self._tick >= self._running[0]:
            _, batch, outcome = self._running
            self._running = None
            self.scheduler.complete(batch, outcome, self.now_s)
        if self._running is None and (batch := self.scheduler.next_batch(self.now_s)):
            ticks = self.job_ticks
            if self._slow is not None:
                # A replacement that came just now has cut music off.
                self.buffered[self._slow] = self.session.head * FRAME_SIZE - self.client.committed
                ticks, self._slow = ticks + self._slow.ticks, None
            self._running = (self._tick + ticks, batch, self.scheduler.generate(batch))
        assert not self.scheduler.broken()
        for message in self.session.messages():
            self.messages.append(message)
            if isinstance(message, ChunkOut):
                self.client.put(message)
                if message.start + len(message.samples) == self.session.head * FRAME_SIZE:
                    # The service takes a snapshot for the cell of each chunk.
                    check_snapshot(self, self.session.snapshot())

    # --- actions ----------------------------------------------------------------------------------------------------

    def set(self, **settings: Any) -> None:
        self._send(set=settings)

    def fire(self, name: str) -> None:
        self._send(fire=(name,))

    def reload(self, version: RulesVersion) -> None:
        self.session.reload(version.rules, version.styles, self.now_s, version.fingerprint)

    def reset(self) -> None:
        self._send(reset=True)

    def save(self) -> None:
        snapshot = self.session.snapshot()
        check_snapshot(self, snapshot)
        self.saved.append(snapshot.to_blob())

    def restore(self, ahead: int) -> None:
        """Restore the last save, or start anew. ahead: frames beyond the client's position at which to restore."""
        at = max(self.client.committed // FRAME_SIZE + ahead, self.session.reachable(self.now_s))
        opened, _ = make_restore_point(
            Snapshot.from_bytes(self.saved[-1]) if self.saved else None,
            rules=self.session.rules,
            generators=self.generators,
            primary=self.session.primary,
            frame=at,
            seed=self.config.seed,
        )
        self.session.restore(opened, at=at * FRAME_SIZE, take=self.last_take + 3, now_s=self.now_s)

    def set_primary(self, primary: int) -> None:
        self.scheduler.set_primary(self.session, primary)

    # --- results ----------------------------------------------------------------------------------------------------

    @property
    def chunks(self) -> list[ChunkOut]:
        return [message for message in self.messages if isinstance(message, ChunkOut)]

    @property
    def last_take(self) -> int:
        return max((chunk.take for chunk in self.chunks), default=0)

    @property
    def receipts(self) -> list[int]:
        return [message.sequence for message in self.messages if isinstance(message, Receipt)]

    @property
    def waiting_ticks(self) -> int:
        """How long the client's clock has stopped by now."""
        return 0 if self.playing or self._stopped is None else self._tick - self._stopped

    def _send(self, **fields: Any) -> None:
        self.sent += 1
        self.session.send(Event(sequence=self.sent, **fields), position=self.client.committed, now_s=self.now_s)


def check_invariants(session: Session) -> None:
    """Check how planner, buffer, job and restore lie relative to each other."""
    planner, buffer, job = session._planner, session._producer.buffer, session.in_flight
    pending = session._producer.pending
    assert planner.base <= buffer.head, "music continues from a frame whose state is forgotten"
    assert planner.base <= planner.switched_at or planner.switched_at < buffer.head
    assert buffer.base <= buffer.head
    assert buffer.last.first_audible == buffer.head
    assert [b.first_audible for b in buffer.boundaries] == sorted({b.first_audible for b in buffer.boundaries})
    if job is not None:
        assert planner.base <= job.spec.end, "a job may end the music where its plans are forgotten"
        assert job.origin.first_audible <= job.spec.change < job.spec.end
    if pending is not None:
        assert planner.base <= pending.boundary.first_audible, "restored music begins where its plans are forgotten"


def check_snapshot(stalled: StalledSession, snapshot: Snapshot) -> None:
    """Check that a session from a snapshot plans the same as a straight run over the same operations."""
    session, planner = stalled.session, stalled.session._planner
    pending = session._producer.pending
    start = max(planner.switched_at, session.head if pending is None else pending.boundary.first_audible)
    # If a reload lies ahead, the rules of the snapshot continue from there.
    as_restored = pending is not None and session._is_as_restored(pending)
    position = snapshot.position if as_restored else start
    opened, _ = make_restore_point(
        snapshot,
        rules=planner.rules_version.rules,
        generators=stalled.generators,
        primary=session.primary,
        frame=position,
        seed=stalled.config.seed,
    )
    ours = planner_from(planner.rules_version, opened).frames(position, start + _COMPARED_FRAMES)[start - position :]
    theirs = stalled.straight.plans(start, start + _COMPARED_FRAMES)
    assert [_audible(frame.plan) for frame in ours] == [_audible(plan) for plan in theirs]


def _audible(plan: FramePlan) -> tuple[Any, ...]:
    return plan.frame, plan.mix, plan.states, plan.controls, plan.clock
