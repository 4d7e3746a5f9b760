"""Which generated frames the plans want otherwise by now, and so from where on music is to be made anew."""

from __future__ import annotations

from segue.runtime.conditioning import significant
from segue.runtime.deck import Deck
from segue.runtime.edition import Planned
from segue.runtime.planner import Planner


class Staleness:
    """replace_at: the first frame found that is to be made anew, None for none. threshold: of `significant`.

    No frame before `floor` is made anew: what was played before a restore stays as it was, and what cannot be made in
    time is not tried.
    """

    def __init__(self, threshold: float, floor: int) -> None:
        self.replace_at: int | None = None
        self.floor = floor
        self._threshold = threshold
        self._from: int | None = None

    def suspect(self, frame: int) -> None:
        """Plans from `frame` on may want otherwise what is generated."""
        self._from = frame if self._from is None else min(frame, self._from)

    def look(self, deck: Deck, planner: Planner, end: int, *, fills: bool) -> list[Planned]:
        """Find the first frame before `end` that the plans since the last look want otherwise.

        fills: whether the generator leads into changes ahead. Returns: the frames looked at, as they are planned now.
        """
        if self._from is None:
            return []
        start, self._from = max(self._from, planner.base, deck.base, self.floor), None
        wanted = list(planner.frames(start, max(start, end)))
        # A change found before and not made yet is found again, or not wanted any more, if it lies in this range.
        if self.replace_at is None or self.replace_at >= start:
            stale = (frame.plan.frame for frame in wanted if self._is_stale(deck, frame, fills=fills))
            self.replace_at = next(stale, None)
        return wanted

    def withdraw(self, frame: int) -> None:
        """Nothing from `frame` on needs to be made anew for its own sake."""
        if self.replace_at is not None and self.replace_at >= frame:
            self.replace_at = None

    def settle(self, frame: int) -> None:
        """Everything before `frame` stays as it is."""
        self.replace_at, self.floor = None, frame

    def raise_floor(self, frame: int) -> None:
        """Nothing before `frame` can be made in time."""
        self.floor = max(self.floor, frame)

    def _is_stale(self, deck: Deck, wanted: Planned, *, fills: bool) -> bool:
        used = deck.used(wanted.plan.frame)
        if used.edition.styles is not wanted.edition.styles:
            return True
        return significant(used.plan, wanted.plan, self._threshold, fills=fills)
