"""The events that a session's client sends: how many are taken, which wait for a restore, and the answer to each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.runtime.session import Session
from segue.service.client_limits import RepeatedEvents, TokenBucket
from segue.service.monitoring import Metrics
from segue_rules import events
from segue_sdk.log import LogRateLimiter
from segue_sdk.messages import EventItem, Receipt

log = logging.getLogger(__name__)

T = TypeVar("T")

# Receipts that the music does not know.
_RECEIPTS_KEPT: Final = 4_096
# Each reset has most of the buffered music generated again; games seldom need one.
_RESETS_PER_SECOND: Final = 2
_RESET_BURST: Final = 8


class BoundedCache(Generic[T]):
    """The last values stored, by number; the oldest is dropped when there are more than `most`."""

    def __init__(self, most: int) -> None:
        self._values: dict[int, T] = {}
        self._most = most

    def put(self, number: int, value: T) -> T:
        """Store a value and return it."""
        self._values[number] = value
        if len(self._values) > self._most:
            del self._values[next(iter(self._values))]
        return value

    def get(self, number: int) -> T | None:
        """Return the value stored under a number; None if it was dropped, or never stored."""
        return self._values.get(number)


class IncomingEvents:
    """Passes events to a session's music within its limits; a repeated event gets the same answer and has no effect."""

    def __init__(
        self,
        name: str,
        music: Session,
        events_per_second: int,
        metrics: Metrics,
        *,
        answer: Callable[[Receipt], None],
        now_s: float,
    ) -> None:
        """Take events for a session's music.

        Args:
            name: Name of the session, for the log.
            music: Takes the events, and answers most of them.
            events_per_second: The limit.
            metrics: Counts events.
            answer: Takes the receipts that the music does not give.
            now_s: The time now.
        """
        self._name = name
        self._music = music
        self._per_second = events_per_second
        self._metrics = metrics
        self._answer = answer
        self._tokens = TokenBucket(events_per_second, events_per_second, now_s)
        self._reset_tokens = TokenBucket(_RESETS_PER_SECOND, _RESET_BURST, now_s)
        self._repeated = RepeatedEvents(events_per_second, now_s)
        self._held: list[EventItem] = []
        self._receipts = BoundedCache[Receipt](_RECEIPTS_KEPT)
        self._refusal_lines = LogRateLimiter()
        # Events up to this number are part of what the music was restored from.
        self._restored = 0

    def take(self, items: Sequence[EventItem], now_s: float, *, hold: bool) -> None:
        """Send events to the music. Each counts against the limit, but for one that was answered before.

        Args:
            items: The events.
            now_s: The time now.
            hold: Whether they wait for `send_held`: what is restored replaces the state of the rules, and the game has
                sent them after it.
        """
        for item in items:
            if self._is_answered(item.seq):
                self._repeated.add(item.seq)
            elif not self._tokens.take(now_s):
                self._refuse(item, f"more than {self._per_second} events in a second", now_s)
            elif item.reset and not self._reset_tokens.take(now_s):
                self._refuse(item, f"more than {_RESETS_PER_SECOND} resets a second", now_s)
            elif hold:
                self._held.append(item)
            else:
                self._send(item, now_s)
        self.answer_repeated(now_s)

    def send_held(self, now_s: float) -> None:
        """Send the events that wait."""
        held, self._held = self._held, []
        for item in held:
            self._send(item, now_s)

    def continue_in(self, music: Session) -> None:
        """Send further events to restored music, which contains those up to its last one."""
        self._music, self._restored = music, music.last_event

    def answer_repeated(self, now_s: float) -> None:
        """Answer events that came again, as many as are due."""
        for number in self._repeated.due(now_s):
            receipt = self._receipts.get(number)
            if receipt is None and number <= self._restored and not self._music.has_answered(number):
                known = Receipt(seq=number, accepted=True, code="known", frame=self._music.head)
                receipt = self._receipts.put(number, known)
            if receipt is not None:
                self._answer(receipt)
            else:
                self._music.answer_again(number)

    def _is_answered(self, number: int) -> bool:
        """Return whether an event was answered, or is part of what the session was restored from."""
        answered = self._receipts.get(number) is not None or self._music.has_answered(number)
        return answered or number <= self._restored

    def _send(self, item: EventItem, now_s: float) -> None:
        event = events.Event(sequence=item.seq, reset=item.reset, set=dict(item.set), fire=item.fire)
        receipt = self._music.send(event, position=item.at, now_s=now_s)
        self._metrics.event(receipt.code)
        if receipt.accepted:
            self._metrics.audible((receipt.frame * FRAME_SIZE - self._music.latency.played(now_s)) / SAMPLE_RATE)
        else:
            self._log_refusal(item.seq, receipt.code, receipt.text, now_s)

    def _refuse(self, item: EventItem, text: str, now_s: float) -> None:
        """Answer an event that comes too soon.

        Args:
            text: What it exceeds.
        """
        frame = self._music.latency.committed(now_s) // FRAME_SIZE
        receipt = Receipt(seq=item.seq, accepted=False, code="rate_limited", frame=frame, text=text)
        self._metrics.event(receipt.code)
        self._log_refusal(item.seq, receipt.code, text, now_s)
        self._answer(self._receipts.put(item.seq, receipt))

    def _log_refusal(self, seq: int, code: str, text: str, now_s: float) -> None:
        left_out = self._refusal_lines.due(code, now_s)
        if left_out is not None:
            fields = {"session": self._name, "event": seq, "code": code, "text": text, "left_out": left_out}
            log.warning("event refused", extra=fields)
