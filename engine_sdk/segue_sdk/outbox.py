"""Events on their way: one item per game frame, kept until no service can lose it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from segue_sdk.client_messages import Event
from segue_sdk.declarations import EventItem, Input, InputValue
from segue_sdk.kept import Kept
from segue_sdk.limits import LARGEST_INTEGER, MOST_SETTINGS, MOST_UNRECEIPTED
from segue_sdk.service_messages import Receipt

_SETTABLE: Final[dict[str, tuple[type, ...]]] = {
    "number": (float, int),
    "integer": (int,),
    "choice": (str,),
    "flag": (bool,),
}


class QueueFullError(RuntimeError):
    """More waits for the service than may wait; the game's call was not taken."""


class Outbox:
    """Gathers what a game says in one frame, numbers it, and remembers what a service has not taken for good."""

    def __init__(self) -> None:
        self._set: dict[str, InputValue] = {}
        self._fire: list[str] = []
        self._waiting: dict[int, EventItem] = {}
        self._told: set[int] = set()
        self._kept = Kept()
        self._said: dict[str, InputValue] = {}
        self._last = 0

    @property
    def waiting(self) -> int:
        """Events of which the game has no receipt."""
        return len(self._waiting) - len(self._told)

    @property
    def kept(self) -> int:
        """Events with a receipt that would have to be sent again were the service killed now, or might have to be."""
        return len(self._kept) + len(self._told)

    @property
    def last(self) -> int:
        """Number of the last event; 0 if there was none."""
        return self._last

    # --- from the game ----------------------------------------------------------------------------------------------

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
        for name, value in self._set.items():
            self._said.pop(name, None)
            self._said[name] = value
        while len(self._said) > MOST_SETTINGS:
            del self._said[next(iter(self._said))]
        item = self._number(at, self._set, tuple(self._fire))
        self._set, self._fire = {}, []
        return [Event(events=(item,))]

    # --- from the service -------------------------------------------------------------------------------------------

    def receipted(self, receipt: Receipt) -> bool:
        """An event has a receipt; whether the game is to know: False if it knows already or there is no such event."""
        item = self._waiting.pop(receipt.seq, None)
        if item is None:
            return False
        if receipt.accepted:
            self._kept.add(item, receipt.frame)
        known = receipt.seq in self._told
        self._told.discard(receipt.seq)
        return not known

    def chunk(self, end: int) -> None:
        """A chunk has come that ends at sample `end`."""
        self._kept.chunk(end)

    def reach(self, committed: int) -> None:
        """The sample clock stands at `committed`."""
        self._kept.reach(committed)

    # --- to another connection or service ---------------------------------------------------------------------------

    def again(self, most: int, after: int = 0, last: int = LARGEST_INTEGER) -> list[Event]:
        """All events without a receipt with numbers in (after, last], in order, at most so many in a message."""
        items = [item for seq, item in self._waiting.items() if after < seq <= last]
        return [Event(events=tuple(items[i : i + most])) for i in range(0, len(items), most)]

    def restarted(self) -> None:
        """Another service goes on from the last chunk's cell: what that does not hold waits for a receipt again."""
        lost = {item.seq: item for item in self._kept.take_lost()}
        self._told |= lost.keys()
        self._waiting = dict(sorted({**self._waiting, **lost}.items()))

    def say_all(self, at: int, inputs: Sequence[Input]) -> None:
        """Wait with one more event that sets each declared input to the last value said of it, if one was."""
        values = {spec.name: self._said[spec.name] for spec in inputs if _fits(spec, self._said.get(spec.name))}
        if values:
            self._told.add(self._number(at, values, ()).seq)

    def _number(self, at: int, values: dict[str, InputValue], fire: tuple[str, ...]) -> EventItem:
        self._last += 1
        self._waiting[self._last] = EventItem(seq=self._last, at=at, set=values, fire=fire)
        return self._waiting[self._last]

    def _make_room(self, said: int) -> None:
        if said >= MOST_SETTINGS:
            raise QueueFullError(f"expected at most {MOST_SETTINGS} of a kind in one game frame")
        if self.waiting >= MOST_UNRECEIPTED:
            raise QueueFullError(f"{MOST_UNRECEIPTED} events wait for a receipt")


def _fits(spec: Input, value: InputValue | None) -> bool:
    """Whether rules with this input take the value: one that does not would have the whole event refused."""
    if value is None or (isinstance(value, bool) and spec.type != "flag"):
        return False
    return isinstance(value, _SETTABLE.get(spec.type, ())) and (spec.type != "choice" or value in spec.of)
