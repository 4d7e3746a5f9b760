"""Stingers of music that is heard later than it was asked for."""

from __future__ import annotations

from segue.contract import FRAME_SIZE
from segue.runtime.planner import PlannedFrame, Planner
from segue.runtime.stinger_placement import PlacedCue, PlacementTracker
from segue_rules.events import Event
from unit.runtime.stung import STUNG

CHANGE, OPENING, END = 10, 14, 30


def planner(**fired: int) -> Planner:
    """Plan music with stingers fired in the given frames."""
    planned = Planner(STUNG)
    for number, (name, frame) in enumerate(fired.items(), start=1):
        planned.add(Event(sequence=number, fire=(name,)), frame)
    return planned


def frames(planned: Planner, start: int, end: int) -> list[PlannedFrame]:
    return list(planned.frames(start, end))


def placed(before: Planner, after: Planner) -> list[tuple[str, int, int | None]]:
    """Replace music from CHANGE on that is heard from OPENING on; return the stingers with start and end in frames."""
    tracker = PlacementTracker()
    tracker.begin(0, before, frames(before, 0, END))
    tracker.complete()
    tracker.mark(CHANGE)
    tracker.begin(CHANGE, after, frames(after, CHANGE, END))
    tracker.postpone(CHANGE, OPENING)
    return [_in_frames(each) for each in tracker.complete()]


def _in_frames(each: PlacedCue) -> tuple[str, int, int | None]:
    return (
        each.cue.stinger,
        each.start // FRAME_SIZE,
        None if each.cancelled is None else each.cancelled // FRAME_SIZE,
    )


def test_a_stinger_before_the_opening_begins_there_or_is_dropped() -> None:
    assert placed(planner(), planner(horn=11)) == [("horn", OPENING, None)]
    assert placed(planner(), planner(hit=11)) == []
    assert placed(planner(), planner(horn=20)) == [("horn", 20, None)]


def test_a_stinger_of_the_older_music_stays_or_fades_out_at_the_opening() -> None:
    assert placed(planner(hit=11), planner(hit=11)) == [("hit", 11, None)]
    assert placed(planner(horn=12), planner()) == [("horn", 12, OPENING)]
    assert placed(planner(horn=20), planner()) == []
    assert placed(planner(horn=5), planner(horn=5)) == [("horn", 5, None)]
