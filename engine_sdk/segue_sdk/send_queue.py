"""What waits to be sent, in the game's order and never faster than the service takes events."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias

from segue_sdk.limits import MOST_BATCH_NAMES, MOST_EVENTS, SILENCE_S
from segue_sdk.messages import Event, EventItem, Message, Restore, Save

# Shares of the service's limit, a token bucket that holds one second's events and refills at `events_per_second`. In
# any stretch of time at most this arrives: what was under way before it (half a bucket) and what was sent in it (half a
# bucket, and four fifths of the rate). So no event is refused, even if the network or the service delivers late.
_BURST: Final = 0.5
_PACE: Final = 0.8
_UNDER_WAY: Final = 0.5
# After a refusal by the rate limit, which only a service gives that does not keep to its own limit.
_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 2.0
_ROUNDING: Final = 1e-9


class QueuedRequest(NamedTuple):
    """A save or restore that waits.

    Attributes:
        id: Its number.
        after: The last event before it.
    """

    id: int
    after: int


QueueEntry: TypeAlias = int | QueuedRequest
"""An event's number, or a request."""


def in_order(events: Iterable[int], requests: Iterable[QueuedRequest]) -> list[QueueEntry]:
    """Events and requests in the game's order."""
    behind = deque(sorted(requests, key=lambda request: request.after))
    entries: list[QueueEntry] = []
    for seq in events:
        while behind and behind[0].after < seq:
            entries.append(behind.popleft())
        entries.append(seq)
    return [*entries, *behind]


class SendQueue:
    """Sends at the service's pace while there is a session, and keeps its entries while there is none."""

    def __init__(
        self, item: Callable[[int], EventItem | None], request: Callable[[int], Save | Restore | None]
    ) -> None:
        self._item, self._request = item, request
        self._entries: deque[QueueEntry] = deque()
        self._under_way: dict[int, float] = {}
        self._per_second = 0
        self._left = self._refilled_s = 0.0
        self._pause_s = self._silent_until_s = 0.0

    @property
    def tail(self) -> int:
        """The number of the event at the end; 0 if the queue is empty or ends with something else."""
        last = self._entries[-1] if self._entries else None
        return last if isinstance(last, int) else 0

    def begin(self, entries: Iterable[QueueEntry], events_per_second: int, now_s: float) -> None:
        """Begin a session with these entries in place of all that waited."""
        self.stop(entries)
        self._per_second = events_per_second
        self._left, self._refilled_s = self._burst, now_s
        self._pause_s = self._silent_until_s = 0.0

    def stop(self, entries: Iterable[QueueEntry]) -> None:
        """End the session and keep these entries in place of all that waited."""
        self._entries = deque(entries)
        self._under_way.clear()
        self._per_second = 0

    def put(self, entry: QueueEntry, *, replaced: int = 0) -> None:
        """Append an entry.

        Args:
            replaced: The event at the end whose place it takes, or 0.
        """
        if replaced:
            self._entries.pop()
        self._entries.append(entry)

    def receipted(self, seq: int, *, taken: bool) -> None:
        """Note an event's receipt.

        Args:
            taken: Whether the rate limit let it through.
        """
        self._under_way.pop(seq, None)
        if taken:
            self._pause_s = 0.0

    def refused(self, now_s: float) -> None:
        """Pause after a refusal by the rate limit, longer each time."""
        self._left = min(self._left, 0.0)
        if now_s >= self._silent_until_s:
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s) if self._pause_s else _PAUSE_S
            self._silent_until_s = now_s + self._pause_s

    def due(self, now_s: float) -> list[Message]:
        """The messages to send now."""
        if not self._per_second:
            return []
        refilled = self._left + max(0.0, now_s - self._refilled_s) * self._per_second * _PACE
        self._left, self._refilled_s = min(self._burst, refilled), now_s
        # An event whose receipt is lost must not block the rest for ever.
        self._under_way = {seq: at_s for seq, at_s in self._under_way.items() if now_s - at_s < SILENCE_S}
        going: list[Message] = []
        if now_s < self._silent_until_s:
            return going
        while self._entries:
            entry = self._entries[0]
            if isinstance(entry, int):
                batch = self._batch(now_s)
                if not batch:
                    break
                going.append(Event(events=tuple(batch)))
                continue
            self._entries.popleft()
            message = self._request(entry.id)
            if message is not None:
                going.append(message)
        return going

    @property
    def _burst(self) -> float:
        return max(1.0, self._per_second * _BURST)

    def _batch(self, now_s: float) -> list[EventItem]:
        """The events at the head that may be sent in one message."""
        batch: list[EventItem] = []
        names = 0
        most = max(1, min(MOST_EVENTS, self._per_second // 4))
        under_way = max(1, int(self._per_second * _UNDER_WAY))
        while self._entries and isinstance(seq := self._entries[0], int) and len(batch) < most:
            if self._left < 1.0 - _ROUNDING or len(self._under_way) >= under_way:
                break
            item = self._item(seq)
            names += len(item.set) + len(item.fire) if item is not None else 0
            if batch and names > MOST_BATCH_NAMES:
                break
            self._entries.popleft()
            if item is not None:
                self._under_way[seq] = now_s
                self._left -= 1.0
                batch.append(item)
        return batch


@dataclass(frozen=True, kw_only=True)
class _PendingRequest:
    """A save or restore without an answer.

    Attributes:
        after: The last event before it.
    """

    message: Save | Restore
    after: int


class PendingRequests:
    """Saves and restores, each until it is answered and cannot be lost any more."""

    def __init__(self) -> None:
        self._unanswered: dict[int, _PendingRequest] = {}
        self._not_in_cell: tuple[_PendingRequest, int] | None = None
        self._last = 0

    def number(self) -> int:
        """The `id` of a new request."""
        self._last += 1
        return self._last

    def ask(self, message: Save | Restore, after: int) -> QueuedRequest:
        """Keep a request until its answer.

        Args:
            after: The last event before it.
        """
        self._unanswered[message.id] = _PendingRequest(message=message, after=after)
        return QueuedRequest(message.id, after)

    def answered(self, number: int, take: int) -> bool:
        """Note the answer to a request; whether it was expected.

        Args:
            take: The greatest so far. Music that was restored is heard in a greater one.
        """
        request = self._unanswered.pop(number, None)
        if request is not None and isinstance(request.message, Restore):
            self._not_in_cell = request, take
        return request is not None

    def refused(self, number: int) -> None:
        """Note that a request was refused."""
        self._unanswered.pop(number, None)

    def contained(self, take: int) -> None:
        """Note the take of the cell to restore from: a greater one than at the answer contains the restored music."""
        if self._not_in_cell is not None and take > self._not_in_cell[1]:
            self._not_in_cell = None

    def restarted(self) -> None:
        """Repeat the last restore at a restarted service, if the cell it continues from does not contain it."""
        if self._not_in_cell is not None:
            request, self._not_in_cell = self._not_in_cell[0], None
            self._unanswered = dict(sorted({**self._unanswered, request.message.id: request}.items()))

    def waiting(self) -> list[QueuedRequest]:
        """Requests without an answer, in order."""
        return [QueuedRequest(number, request.after) for number, request in self._unanswered.items()]

    def message(self, number: int, at: int, take: int) -> Save | Restore | None:
        """The message of a request; None if answered. A restore begins at sample `at` or later, after `take`."""
        request = self._unanswered.get(number)
        if request is None:
            return None
        if isinstance(request.message, Save):
            return request.message
        return replace(request.message, at=max(at, request.message.at), take=take)
