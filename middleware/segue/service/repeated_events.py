"""Events that a client sends again: each is answered as before, but no faster than a client sends them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from segue.service.token_bucket import TokenBucket
from segue_sdk.limits import MOST_UNCONFIRMED, MOST_UNRECEIPTED

# Shares of the session's events per second. A client that follows the protocol sends again at this pace.
_PACE: Final = 0.8
_BURST: Final = 0.5
# More numbers than a client may hold are not waited for.
_MOST_WAITING: Final = MOST_UNRECEIPTED + MOST_UNCONFIRMED


class RepeatedEvents:
    """Numbers that wait to be answered again, each once however often it came. They cost no allowance of new events."""

    def __init__(self, events_per_second: int, now_s: float) -> None:
        self._tokens = TokenBucket(events_per_second * _PACE, max(1.0, events_per_second * _BURST), now_s)
        self._waiting: dict[int, None] = {}

    def ask(self, number: int) -> None:
        """An event that was answered before came again."""
        if len(self._waiting) < _MOST_WAITING:
            self._waiting[number] = None

    def due(self, now_s: float) -> Iterator[int]:
        """The numbers to answer again now, in the order they came."""
        while self._waiting and self._tokens.take(now_s):
            number = next(iter(self._waiting))
            del self._waiting[number]
            yield number
