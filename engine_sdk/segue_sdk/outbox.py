"""A game's events until no service can lose them: one event per game frame, numbered, kept and sent again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from segue_sdk.client_events import ClientEvent, EventDelayed, InputRefused
from segue_sdk.inputs import InputTable, plain_value
from segue_sdk.limits import MOST_MERGED, MOST_SETTINGS, MOST_UNCONFIRMED, MOST_UNRECEIPTED, TEXT_BYTES
from segue_sdk.messages import EventItem, Input, InputValue, Receipt

# Restores of saves that are remembered, over which no events are joined.
_MOST_BARRIERS: Final = 64


class UnconfirmedEvents:
    """Events with a receipt, each kept until the cell to restore from contains it (PROTOCOL.md, section 4.4)."""

    def __init__(self) -> None:
        self._items: dict[int, EventItem] = {}
        self._last_events: Sequence[int] = ()
        self._barriers: deque[int] = deque(maxlen=_MOST_BARRIERS)

    def __len__(self) -> int:
        return len(self._items)

    def add(self, item: EventItem) -> None:
        """Keep an accepted event."""
        if item.seq in self._items or (self._last_events and item.seq <= self._last_events[0]):
            return
        self._items[item.seq] = item
        if len(self._items) > MOST_UNCONFIRMED:
            self._merge_oldest()

    def contained(self, last_events: Sequence[int]) -> None:
        """Forget what the first cell contains.

        Args:
            last_events: The last event that each cell contains.
        """
        if last_events and last_events != self._last_events:
            self._last_events = last_events
            self._items = {seq: item for seq, item in self._items.items() if seq > last_events[0]}

    def bar(self, last: int) -> None:
        """Never join an event up to number `last` with a later one: a save was restored between them."""
        self._barriers.append(last)

    def take_after(self, last_event: int) -> list[EventItem]:
        """Remove and return, in order, the events after number `last_event`, to be sent again.

        All of them take effect in one frame. So those that only set inputs are joined with the next one: setting an
        input again that a cell has already changes nothing.
        """
        taken: list[EventItem] = []
        for seq in sorted(seq for seq in self._items if seq > last_event):
            item = self._items.pop(seq)
            if taken and not taken[-1].fire and self._joinable(taken[-1], item, self._barriers):
                item = _joined(taken.pop(), item)
            taken.append(item)
        return taken

    def _merge_oldest(self) -> None:
        """Merge the two oldest events of which no cell contains only one; a restored session takes both together."""
        items = [self._items[seq] for seq in sorted(self._items)]
        apart = (*self._last_events, *self._barriers)
        pairs = ((older, newer) for older, newer in pairwise(items) if self._joinable(older, newer, apart))
        older, newer = next(pairs, (items[0], None))
        del self._items[older.seq]
        if newer is not None:
            self._items[newer.seq] = _joined(older, newer)

    @staticmethod
    def _joinable(older: EventItem, newer: EventItem, apart: Iterable[int]) -> bool:
        fits = len(older.set.keys() | newer.set.keys()) <= MOST_SETTINGS and not newer.reset
        return fits and not any(older.seq <= number < newer.seq for number in apart)


def _joined(older: EventItem, newer: EventItem) -> EventItem:
    """One event with the effect of two in one frame: later values count, and each trigger appears once."""
    fire = tuple(dict.fromkeys(older.fire + newer.fire))[:MOST_SETTINGS]
    return replace(newer, reset=older.reset, set={**older.set, **newer.set}, fire=fire)


# So that any text fits a receipt.
_EXCERPT: Final = TEXT_BYTES // 4


class QueueFullError(RuntimeError):
    """Too much waits for the service; the game's call was not taken."""


@dataclass(frozen=True, kw_only=True)
class _Waiting:
    """An event without a receipt.

    Attributes:
        first, last: Numbers of the game frames it contains.
        answered: Whether the game has its receipt already.
    """

    item: EventItem
    first: int
    last: int
    answered: bool = False


@dataclass(frozen=True, kw_only=True)
class _LastValue:
    """The last value of an input.

    Attributes:
        seq: The event that sets it.
        certain: Whether setting it again changes nothing.
    """

    value: InputValue
    seq: int
    certain: bool = True


