"""Where a session's music continues from: the start, or what can be restored from a snapshot of another session."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from segue.contract import FRAME_RATE, TICKS_PER_BEAT, Generator
from segue.runtime import mastering
from segue.runtime.audio_buffer import ChunkBoundary
from segue.runtime.planner import PlannedFrame, Planner, RulesVersion
from segue.runtime.snapshot import Snapshot
from segue.runtime.stinger_placement import PlacedCue
from segue_rules.director import Director, DirectorState, carry, drop_pending, pack, shift_state, unpack
from segue_rules.events import Event
from segue_rules.model import AudioStinger, Rules
from segue_rules.plan import FramePlan, MusicalClock, StingerCue

log = logging.getLogger(__name__)

# A generator without history begins with its next notes: in the middle of a bar, after up to 1.3 s of silence in the
# library's quietest music. So long it plays before it is heard.
LEAD_FRAMES: Final = 2 * FRAME_RATE

# What could be restored: the rules' state and the sound; the rules' state alone; neither.
# The words are part of the protocol and of recordings.
RestoreOutcome: TypeAlias = Literal["all", "rules", "nothing"]


class RestoreOrigin(NamedTuple):
    """What a restore point was made from, so that it can be made again.

    Attributes:
        snapshot: The saved music, None for a fresh start.
        frame: The frame to continue before.
        seed: Seed of music that starts anew, and of all chance of the rules.
        primary: Level of the generator.
        outcome: What could be restored.
    """

    snapshot: Snapshot | None
    frame: int
    seed: int
    primary: int
    outcome: RestoreOutcome


class RestorePoint(NamedTuple):
    """All that a session needs to continue.

    Attributes:
        frame: The first frame to play.
        take: The take of its first chunk.
        level: The fallback level that `state` belongs to.
        rules: The rules that `director` belongs to.
        director: The director's state before `frame`.
        state: The generator's state before `frame`, or `lead_frames` earlier.
        master: The mastering stage's state before `frame`.
        events: Events that are still to take effect, by frame.
        last_event: The greatest event number that was taken before, 0 for none.
        stingers: Stingers that still sound, in the music or beside it.
        origin: What it was made from.
        lead_frames: How many frames the generator plays before `frame` that are not heard.
    """

    frame: int
    take: int
    level: int
    rules: Rules
    director: DirectorState
    state: Any
    master: mastering.MasterState
    events: tuple[tuple[int, Event], ...]
    last_event: int
    stingers: tuple[PlacedCue, ...]
    origin: RestoreOrigin
    lead_frames: int = 0

    def boundary(self, planner: Planner) -> ChunkBoundary:
        """Return the boundary that generation continues from.

        Args:
            planner: From `planner_from`.
        """
        lead: tuple[PlannedFrame, ...] = ()
        if self.lead_frames:
            (first,) = planner.frames(self.frame, self.frame + 1)
            lead = lead_before(first, self.lead_frames)
        start = self.frame - self.lead_frames
        return ChunkBoundary(frame=start, state=self.state, master=self.master, level=self.level, lead=lead)


class PendingRestore(NamedTuple):
    """Restored music that is to take over in a session that plays.

    Attributes:
        boundary: Where it is generated from; its lead ends where the music is heard.
        restore_point: What is restored.
        director: The director's state before the first frame that is heard, when the restore began.
    """

    boundary: ChunkBoundary
    restore_point: RestorePoint
    director: DirectorState


def make_restore_point(
    snapshot: Snapshot | None,
    *,
    rules: Rules,
    generators: Sequence[Generator[Any]],
    primary: int,
    frame: int,
    seed: int,
    take: int = 0,
) -> tuple[RestorePoint, RestoreOutcome]:
    """Restore what can be restored of a snapshot, and start the rest anew.

    A pure function, which may run in another thread: a generator may need a second to reach its state.

    Args:
        snapshot: The saved music, None for a fresh start.
        rules: The rules of the session.
        generators: The fallback chain.
        primary: Level of the generator that is to play.
        frame: The frame to continue before.
        seed: Seed of music that starts anew, and of all chance of the rules.
        take: The take of the first chunk.
    """
    generator = generators[primary]
    director = shift_state(Director(rules, seed).start(), frame)
    events: tuple[tuple[int, Event], ...] = ()
    outcome: RestoreOutcome = "nothing"
    state, lead_frames = None, 0
    if snapshot is not None and (restored := _restored_rules(snapshot, rules, frame)) is not None:
        (director, events), outcome = restored, "rules"
        state = _restored_sound(snapshot, generator, frame)
    if snapshot is not None and state is not None:
        outcome, master = "all", mastering.unpack(snapshot.master, snapshot.effects)
    else:
        plan = Director(rules, seed).step(director, frame)[1]
        lead_frames = most_lead(plan)
        state = generator.start(seed=seed, frame=frame - lead_frames)
        master = mastering.start(plan)
    point = RestorePoint(
        frame=frame,
        take=take,
        level=primary,
        rules=rules,
        director=director,
        state=state,
        master=master,
        events=events,
        last_event=snapshot.last_event if snapshot is not None and outcome != "nothing" else 0,
        stingers=_restored_stingers(snapshot, rules) if snapshot is not None and outcome != "nothing" else (),
        origin=RestoreOrigin(snapshot=snapshot, frame=frame, seed=seed, primary=primary, outcome=outcome),
        lead_frames=lead_frames,
    )
    return point, outcome


def planner_from(rules_version: RulesVersion, point: RestorePoint) -> Planner:
    """Return a planner that starts at a restore point, with the events still to come."""
    director = point.director
    if point.rules is not rules_version.rules:
        director = carry(director, point.rules, rules_version.rules)
    planner = Planner(rules_version, director, point.origin.seed)
    planner.switch(rules_version, director, point.events)
    return planner


def pending_restore(point: RestorePoint, planner: Planner, frame: int, director: DirectorState) -> PendingRestore:
    """Return the restore of a point, whose music is heard from `frame` on.

    Args:
        point: What is restored.
        planner: A planner from `planner_from`; its frames before `frame` are generated and not heard.
        frame: The first frame that is heard.
        director: The director's state before it.
    """
    boundary = point.boundary(planner)
    lead = (*boundary.lead, *planner.frames(point.frame, frame))
    return PendingRestore(replace(boundary, lead=lead), point, director)


def most_lead(plan: FramePlan) -> int:
    """Return how many frames a generator without history plays before the frame of a plan."""
    return min(LEAD_FRAMES, plan.frame, plan.clock.ticks // plan.controls.tempo_mbpm)


def lead_before(first: PlannedFrame, frames: int) -> tuple[PlannedFrame, ...]:
    """Return the frames, up to `most_lead`, that a generator plays before `first`, in which nothing changes."""
    return tuple(PlannedFrame(_earlier(first.plan, count), first.rules_version) for count in range(frames, 0, -1))


def _earlier(plan: FramePlan, frames: int) -> FramePlan:
    """Return the plan of so many frames earlier if nothing but the musical clock moved in between."""
    clock = plan.clock
    ticks, bar, bar_ticks = max(0, clock.ticks - frames * plan.controls.tempo_mbpm), clock.bar, clock.bar_ticks
    while ticks < bar_ticks and bar > 0:
        bar, bar_ticks = bar - 1, max(0, bar_ticks - clock.meter * TICKS_PER_BEAT)
    return plan._replace(
        frame=plan.frame - frames,
        clock=MusicalClock(ticks=ticks, bar=bar, bar_ticks=bar_ticks, meter=clock.meter),
        beat=-1,
        bar_start=-1,
        to_change=-1,
        next_mix=plan.mix,
        receipts=(),
        changes=(),
        stingers=(),
    )


def _restored_rules(
    snapshot: Snapshot, rules: Rules, frame: int
) -> tuple[DirectorState, tuple[tuple[int, Event], ...]] | None:
    """Return the director's state before `frame` and the events still to come, None if they cannot be used."""
    saved = snapshot.saved_director()
    try:
        state = unpack(saved.state, rules)
    except ValueError as error:
        log.warning("saved state of the rules not restored: %s", error)
        return None
    shift = frame - state.frame
    if shift or pack(state, rules) != saved.state:
        # At another frame or under other rules, no client was told of what waits, and it may not fit.
        state = drop_pending(shift_state(state, shift))
    return state, tuple((max(frame, at + shift), event) for at, event in saved.events)


def _restored_stingers(snapshot: Snapshot, rules: Rules) -> tuple[PlacedCue, ...]:
    """Return the saved stingers that the rules still have."""
    known = {each.name: each for each in rules.stingers if isinstance(each, AudioStinger)}
    return tuple(
        PlacedCue(
            StingerCue("started", name, start, known[name].gain_db, known[name].if_late, known[name].duck, ""),
            start,
            cancelled,
            number,
        )
        for name, start, cancelled, number in snapshot.stingers
        if name in known
    )


def _restored_sound(snapshot: Snapshot, generator: Generator[Any], frame: int) -> Any:
    """Return the generator's state before `frame`, None if another model played or its state cannot be used."""
    if not snapshot.history or snapshot.model != generator.model:
        return None
    try:
        return generator.unpack(snapshot.history, frame=frame)
    except ValueError as error:
        log.warning("saved sound not restored by %s: %s", generator.name, error)
        return None
