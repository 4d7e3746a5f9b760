"""A session under a virtual clock: straight, as the events are written, or live, with a buffer and generation times.

Both walk the way of a real session; only the clock and the client are made up, so both are deterministic.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE, Generator, Samples
from segue.runtime.listener import Listener
from segue.runtime.messages import ChunkOut, Message
from segue.runtime.session import Session
from segue.runtime.wants import Job
from segue_rules.events import ScriptedEvent

_TICK_SAMPLES = SAMPLE_RATE // 200
_REPORT_TICKS = 10


def straight(
    session: Session, generators: Sequence[Generator[Any]], events: Sequence[ScriptedEvent], frames: int
) -> Iterator[Message]:
    """Everything a fresh session says while it plays `frames` frames, each event taking effect in its own frame."""
    for scripted in events:
        session.apply(scripted.event, scripted.frame)
    while session.head < frames:
        position = session.head * FRAME_SIZE
        session.playhead(played=position, committed=position, paused=True, now_s=0.0)
        want = session.want(now_s=0.0)
        assert want is not None, "a session whose head is committed wants more"
        job = session.begin(want, now_s=0.0)
        (result,) = generators[want.rung].generate([job.request])
        session.complete(job, result, seconds=0.0)
        yield from session.messages()


@dataclass(frozen=True, kw_only=True)
class LiveConditions:
    """What a live session meets.

    generation_s: time to generate a second of music. overhead_s: of every job, however short. engine_s: between
    `committed` and the ear. pre_roll_s: sound the client waits for before it starts. stall_at_s, stall_s: the first job
    begun after that time takes so much longer.
    """

    generation_s: float = 0.1
    overhead_s: float = 0.02
    engine_s: float = 0.05
    pre_roll_s: float = 0.3
    stall_at_s: float = math.inf
    stall_s: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Sent:
    """An event as the simulated game sent it. position: the sample heard then."""

    sequence: int
    position: int


@dataclass(kw_only=True)
class LiveRun:
    """What came of a live simulation. messages: with the sample heard as each was said. levels: (sample, buffered)."""

    listener: Listener
    messages: list[tuple[int, Message]] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
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
    hear: Callable[[Samples], None] | None = None,
) -> LiveRun:
    """Play `frames` frames in real time on a virtual clock; an event is sent when its time is heard.

    progress: told the frames committed. hear: given what is heard, block by block; the run keeps no sound then.
    """
    run = LiveRun(listener=Listener(hear))
    waiting = deque(events)
    in_flight: tuple[int, Job] | None = None
    tick, started, stalled, end = 0, False, False, frames * FRAME_SIZE
    received = furthest = 0
    while run.listener.committed < end:
        now_s = tick * _TICK_SAMPLES / SAMPLE_RATE
        if started:
            run.listener.commit(min(_TICK_SAMPLES, end - run.listener.committed))
        heard = max(0, run.listener.committed - round(conditions.engine_s * SAMPLE_RATE))
        if in_flight is not None and tick >= in_flight[0]:
            job = in_flight[1]
            (result,) = generators[job.want.rung].generate([job.request])
            session.complete(job, result, seconds=_job_s(job, conditions), now_s=now_s)
            in_flight = None
        if tick % _REPORT_TICKS == 0:
            session.playhead(
                played=heard,
                committed=run.listener.committed,
                paused=not started,
                now_s=now_s,
                received=received,
                late=run.listener.late,
            )
            run.levels.append((heard, run.listener.have - run.listener.committed))
        while waiting and waiting[0].frame * FRAME_SIZE <= heard and started:
            scripted = waiting.popleft()
            run.sent.append(Sent(sequence=scripted.event.sequence, position=heard))
            session.send(scripted.event, position=heard, now_s=now_s)
        if in_flight is None and (want := session.want(now_s)) is not None:
            job = session.begin(want, now_s)
            seconds = _job_s(job, conditions)
            if not stalled and now_s >= conditions.stall_at_s:
                stalled, seconds = True, seconds + conditions.stall_s
            in_flight = (tick + max(1, round(seconds * SAMPLE_RATE / _TICK_SAMPLES)), job)
            run.generated_frames += want.end - want.origin
            run.repeated_frames += max(0, min(want.end, furthest) - want.origin)
            furthest = max(furthest, want.end)
        received = max(received, _deliver(session, run, heard, sound=hear is None))
        progress(run.listener.committed // FRAME_SIZE)
        started = started or run.listener.have >= conditions.pre_roll_s * SAMPLE_RATE
        tick += 1
    run.listener.flush()
    return run


def without_sound(message: Message) -> Message:
    """All that a message says but a chunk's sound, of which the length alone is left: zeros that take no memory."""
    if not isinstance(message, ChunkOut):
        return message
    silence = np.broadcast_to(np.float32(0), message.samples.shape)
    return replace(message, samples=silence, stems={})


def _deliver(session: Session, run: LiveRun, heard: int, *, sound: bool) -> int:
    """Give the client what the session says. Returns: the number of the last chunk, 0 if there is none."""
    last = 0
    for message in session.messages():
        run.messages.append((heard, message if sound else without_sound(message)))
        if isinstance(message, ChunkOut):
            run.listener.put(message)
            last = message.sequence
    return last


def _job_s(job: Job, conditions: LiveConditions) -> float:
    frames = job.want.end - job.want.origin
    return conditions.overhead_s + frames / FRAME_RATE * conditions.generation_s
