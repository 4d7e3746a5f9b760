"""A live session on a virtual clock with events, edits, saves, restores, resets and failures.

Unlike segue.runtime.simulation it has a scheduler, a fallback chain and actions, and keeps sound, messages and journal.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Generator
from segue.runtime.journal import Operation
from segue.runtime.messages import ChunkOut, SessionMessage, StingerOut
from segue.runtime.planner import RulesVersion
from segue.runtime.restore import RestorePoint, make_restore_point
from segue.runtime.scheduler import Batch, JobResult, Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import SimulatedClient
from segue.runtime.snapshot import Snapshot
from segue_rules.events import Event
from segue_rules.plan import Change
from unit.runtime.rules_versions import FIRST

# Length of a tick of the clock, in samples: half a frame, so that nothing falls on frame borders by itself.
TICK = FRAME_SIZE // 2

Action: TypeAlias = Callable[["SimulatedService"], None]


class SimulatedService:
    """One session with its scheduler and client. job_ticks: how long each job takes."""

    def __init__(
        self,
        generators: Sequence[Generator[Any]],
        config: SessionConfig,
        *,
        job_ticks: int = 2,
        opened: RestorePoint | None = None,
        primary: int = 0,
        version: RulesVersion = FIRST,
    ) -> None:
        self.generators, self.config, self.job_ticks = generators, config, job_ticks
        self.journal: list[Operation] = []
        self.session = Session(
            version.rules,
            version.styles,
            generators,
            config,
            journal=self.journal.append,
            primary=primary,
            restore_point=opened,
            fingerprint=version.fingerprint,
        )
        self.scheduler = Scheduler(generators, timer=lambda: self.now_s)
        self.scheduler.add(self.session)
        self.client = SimulatedClient()
        self.messages: list[SessionMessage] = []
        self.rules_version = version
        self.saved: list[bytes] = []
        self.now_s = 0.0
        self._running: tuple[int, Batch, JobResult] | None = None
        self._tick = 0
        self._events = 0

    def run(self, ticks: int, script: dict[int, list[Action]] | None = None) -> None:
        """Let so many ticks pass. script: the actions at each of them."""
        for tick in range(ticks):
            for act in (script or {}).get(tick, ()):
                act(self)
            self._step()

    def _step(self) -> None:
        committed = self.client.committed
        started = self.client.have >= SAMPLE_RATE // 4
        if self._tick % 5 == 0:
            self.session.playhead(played=committed, committed=committed, paused=not started, now_s=self.now_s)
        if self._running is not None and self._tick >= self._running[0]:
            _, batch, outcome = self._running
            self._running = None
            self.scheduler.complete(batch, outcome, self.now_s)
        if self._running is None and (batch := self.scheduler.next_batch(self.now_s)):
            self._running = (self._tick + self.job_ticks, batch, self.scheduler.generate(batch))
        for message in self.session.messages():
            self.messages.append(message)
            if isinstance(message, ChunkOut):
                self.client.put(message)
        if started:
            self.client.commit(TICK)
        self._tick += 1
        self.now_s = self._tick * TICK / SAMPLE_RATE

    # --- actions ----------------------------------------------------------------------------------------------------

    def set(self, **settings: Any) -> None:
        self._send(Event(sequence=self._next(), set=settings))

    def fire(self, name: str) -> None:
        self._send(Event(sequence=self._next(), fire=(name,)))

    def reset(self) -> None:
        self._send(Event(sequence=self._next(), reset=True))

    def reload(self, version: RulesVersion) -> int:
        self.rules_version = version
        return self.session.reload(version.rules, version.styles, self.now_s, version.fingerprint)

    def save(self) -> None:
        self.saved.append(self.session.snapshot().to_blob())

    def restore(self, data: bytes | None, ahead: int = 0) -> int:
        """Restore a blob, or start anew. ahead: frames beyond the client's position at which to restore."""
        at = self.client.committed + ahead * FRAME_SIZE
        opened, _ = make_restore_point(
            Snapshot.from_bytes(data) if data else None,
            rules=self.session.rules,
            generators=self.generators,
            primary=self.session.primary,
            frame=at // FRAME_SIZE,
            seed=self.config.seed,
        )
        return self.session.restore(opened, at=at, take=self.last_take + 3, now_s=self.now_s)

    # --- results ----------------------------------------------------------------------------------------------------

    @property
    def chunks(self) -> list[ChunkOut]:
        return [message for message in self.messages if isinstance(message, ChunkOut)]

    @property
    def last_take(self) -> int:
        return max((chunk.take for chunk in self.chunks), default=0)

    def _send(self, event: Event) -> None:
        self.session.send(event, position=self.client.committed, now_s=self.now_s)

    def _next(self) -> int:
        self._events += 1
        return self._events


def check_announcements(messages: Sequence[SessionMessage]) -> None:
    """Check that every scheduled change starts or is withdrawn before the next one, and that only known cues are.

    A change is withdrawn once, unless it is announced again. One that starts has its music: it came before, or comes
    next.
    """
    scheduled: dict[str, Change] = {}
    started: list[Change] = []
    end = 0
    told: set[tuple[str, int]] = set()
    cues = []
    for message in messages:
        if isinstance(message, Change):
            change, layer = message, message.layer
            key = layer, change.decided
            if change.kind == "withdrawn":
                assert key in told, f"nothing to withdraw: {message}"
                told.remove(key)
            else:
                told.add(key)
            if change.kind == "scheduled":
                assert layer not in scheduled, f"{scheduled[layer]} and then {message}"
                scheduled[layer] = message
            elif change.kind == "started":
                started.append(change)
                before = scheduled.pop(layer, None)
                assert before is None or before.decided == change.decided
            else:
                scheduled.pop(layer, None)
        elif isinstance(message, ChunkOut):
            end = max(end, message.plans[-1].frame + 1)
            assert all(change.start < end for change in started)
            started = []
        elif isinstance(message, StingerOut):
            if message.cancelled:
                cues.remove(message.cue)
            else:
                cues.append(message.cue)
