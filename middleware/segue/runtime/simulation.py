"""A session under a virtual clock: straight, as the events are written, or live, with a client's buffer and latency.

Both drive a real session; only the clock and the client are simulated, so both are deterministic.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from segue.audio.fades import crossfade, fade_in
from segue.contract import (
    CHANNELS,
    FADE_SAMPLES,
    FRAME_RATE,
    FRAME_SIZE,
    JOIN_SAMPLES,
    PRE_ROLL_S,
    SAMPLE_RATE,
    Generator,
    Samples,
)
from segue.runtime.jobs import Job
from segue.runtime.messages import ChunkOut, SessionMessage
from segue.runtime.planner import RulesVersion
from segue.runtime.session import Session
from segue_rules.events import ScriptedEvent
from segue_rules.plan import FramePlan

_TICK_SAMPLES = SAMPLE_RATE // 200
_REPORT_TICKS = 10
# Committed sound is passed on in blocks of so much.
_PASSED_SAMPLES = 8 * SAMPLE_RATE


class SimulatedClient:
    """A client's timeline as in the protocol: takes chunks, gives samples to the engine in order, and keeps both.

    Attributes:
        committed: The first sample that the engine has not taken yet.
        late: Number of chunks that began before `committed`.
        underrun_samples: Samples of silence, because there was no music.
    """

    def __init__(self, pass_on: Callable[[Samples], None] | None = None) -> None:
        """pass_on: gets the committed sound in blocks, float32 [S, 2], the last by `flush`; it is not kept then."""
        self._pass_on = pass_on
        # The position of the first sample that is kept.
        self._first = 0
        self.committed = 0
        self.late = 0
        self.underrun_samples = 0
        # The ends of the newest music, and of the older music that may lie behind it.
        self._end = self._older_end = 0
        # The older music under the end of the newest, to join it there; empty where none lies behind.
        self._under_end: Samples = np.zeros((0, CHANNELS), np.float32)
        self._samples: Samples = np.zeros((SAMPLE_RATE, CHANNELS), np.float32)
        self._plans: list[FramePlan | None] = []

    @property
    def have(self) -> int:
        """The end of the newest music, in samples."""
        return self._end

    def put(self, chunk: ChunkOut) -> None:
        """Write a chunk, as far as it is not committed yet; what lies behind it is older music.

        Raises:
            ValueError: The chunk extends the music but leaves a gap.
        """
        start, samples = chunk.start, chunk.samples
        if start < self.committed:
            self.late += 1
            samples, start = samples[self.committed - start :], self.committed
        if len(samples) == 0:
            return
        fresh = chunk.reason != "extend" and not chunk.mixed
        if start > self._end and start <= self._older_end:
            self._join_older()
        elif start > self._end and not fresh:
            raise ValueError(f"expected a chunk at or before sample {self._end}, got {start}")
        has_joined_older = self._end < self._older_end and len(self._under_end) == 0
        if start > chunk.start or fresh or (has_joined_older and not chunk.mixed):
            # The service has not crossfaded it from the music that is here.
            old = self._between(start, min(start + JOIN_SAMPLES, self._older_end))
            length = min(len(old), len(samples))
            if length:
                samples = samples.copy()
                samples[:length] = crossfade(old[:length], samples[:length])
            elif fresh and self._end:
                samples = fade_in(samples, FADE_SAMPLES)
        self._write(start, samples)
        first = -(-start // FRAME_SIZE)
        plans = chunk.plans[first - chunk.start // FRAME_SIZE :]
        self._plans[first : first + len(plans)] = plans

    def commit(self, count: int) -> None:
        """Give the next `count` samples to the engine: older music behind the newest, silence where there is none."""
        end = self.committed + count
        # What ends where the newest music ends needs no more.
        if self._end - JOIN_SAMPLES < end != self._end and self._older_end - self._end >= FADE_SAMPLES:
            self._join_older()
        missing = end - self._older_end
        if missing > 0:
            self.underrun_samples += missing
            self._silence_to(self._older_end + missing)
        self.committed += count
        self._end = max(self._end, self.committed)
        if self._pass_on is not None and self.committed - self._first >= _PASSED_SAMPLES:
            self.flush()

    def flush(self) -> None:
        """Pass on what is committed and was not passed on yet."""
        if self._pass_on is None or self.committed == self._first:
            return
        self._pass_on(self._between(self._first, self.committed).copy())
        rest = self._between(self.committed, self._older_end).copy()
        self._first = self.committed
        self._samples[: len(rest)] = rest

    def playback(self) -> Samples:
        """Return the committed sound that is kept, float32 [S, 2]."""
        return self._between(self._first, self.committed)

    def playback_plans(self) -> list[FramePlan | None]:
        """Return the plan of each committed frame, None where there was no music."""
        return self._plans[: -(-self.committed // FRAME_SIZE)]

    def _join_older(self) -> None:
        """Crossfade the end of the newest music into the older music behind it."""
        length = min(len(self._under_end), max(0, self._end - self.committed))
        if length:
            tail = self._between(self._end - length, self._end)
            tail[:] = crossfade(tail.copy(), self._under_end[-length:])
        self._under_end = self._under_end[:0]

    def _write(self, start: int, samples: Samples) -> None:
        end = start + len(samples)
        if start > self._older_end:
            self._silence_to(start)
        join = end - min(JOIN_SAMPLES, len(samples))
        self._under_end = self._between(join, end if end < self._older_end else join).copy()
        self._grow_to(end)
        self._between(start, end)[:] = samples
        self._end = end

    def _between(self, start: int, end: int) -> Samples:
        """Return the kept samples of these positions."""
        return self._samples[start - self._first : end - self._first]

    def _silence_to(self, end: int) -> None:
        silence = self._older_end
        self._grow_to(end)
        self._between(silence, end)[:] = 0.0
        self._plans += [None] * (-(-end // FRAME_SIZE) - len(self._plans))

    def _grow_to(self, end: int) -> None:
        """Set the end of all music at least to a position; the memory is doubled as needed."""
        size = end - self._first
        if size > len(self._samples):
            grown = np.zeros((max(size, 2 * len(self._samples)), CHANNELS), np.float32)
            grown[: self._older_end - self._first] = self._between(self._first, self._older_end)
            self._samples = grown
        self._older_end = max(self._older_end, end)


def straight(
    session: Session,
    generators: Sequence[Generator[Any]],
    events: Sequence[ScriptedEvent],
    frames: int,
    edits: Sequence[tuple[int, RulesVersion]] = (),
) -> Iterator[SessionMessage]:
    """Play a fresh session; each event takes effect in its own frame.

    Args:
        session: The session.
        generators: Its fallback chain.
        events: The script.
        frames: How many frames to play.
        edits: Other rules and the frames from which on they are followed, by frame.

    Yields:
        The session's messages.
    """
    for scripted in events:
        session.apply_event(scripted.event, scripted.frame)
    for frame, rules_version in edits:
        session.apply_reload(rules_version, frame)
    while session.head < frames:
        position = session.head * FRAME_SIZE
        session.playhead(played=position, committed=position, paused=True, now_s=0.0)
        spec = session.next_job(now_s=0.0)
        assert spec is not None, "a session whose head is committed has a next job"
        job = session.begin(spec, now_s=0.0)
        (result,) = generators[spec.level].generate([job.request])
        session.complete(job, result, seconds=0.0)
        yield from session.messages()


@dataclass(frozen=True, kw_only=True)
class LiveConditions:
    """The conditions of a live simulation.

    Attributes:
        generation_s: Time to generate a second of music.
        overhead_s: Time of every job, however short.
        engine_s: Time from the engine to the loudspeaker.
        pre_roll_s: Sound that the client waits for before it starts.
        stall_at_s: The first job begun after this time takes longer.
        stall_s: By how much it takes longer.
    """

    generation_s: float = 0.1
    overhead_s: float = 0.02
    engine_s: float = 0.05
    pre_roll_s: float = PRE_ROLL_S
    stall_at_s: float = math.inf
    stall_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class SentEvent:
    """An event as the simulated game sent it.

    Attributes:
        position: The sample heard then.
    """

    sequence: int
    position: int


@dataclass(kw_only=True)
class LiveRun:
    """The result of a live simulation.

    Attributes:
        client: The client, with what was played.
        messages: Each message with the sample heard when it came.
        sent: The events in order.
        levels: Pairs of the sample heard and the samples buffered.
        generated_frames: Frames generated, repetitions included.
        repeated_frames: Frames generated more than once.
    """

    client: SimulatedClient
    messages: list[tuple[int, SessionMessage]] = field(default_factory=list)
    sent: list[SentEvent] = field(default_factory=list)
    levels: list[tuple[int, int]] = field(default_factory=list)
    generated_frames: int = 0
    repeated_frames: int = 0


def live(
    session: Session,
    generators: Sequence[Generator[Any]],
    events: Sequence[ScriptedEvent],
    frames: int,
    conditions: LiveConditions,
    progress: Callable[[int], None] = lambda frames: None,
    pass_on: Callable[[Samples], None] | None = None,
) -> LiveRun:
    """Play a session in real time on a virtual clock; an event is sent when the client plays its time.

    Args:
        session: The session.
        generators: Its fallback chain.
        events: The script.
        frames: How many frames to play.
        conditions: Generation times, latency and buffer.
        progress: Gets the frames committed so far.
        pass_on: Gets the committed sound in blocks, float32 [S, 2]; the run keeps no sound then.
    """
    client = SimulatedClient(pass_on)
    run = LiveRun(client=client)
    waiting = deque(events)
    in_flight: tuple[int, Job] | None = None
    tick, started, stalled, end = 0, False, False, frames * FRAME_SIZE
    received = furthest = 0
    while client.committed < end:
        now_s = tick * _TICK_SAMPLES / SAMPLE_RATE
        if started:
            client.commit(min(_TICK_SAMPLES, end - client.committed))
        played = max(0, client.committed - round(conditions.engine_s * SAMPLE_RATE))
        if in_flight is not None and tick >= in_flight[0]:
            job = in_flight[1]
            (result,) = generators[job.spec.level].generate([job.request])
            session.complete(job, result, seconds=_job_s(job, conditions), now_s=now_s)
            in_flight = None
        if tick % _REPORT_TICKS == 0:
            session.playhead(
                played=played,
                committed=client.committed,
                paused=not started,
                now_s=now_s,
                received=received,
                late=client.late,
            )
            run.levels.append((played, client.have - client.committed))
        while waiting and waiting[0].frame * FRAME_SIZE <= played and started:
            scripted = waiting.popleft()
            run.sent.append(SentEvent(sequence=scripted.event.sequence, position=played))
            session.send(scripted.event, position=played, now_s=now_s)
        if in_flight is None and (spec := session.next_job(now_s)) is not None:
            job = session.begin(spec, now_s)
            seconds = _job_s(job, conditions)
            if not stalled and now_s >= conditions.stall_at_s:
                stalled, seconds = True, seconds + conditions.stall_s
            in_flight = (tick + max(1, round(seconds * SAMPLE_RATE / _TICK_SAMPLES)), job)
            run.generated_frames += spec.end - spec.origin
            run.repeated_frames += max(0, min(spec.end, furthest) - spec.origin)
            furthest = max(furthest, spec.end)
        received = max(received, _deliver(session, run, played, keeps_sound=pass_on is None))
        progress(client.committed // FRAME_SIZE)
        started = started or client.have >= conditions.pre_roll_s * SAMPLE_RATE
        tick += 1
    client.flush()
    return run


def without_sound(message: SessionMessage) -> SessionMessage:
    """Return a message with silence in place of a chunk's sound, which has the same length and takes no memory."""
    if not isinstance(message, ChunkOut):
        return message
    silence = np.broadcast_to(np.float32(0), message.samples.shape)
    return replace(message, samples=silence, stems={})


def _deliver(session: Session, run: LiveRun, played: int, *, keeps_sound: bool) -> int:
    """Give the client the session's messages; return the number of the last chunk, 0 if there is none."""
    last = 0
    for message in session.messages():
        run.messages.append((played, message if keeps_sound else without_sound(message)))
        if isinstance(message, ChunkOut):
            run.client.put(message)
            last = message.sequence
    return last


def _job_s(job: Job, conditions: LiveConditions) -> float:
    frames = job.spec.end - job.spec.origin
    return conditions.overhead_s + frames / FRAME_RATE * conditions.generation_s
