"""Events on their way: one item per game frame, kept until its receipt."""

from __future__ import annotations

from segue_sdk.client_messages import Event
from segue_sdk.declarations import EventItem, InputValue
from segue_sdk.limits import MOST_EVENTS, MOST_SETTINGS, MOST_UNRECEIPTED


class QueueFullError(RuntimeError):
    """More waits for the service than may wait; the game's call was not taken."""


class Outbox:
    """Gathers what a game says in one frame, numbers it, and remembers what has no receipt yet."""

    def __init__(self) -> None:
        self._set: dict[str, InputValue] = {}
        self._fire: list[str] = []
        self._waiting: dict[int, EventItem] = {}
        self._last = 0

    @property
    def waiting(self) -> int:
        """Events without a receipt."""
        return len(self._waiting)

    def set(self, name: str, value: InputValue) -> None:
        """An input's new value; of several in a frame the last stands. Raises: ProtocolError, QueueFullError."""
        EventItem(seq=1, at=0, set={name: value})
        self._make_room(len(self._set) if name not in self._set else 0)
        self._set[name] = value

    def fire(self, name: str) -> None:
        """A trigger; each one counts. Raises: ProtocolError, QueueFullError."""
        EventItem(seq=1, at=0, fire=(name,))
        self._make_room(len(self._fire))
        self._fire.append(name)

    def flush(self, at: int) -> list[Event]:
        """The frame's event at sample `at`, if anything was said in it."""
        if not self._set and not self._fire:
            return []
        self._last += 1
        item = EventItem(seq=self._last, at=at, set=self._set, fire=tuple(self._fire))
        self._waiting[self._last] = item
        self._set, self._fire = {}, []
        return [Event(events=(item,))]

    def again(self) -> list[Event]:
        """All events without a receipt, in order."""
        items = list(self._waiting.values())
        return [Event(events=tuple(items[i : i + MOST_EVENTS])) for i in range(0, len(items), MOST_EVENTS)]

    def receipted(self, seq: int) -> bool:
        """The event has its receipt; False if it had one already or never was."""
        return self._waiting.pop(seq, None) is not None

    def _make_room(self, said: int) -> None:
        if said >= MOST_SETTINGS:
            raise QueueFullError(f"expected at most {MOST_SETTINGS} of a kind in one game frame")
        if len(self._waiting) >= MOST_UNRECEIPTED:
            raise QueueFullError(f"{MOST_UNRECEIPTED} events wait for a receipt")
