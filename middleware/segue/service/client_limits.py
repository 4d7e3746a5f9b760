"""Limits on what a client may do: rates, repeated events, and the speed of its playhead.

All times are seconds of one monotonic clock, passed in by the caller.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from segue.contract import SAMPLE_RATE
from segue.service.monitoring import Metrics
from segue_sdk.limits import CAPACITY, MOST_UNCONFIRMED, MOST_UNRECEIPTED
from segue_sdk.messages import Playhead


class TokenBucket:
    """A token bucket (Turner, 1986): bounds a rate, and allows a burst."""

    def __init__(self, per_second: float, burst: float, now_s: float) -> None:
        """Start with a full bucket.

        Args:
            per_second: Tokens added each second.
            burst: Tokens that the bucket holds at most.
            now_s: The time now.
        """
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._refilled_s = now_s

    def take(self, now_s: float, cost: float = 1.0) -> bool:
        """Take `cost` tokens if the bucket holds that many, and return whether it did."""
        if self.left(now_s) < cost:
            return False
        self._left -= cost
        return True

    def charge(self, now_s: float, cost: float) -> None:
        """Take `cost` tokens even if the bucket goes below zero: the work is already done."""
        self._left = self.left(now_s) - cost

    def forgive(self, now_s: float) -> None:
        """Cancel the debt, if there is one."""
        self._left = max(0.0, self.left(now_s))

    def left(self, now_s: float) -> float:
        """Return the tokens in the bucket; a negative number is a debt."""
        self._left = min(self._burst, self._left + (now_s - self._refilled_s) * self._per_second)
        self._refilled_s = now_s
        return self._left

    def debt_s(self, now_s: float) -> float:
        """Return the seconds until the debt is paid; 0 without a debt."""
        return max(0.0, -self.left(now_s) / self._per_second)


# Shares of the session's events per second. A client that follows the protocol repeats events at this pace.
_REPEAT_RATE: Final = 0.8
_REPEAT_BURST: Final = 0.5
# The most numbers that a client may hold without a receipt; no more are queued.
_MOST_REPEATED: Final = MOST_UNRECEIPTED + MOST_UNCONFIRMED


class RepeatedEvents:
    """Events that a client sent again, queued to be answered again.

    Each number is queued once, however often it came. They do not count against the limit of new events.
    """

    def __init__(self, events_per_second: int, now_s: float) -> None:
        self._tokens = TokenBucket(events_per_second * _REPEAT_RATE, max(1.0, events_per_second * _REPEAT_BURST), now_s)
        self._waiting: dict[int, None] = {}

    def add(self, number: int) -> None:
        """Queue the number of an event that was answered before and came again."""
        if len(self._waiting) < _MOST_REPEATED:
            self._waiting[number] = None

    def due(self, now_s: float) -> Iterator[int]:
        """Yield and remove the numbers to answer now, in the order in which they came."""
        while self._waiting and self._tokens.take(now_s):
            number = next(iter(self._waiting))
            del self._waiting[number]
            yield number


# Samples by which a client's playhead may jump ahead, and how much faster than our clock it may run.
_MOST_ADVANCE: Final = 15 * SAMPLE_RATE
_FASTEST_CLOCK: Final = 1.1
# So much may a playhead lie beyond these bounds before the client is told: reports come a little early and late.
_UNTOLD: Final = SAMPLE_RATE
# The most that one report may add to a counter, and the most sound a client can have buffered: the metrics cover all
# clients, and no client should be able to distort them.
_MOST_COUNTED: Final = 1_000
_MOST_BUFFERED_S: Final = CAPACITY / SAMPLE_RATE


class ValidPlayhead(NamedTuple):
    """A playhead as far as it can be true.

    Attributes:
        committed: The committed sample.
        problem: What to tell the client about its report; empty if it was right, or if it has been told.
    """

    committed: int
    problem: str


class PlayheadValidator:
    """Bounds the playhead that a session's client reports, so that no client gets music faster than a clock runs.

    It lives as long as the session, over all its connections. Positions are in samples.
    """

    def __init__(self, metrics: Metrics, now_s: float) -> None:
        self._metrics = metrics
        self._reported = False
        self._reported_s = now_s
        self._committed = 0
        self._advance: float = _MOST_ADVANCE
        self._told = False
        # Underruns, late chunks and dropped chunks, as the client has counted them.
        self._counts: tuple[int, ...] = (0, 0, 0)

    @property
    def has_reported(self) -> bool:
        """Whether the client has reported a playhead."""
        return self._reported

    def silent_s(self, now_s: float) -> float:
        """Return the seconds since the last report; 0 before the first."""
        return now_s - self._reported_s if self._reported else 0.0

    def validate(self, playhead: Playhead, most: int, now_s: float) -> ValidPlayhead:
        """Bound a reported playhead, and count what it reports.

        Args:
            playhead: The client's report.
            most: Sample at which the generated music ends. The client of a restored session may be beyond it.
            now_s: The time now.
        """
        committed = min(playhead.committed, most)
        bound = "the end of the music; a new session begins at 0, and a client that goes on with an old clock restores"
        if self._reported:
            elapsed = (now_s - self._reported_s) * SAMPLE_RATE
            self._advance = min(_MOST_ADVANCE, self._advance + _FASTEST_CLOCK * elapsed)
            fastest = self._committed + int(self._advance)
            if committed > fastest:
                committed = fastest
                bound = "where a clock in real time can be; positions are samples per channel at 48 000 Hz"
            self._advance -= max(0, committed - self._committed)
        self._committed = max(self._committed, committed)
        self._reported, self._reported_s = True, now_s
        before = self._counts
        counts = (playhead.underruns, playhead.late, playhead.dropped)
        underruns, late, dropped = (
            min(max(0, now - then), _MOST_COUNTED) for now, then in zip(counts, before, strict=True)
        )
        self._counts = tuple(map(max, counts, before))
        buffered_s = min((playhead.have - playhead.committed) / SAMPLE_RATE, _MOST_BUFFERED_S)
        self._metrics.reported(buffered_s=buffered_s, underruns=underruns, late=late, dropped=dropped)
        return ValidPlayhead(committed, self._problem(playhead.committed, committed, bound))

    def _problem(self, reported: int, committed: int, bound: str) -> str:
        """Return what to tell the client, once until it is in range again."""
        if reported == committed:
            self._told = False
        if self._told or reported - committed <= _UNTOLD:
            return ""
        self._told = True
        return f"playhead.committed: expected at most {committed}, {bound}; got {reported}"