@dataclass(frozen=True, kw_only=True)
class FramedEvent:
    """A game frame that became an event.

    Attributes:
        number: The frame's.
        seq: The event's.
        replaced: The event it joined, or 0.
    """

    number: int
    seq: int
    replaced: int = 0


@dataclass(frozen=True, kw_only=True)
class ReceiptEffect:
    """What follows from a receipt.

    Attributes:
        events: For the game.
        resend: Number under which the event is sent again, or 0.
    """

    events: tuple[ClientEvent, ...] = ()
    resend: int = 0


class EventOutbox:
    """Collects the inputs of each game frame as one event, and keeps it until no service can lose it."""

    def __init__(self) -> None:
        self._table: InputTable | None = None
        self._reset = False
        self._set: dict[str, InputValue] = {}
        self._fire: list[str] = []
        self._waiting: dict[int, _Waiting] = {}
        self._unanswered = 0
        self._unconfirmed = UnconfirmedEvents()
        self._last_values: dict[str, _LastValue] = {}
        self._last = 0
        self._last_reset = 0
        self._sent = 0
        self._game_numbers: dict[int, int] = {}

    @property
    def waiting(self) -> int:
        """Events of which the game has no receipt."""
        return self._unanswered

    @property
    def unconfirmed(self) -> int:
        """Events with a receipt that would have to be sent again were the service killed now, or might have to be."""
        return len(self._unconfirmed) + len(self._waiting) - self._unanswered

    @property
    def last(self) -> int:
        """Number of the last event; 0 if there was none."""
        return self._last

    # --- calls of the game ------------------------------------------------------------------------------------------

    def set(self, name: str, value: object) -> None:
        """Set an input; the last value of a frame counts. Raises: InputError, QueueFullError."""
        if self._table is None:
            plain = plain_value(name, value)
            EventItem(seq=1, at=0, set={name: plain})
        else:
            plain = self._table.value(name, value)
        if name not in self._set and len(self._set) >= MOST_SETTINGS:
            raise QueueFullError(f"expected at most {MOST_SETTINGS} inputs in one game frame")
        # Inputs join the last waiting event; only behind a trigger do they need a place of their own.
        if self._unanswered > MOST_UNRECEIPTED and not self._can_grow(self._last):
            raise self._full()
        self._set[name] = plain

    def fire(self, name: str) -> None:
        """Fire a trigger; each call counts. Raises: InputError, QueueFullError."""
        if self._table is None:
            EventItem(seq=1, at=0, fire=(name,))
        else:
            self._table.trigger(name)
        if len(self._fire) >= MOST_SETTINGS:
            raise QueueFullError(f"expected at most {MOST_SETTINGS} triggers in one game frame")
        if self._unanswered >= MOST_UNRECEIPTED:
            raise self._full()
        self._fire.append(name)

    def reset(self) -> None:
        """Return inputs and states to the start; what was set and fired before it in this frame is dropped.

        Raises: QueueFullError.
        """
        if self._unanswered >= MOST_UNRECEIPTED:
            raise self._full()
        self._reset, self._set, self._fire = True, {}, []

    def flush(self, at: int, tail: int) -> FramedEvent | None:
        """End the frame.

        Args:
            at: The sample heard now.
            tail: Number of the last event in the send queue, or 0. If it only sets inputs, the frame's event takes its
                place and includes its values, so that inputs never wait in a row. A reset has an event of its own.
        Returns:
            The frame's event; None if nothing changed in it.
        """
        reset = self._reset
        if reset:
            self._last_values.clear()
        values = {name: value for name, value in self._set.items() if not self._is_known(name, value)}
        fire = tuple(self._fire)
        self._reset, self._set, self._fire = False, {}, []
        if not values and not fire and not reset:
            return None
        joined = self._waiting[tail] if not reset and self._can_grow(tail) else None
        if joined is not None and len(merged := {**joined.item.set, **values}) <= MOST_SETTINGS:
            return self._grow(joined, merged, fire, at)
        seq = self._number(at, values, fire, reset=reset).seq
        self._note(values, seq)
        return FramedEvent(number=seq, seq=seq)

    def restored(self) -> None:
        """Note that the game restores a save, which has inputs and states of its own: resets before it are over."""
        self._reset, self._last_reset = False, 0
        self.mark_values_uncertain()
        self._unconfirmed.bar(self._last)

    def mark_values_uncertain(self) -> None:
        """Send each input at its next `set`, even with the same value: the service's value may differ."""
        self._last_values = {name: replace(last, certain=False) for name, last in self._last_values.items()}

    # --- messages of the service ------------------------------------------------------------------------------------

    def declare(self, inputs: tuple[Input, ...]) -> list[ClientEvent]:
        """Check against these inputs from now on.

        Returns:
            Events for the game: what was waiting, never sent and does not fit is removed.
        """
        table = self._table = InputTable(inputs)
        refused: list[tuple[str, str, str]] = []
        events: list[ClientEvent] = []
        frame = EventItem(seq=1, at=0, set=self._set, fire=tuple(self._fire))
        self._set, fire, wrong = table.checked(frame)
        self._fire = list(fire)
        refused += [(name, error.code, error.text) for name, error in wrong]
        for seq, entry in list(self._waiting.items()):
            if seq <= self._sent:
                continue
            values, fire, wrong = table.checked(entry.item)
            refused += [(name, error.code, error.text) for name, error in wrong]
            if values or fire or entry.item.reset:
                self._waiting[seq] = replace(entry, item=replace(entry.item, set=values, fire=fire))
                continue
            self._take_out(seq)
            code, text = (wrong[0][1].code, wrong[0][1].text) if wrong else ("empty", "")
            if not entry.answered:
                events += _receipts(entry, Receipt(seq=seq, accepted=False, code=code, frame=0, text=text[:_EXCERPT]))
        self.mark_values_uncertain()
        return [InputRefused(name=name, code=code, text=text) for name, code, text in dict.fromkeys(refused)] + events

    def receipted(self, receipt: Receipt) -> ReceiptEffect:
        """Take an event's receipt. It has no effect if the game has one already or there is no such event."""
        entry = self._take_out(receipt.seq)
        if entry is None:
            return ReceiptEffect()
        if receipt.accepted:
            self._unconfirmed.add(entry.item)
            if entry.last != receipt.seq:
                self._game_numbers[receipt.seq] = entry.last
                if len(self._game_numbers) > MOST_UNCONFIRMED:
                    del self._game_numbers[next(iter(self._game_numbers))]
        elif receipt.code == "rate_limited":
            return self._offer_again(entry, receipt)
        else:
            for name in entry.item.set:
                if name in self._last_values and self._last_values[name].seq == receipt.seq:
                    self._last_values[name] = replace(self._last_values[name], certain=False)
        return ReceiptEffect(events=() if entry.answered else tuple(_receipts(entry, receipt)))

    def game_number(self, seq: int) -> int:
        """The game's number for an event that was sent again under another."""
        return self._game_numbers.get(seq, seq)

    def contained(self, last_events: Sequence[int]) -> None:
        """Forget the events that no service can lose.

        Args:
            last_events: The last event that each resume cell contains.
        """
        self._unconfirmed.contained(last_events)

    # --- sending ----------------------------------------------------------------------------------------------------

    def numbers(self) -> list[int]:
        """The events without a receipt, in order."""
        return list(self._waiting)

    def take(self, seq: int) -> EventItem | None:
        """The event to send now; None if it does not wait any more."""
        entry = self._waiting.get(seq)
        if entry is None:
            return None
        self._sent = max(self._sent, seq)
        return entry.item

    def restarted(self, last_event: int) -> None:
        """Let events wait for a receipt again that a restored session lacks.

        What does not fit the rules of that session is left out, as the service would refuse the whole event.

        Args:
            last_event: The last that it contains.
        """
        assert self._table is not None
        for item in self._unconfirmed.take_after(last_event):
            values, fire, _ = self._table.checked(item)
            if values or fire or item.reset:
                item = replace(item, set=values, fire=fire)
                self._waiting[item.seq] = _Waiting(item=item, first=item.seq, last=item.seq, answered=True)
        self._waiting = dict(sorted(self._waiting.items()))

    def send_all_values(self, at: int) -> None:
        """Add an event that sets each declared input to the last value the game gave it."""
        values = {name: last.value for name, last in self._last_values.items()}
        values = self._table.fitting(values) if self._table is not None else values
        if values:
            self._number(at, values, (), answered=True)

    # --- private ----------------------------------------------------------------------------------------------------

    def _number(
        self,
        at: int,
        values: dict[str, InputValue],
        fire: tuple[str, ...],
        *,
        reset: bool = False,
        answered: bool = False,
    ) -> EventItem:
        self._last += 1
        self._last_reset = self._last if reset else self._last_reset
        item = EventItem(seq=self._last, at=at, reset=reset, set=values, fire=fire)
        self._waiting[item.seq] = _Waiting(item=item, first=item.seq, last=item.seq, answered=answered)
        self._unanswered += not answered
        return item

    def _can_grow(self, seq: int) -> bool:
        """Whether later inputs may join the event: it was never sent, and they do not overtake a trigger of it."""
        entry = self._waiting.get(seq)
        if entry is None or entry.item.fire or entry.answered:
            return False
        return seq == self._last == entry.last and seq > self._sent

    def _grow(self, entry: _Waiting, values: dict[str, InputValue], fire: tuple[str, ...], at: int) -> FramedEvent:
        """Add a later frame's values and triggers to the event, under the later number."""
        before = entry.item.seq
        counts = entry.last - entry.first + 1 < MOST_MERGED
        self._last += counts
        item = replace(entry.item, seq=self._last, at=max(at, entry.item.at), set=values, fire=fire)
        if item.reset:
            self._last_reset = item.seq
        del self._waiting[before]
        self._waiting[item.seq] = replace(entry, item=item, last=item.seq)
        self._note(values, item.seq)
        return FramedEvent(number=item.seq, seq=item.seq, replaced=before)

    def _note(self, values: dict[str, InputValue], seq: int) -> None:
        for name, value in values.items():
            self._last_values.pop(name, None)
            self._last_values[name] = _LastValue(value=value, seq=seq)
        while len(self._last_values) > MOST_SETTINGS:
            del self._last_values[next(iter(self._last_values))]

    def _is_known(self, name: str, value: InputValue) -> bool:
        last = self._last_values.get(name)
        return last is not None and last.certain and type(last.value) is type(value) and last.value == value

    def _take_out(self, seq: int) -> _Waiting | None:
        entry = self._waiting.pop(seq, None)
        self._unanswered -= entry is not None and not entry.answered
        return entry

    def _offer_again(self, entry: _Waiting, receipt: Receipt) -> ReceiptEffect:
        """Send an event again that the rate limit refused, under a new number, without values set again since.

        A reset is sent with all values set since, which it would take back. Behind a later reset, or after a restore,
        it is not sent again.
        """
        seq = receipt.seq
        reset = entry.item.reset and seq == self._last_reset
        values = {
            name: last.value
            for name, last in self._last_values.items()
            if reset or (last.seq == seq and name in entry.item.set)
        }
        if not values and not entry.item.fire and not reset:
            later = replace(receipt, accepted=True, code="superseded", text="a later event sets the same inputs")
            return ReceiptEffect(events=() if entry.answered else tuple(_receipts(entry, later)))
        item = self._number(entry.item.at, values, entry.item.fire, reset=reset, answered=entry.answered)
        self._waiting[item.seq] = replace(self._waiting[item.seq], first=entry.first, last=entry.last)
        self._note(values, item.seq)
        delayed = EventDelayed(seq=entry.last, code=receipt.code, text=receipt.text)
        return ReceiptEffect(events=() if entry.answered else (delayed,), resend=item.seq)

    def _full(self) -> QueueFullError:
        return QueueFullError(
            f"{MOST_UNRECEIPTED} events wait for the service's receipt; slow down, or wait until the service is back"
        )


def _receipts(entry: _Waiting, receipt: Receipt) -> list[ClientEvent]:
    """A receipt for each game frame in the event."""
    return [replace(receipt, seq=number) for number in range(entry.first, entry.last + 1)]
