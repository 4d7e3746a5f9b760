"""Tells each decision of the director once, and takes back those that planning anew has undone."""

from __future__ import annotations

from collections.abc import Iterable

from segue.contract import FRAME_SIZE
from segue.runtime.messages import ChangeOut, Message, StingerOut
from segue_rules.plan import Change, FramePlan, StingerCue


class Announcer:
    """Remembers what it told about each frame that may still be planned anew."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[tuple[Change, ...], tuple[StingerCue, ...]]] = {}

    def tell(self, plans: Iterable[FramePlan]) -> list[Message]:
        """What is new in the plans, and what of it was told before and no longer holds."""
        messages: list[Message] = []
        for plan in plans:
            changes, cues = self._told.get(plan.frame, ((), ()))
            if (changes, cues) == (plan.changes, plan.stingers):
                continue
            gone = [change for change in changes if change not in plan.changes and change.kind != "withdrawn"]
            silenced = [cue for cue in cues if cue not in plan.stingers and cue.kind != "dropped"]
            messages += [_undone(change) for change in gone]
            messages += [StingerOut(cue=cue, cancelled=True) for cue in silenced]
            messages += [_told(change) for change in plan.changes if change not in changes]
            messages += [StingerOut(cue=cue, cancelled=False) for cue in plan.stingers if cue not in cues]
            self._told[plan.frame] = (plan.changes, plan.stingers)
        return messages

    def forget(self, frame: int) -> None:
        """Frames before `frame` are final."""
        self._told = {at: told for at, told in self._told.items() if at >= frame}


def _told(change: Change) -> ChangeOut:
    return ChangeOut(change=change, audible=change.start * FRAME_SIZE)


def _undone(change: Change) -> ChangeOut:
    return _told(change._replace(kind="withdrawn"))
