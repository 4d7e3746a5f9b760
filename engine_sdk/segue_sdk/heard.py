"""Which changes have been heard: told seconds ahead, they are told again when the music has got to them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

from segue_sdk.happenings import ChangeHeard
from segue_sdk.limits import JOIN
from segue_sdk.service_messages import Change, Chunk

# Changes of a layer told as heard that are remembered, so that none is told twice.
_REMEMBERED: Final = 256


@dataclass(frozen=True, kw_only=True)
class _Ahead:
    """A change to come. at: sample from which it is heard. doubted: whether restored music may do without it."""

    change: Change
    at: int
    doubted: bool = False


class HeardChanges:
    """Takes what the service tells of changes and chunks; told how far the music was heard, knows what is new in it."""

    def __init__(self) -> None:
        self._ahead: dict[tuple[str, int], _Ahead] = {}
        self._told: deque[tuple[str, int]] = deque(maxlen=_REMEMBERED)
        self._take = 0
        self._restored_over: int | None = None

    def change(self, change: Change) -> None:
        """A decision: only what has started is heard, unless it is withdrawn before."""
        key = change.layer, change.decided
        if change.kind != "started":
            self._ahead.pop(key, None)
        elif key not in self._told:
            self._ahead[key] = _Ahead(change=change, at=change.audible)

    def chunk(self, chunk: Chunk, committed: int) -> None:
        """A chunk has come. committed: the sample clock by then."""
        if chunk.take <= self._take:
            return
        self._take = chunk.take
        if self._restored_over is not None and chunk.take > self._restored_over:
            # Restored music begins here: what was to be heard later of the music before it is not.
            self._restored_over = None
            self._ahead = {
                key: replace(ahead, doubted=False)
                for key, ahead in self._ahead.items()
                if not (ahead.doubted and ahead.at >= chunk.start)
            }
        if chunk.start < committed:
            # A replacement that came late is joined at `committed`.
            for key, ahead in self._ahead.items():
                if chunk.start <= ahead.at < committed:
                    self._ahead[key] = replace(ahead, at=committed + JOIN)

    def restored(self, take: int) -> None:
        """Other music follows in a take greater than this one, the greatest so far."""
        self._restored_over = take
        self._ahead = {key: replace(ahead, doubted=True) for key, ahead in self._ahead.items()}

    def restarted(self, at: int) -> None:
        """Another service goes on from sample `at`, and tells anew what it decides from there on."""
        self._ahead = {key: ahead for key, ahead in self._ahead.items() if ahead.at < at}

    def reach(self, played: int) -> list[ChangeHeard]:
        """The changes up to sample `played` that were not told yet, in order."""
        due = sorted(
            ((ahead.at, key) for key, ahead in self._ahead.items() if ahead.at <= played), key=lambda pair: pair[0]
        )
        for _, key in due:
            self._told.append(key)
        return [ChangeHeard(change=self._ahead.pop(key).change) for _, key in due]
