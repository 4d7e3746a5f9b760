"""Tells each decision of the director once, and takes back those that planning anew has undone."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from segue.contract import FRAME_SIZE
from segue.runtime.messages import ChangeOut, Message, StingerOut
from segue_rules.plan import Change, FramePlan, StingerCue


class Announcer:
    """Remembers what it told about each frame that may still be planned anew, and what it promised and not yet kept."""

    def __init__(self) -> None:
        self._told: dict[int, tuple[tuple[Change, ...], tuple[StingerCue, ...]]] = {}
        # By layer and by stinger: promised in a frame, and not heard of since.
        self._changes: dict[str, tuple[int, Change]] = {}
        self._cues: dict[str, tuple[int, StingerCue]] = {}

    @property
    def end(self) -> int:
        """The first frame after all that were told of; 0 if there are none."""
        return max(self._told, default=-1) + 1

    def tell(self, plans: Iterable[FramePlan]) -> list[Message]:
        """What is new in the plans, and what of it was told before and no longer holds."""
        messages: list[Message] = []
        for plan in plans:
            changes, cues = self._told.get(plan.frame, ((), ()))
            if (changes, cues) == (plan.changes, plan.stingers):
                continue
            gone = [change for change in changes if change not in plan.changes and change.kind != "withdrawn"]
            silenced = [cue for cue in cues if cue not in plan.stingers and cue.kind != "dropped"]
            at = plan.frame
            messages += [self._change(at, change._replace(kind="withdrawn")) for change in gone]
            messages += [self._cue(at, cue, cancelled=True) for cue in silenced]
            messages += [self._change(at, change) for change in plan.changes if change not in changes]
            messages += [self._cue(at, cue, cancelled=False) for cue in plan.stingers if cue not in cues]
            self._told[at] = (plan.changes, plan.stingers)
        return messages

    def withdraw(self, frame: int, waiting: Collection[str]) -> list[Message]:
        """Take back what was promised before `frame` and waits still; `waiting`: stingers that may go on waiting."""
        changes = [change for at, change in self._changes.values() if at < frame]
        cues = [cue for at, cue in self._cues.values() if at < frame and cue.stinger not in waiting]
        messages: list[Message] = [self._change(frame, change._replace(kind="withdrawn")) for change in changes]
        return messages + [self._cue(frame, cue, cancelled=True) for cue in cues]

    def forget(self, frame: int) -> None:
        """Frames before `frame` are final."""
        self._told = {at: told for at, told in self._told.items() if at >= frame}

    def _change(self, frame: int, change: Change) -> ChangeOut:
        if change.kind == "scheduled":
            self._changes[change.layer] = frame, change
        else:
            self._changes.pop(change.layer, None)
        return ChangeOut(change=change, audible=change.start * FRAME_SIZE)

    def _cue(self, frame: int, cue: StingerCue, *, cancelled: bool) -> StingerOut:
        if cue.kind == "scheduled" and not cancelled:
            self._cues[cue.stinger] = frame, cue
        else:
            self._cues.pop(cue.stinger, None)
        return StingerOut(cue=cue, cancelled=cancelled)
