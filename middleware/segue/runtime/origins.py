"""Where a job's generation starts: a generator's state, and the frames that it plays before it is heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from segue.contract import Generator
from segue.runtime.audio_buffer import AudioBuffer, ChunkBoundary
from segue.runtime.fallback import Loop
from segue.runtime.jobs import Job, JobSpec
from segue.runtime.planner import PlannedFrame, Planner
from segue.runtime.restore import lead_before
from segue.runtime.session_config import SessionConfig


def job_origin(
    spec: JobSpec,
    *,
    buffer: AudioBuffer,
    planner: Planner,
    generators: Sequence[Generator[Any]],
    pending: ChunkBoundary | None,
    config: SessionConfig,
) -> ChunkBoundary:
    """Return the boundary that a job is generated from.

    Args:
        spec: The job.
        buffer: The music so far.
        planner: Plans what is generated and not heard before the job's first new frame.
        generators: The fallback chain.
        pending: The boundary of restored music that is to take over, None for none.
        config: The session's numbers.
    """
    before = buffer.last if spec.reason == "skip" else buffer.boundary_before(spec.change)
    if spec.reason in ("extend", "replace") and buffer.newest_before(spec.change) == spec.change:
        return before
    if spec.reason == "restore" and pending is not None:
        before = pending
        if before.level != spec.level:
            (first,) = planner.frames(spec.change, spec.change + 1)
            lead = lead_before(first, spec.change - spec.origin)
            return _fresh(spec, lead, before, buffer, generators, config)
        return _continued(before, spec, planner)
    if spec.reason in ("skip", "replace") and (before.frame, before.level) == (spec.origin, spec.level):
        return _continued(before, spec, planner)
    # What was heard before comes from the buffer, what lies in a gap or in older music is planned.
    known = min(max(spec.origin, buffer.newest_before(spec.change)), spec.change)
    lead = (*buffer.planned_frames(spec.origin, known), *planner.frames(known, spec.change))
    return _fresh(spec, lead, before, buffer, generators, config)


def cut(job: Job, opening: int) -> Job:
    """Return a job of which the client gets the frames from `opening` on; those before it become its lead."""
    lead = job.frames[: opening - job.origin.frame]
    return replace(job, spec=job.spec._replace(change=opening), origin=replace(job.origin, lead=lead))


def _continued(before: ChunkBoundary, spec: JobSpec, planner: Planner) -> ChunkBoundary:
    """Return a boundary whose generator also plays what lies between it and the job's first new frame."""
    return replace(before, lead=(*before.lead, *planner.frames(before.first_audible, spec.change)))


def _fresh(
    spec: JobSpec,
    lead: tuple[PlannedFrame, ...],
    before: ChunkBoundary,
    buffer: AudioBuffer,
    generators: Sequence[Generator[Any]],
    config: SessionConfig,
) -> ChunkBoundary:
    """Return a boundary at which a generator takes over, with the mastering stage of the one before."""
    generator, end = generators[spec.level], min(spec.origin, buffer.head)
    start = max(buffer.run_start(end), end - config.history_frames)
    if isinstance(generator, Loop) and start < end:
        plans = [frame.plan for frame in buffer.planned_frames(start, end)]
        state = replace(generator.capture(buffer.read(start, end), plans), frame=spec.origin)
    else:
        state = generator.start(seed=config.seed, frame=spec.origin)
    return ChunkBoundary(frame=spec.origin, state=state, master=before.master, level=spec.level, lead=lead)
