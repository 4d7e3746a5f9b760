"""What is said again after an outage: in order, and no faster than the service takes events."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from segue_sdk.client_messages import Event
from segue_sdk.limits import MOST_EVENTS
from segue_sdk.messages import Message

# Shares of the service's own limit, so that messages which arrive in a heap are still within it.
_BURST: Final = 0.5
_PACE: Final = 0.8


def batch_size(events_per_second: int) -> int:
    """Events sent again in one message."""
    return max(1, min(MOST_EVENTS, events_per_second // 4))


class Resending:
    """A queue that empties at a pace. While there is something in it, what is new waits behind it."""

    def __init__(self) -> None:
        self._queue: deque[Message] = deque()
        self._per_second = self._left = self._refilled_s = 0.0

    def begin(self, messages: Iterable[Message], events_per_second: int, now_s: float) -> None:
        """Say these again, in place of all that was to be."""
        self._queue = deque(messages)
        self._per_second, self._left, self._refilled_s = float(events_per_second), events_per_second * _BURST, now_s

    def clear(self) -> None:
        """There is nobody to say it to."""
        self._queue.clear()

    def behind(self, messages: Iterable[Message]) -> list[Message]:
        """New messages: those that may go at once, which is all or, while something waits, none."""
        if not self._queue:
            return list(messages)
        self._queue += messages
        return []

    def due(self, now_s: float) -> list[Message]:
        """What may go by now."""
        refilled = self._left + (now_s - self._refilled_s) * self._per_second * _PACE
        self._left, self._refilled_s = min(self._per_second * _BURST, refilled), now_s
        going: list[Message] = []
        while self._queue and self._left > 0:
            going.append(self._queue.popleft())
            self._left -= len(going[-1].events) if isinstance(going[-1], Event) else 0
        return going
