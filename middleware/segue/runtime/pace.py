"""How soon a session's music can change: what making it takes, how far away its client is, and what its clock says.

The first frame that can still change lies as far ahead of the client's clock as the first chunk of a replacement takes
until it is there. Every part of that is measured: what a frame takes to make, and what comes on top from an event to
its sound; the way to the client and back; and how often a chunk was late all the same. So on a quiet machine a change
comes soon, and on a busy one in time.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE
from segue.runtime.config import SessionConfig

# Measurements that count.
_RECENT: Final = 8
# Until a client has acknowledged a chunk.
_FIRST_ROUND_TRIP_S: Final = 0.03
_MOST_ROUND_TRIP_S: Final = 0.3
# Acknowledgements come with playheads, up to 50 ms late; the least of so many is the way alone.
_ROUND_TRIPS: Final = 16
# Added for every chunk that a client found late, and taken back by so much for every replacement.
_LATE_STEP_S: Final = 0.015
_MOST_LATE_S: Final = 0.15
_LATE_KEPT: Final = 0.95
# A clock that a report puts back by more has stood still; by less, the report was late.
_MOST_REPORT_DELAY: Final = SAMPLE_RATE // 10
_AHEAD_KEPT: Final = 0.9
# The first chunk of a replacement lasts so many times as long as the next usually takes to come.
_FIRST_LASTS: Final = 2


class Recent:
    """How long something took of late. One that was far off, as the first of its kind often is, does not count."""

    def __init__(self, first_guess_s: float) -> None:
        self._taken = deque([first_guess_s], maxlen=_RECENT)

    def take(self, seconds: float) -> None:
        """It took so long this time."""
        self._taken.append(seconds)

    @property
    def usual_s(self) -> float:
        """The median."""
        return sorted(self._taken)[len(self._taken) // 2]

    @property
    def most_s(self) -> float:
        """What only one of the recent ones exceeds."""
        return sorted(self._taken)[-2:][0]


class Pace:
    """One session's. Positions are samples, times seconds of one clock."""

    def __init__(self, config: SessionConfig, first_guess_s: float = 0.06) -> None:
        """first_guess_s: to generate a chunk, and what comes on top of that from an event to its sound."""
        self._config = config
        self._committed = 0
        self._played = 0
        self._reported_s = 0.0
        self._paused = True
        self._have: int | None = None
        # How far the client's clock is ahead of what its last report says, which was on its way for a while.
        self._ahead = 0
        self._replaced_s = -math.inf
        self.headroom = config.chunk_frames / FRAME_RATE / first_guess_s
        self._extra = Recent(first_guess_s)
        self._frame = Recent(first_guess_s / config.chunk_frames)
        self._round_trips: deque[float] = deque(maxlen=_ROUND_TRIPS)
        self._sent: deque[tuple[int, float]] = deque(maxlen=_ROUND_TRIPS)
        self._late = 0
        self._late_s = 0.0
        # When the last job began, and when it is expected to end.
        self._begun_s = self._free_s = -math.inf
        # Since when an event waits for a job, and from which frame on it is heard; since when the present job was
        # waited for.
        self._asked: tuple[float, int] | None = None
        self._answering_s: float | None = None

    # --- the client's clock -----------------------------------------------------------------------------------------

    def report(
        self,
        *,
        played: int,
        committed: int,
        paused: bool,
        now_s: float,
        have: int | None = None,
        received: int = 0,
        late: int = 0,
    ) -> None:
        """The client's positions in samples. They never go back.

        have: the end of what it can play, where its clock stands until more comes; None for one that runs on.
        received: number of the last chunk it has. late: chunks that it found late so far.
        """
        ahead = self.committed(now_s) - max(self._committed, committed)
        runs_on = not (paused or self._paused) and 0 < ahead <= _MOST_REPORT_DELAY
        self._ahead = int(ahead * _AHEAD_KEPT) if runs_on else 0
        self._have = have
        self._played = max(self._played, played)
        self._committed = max(self._committed, committed)
        self._paused, self._reported_s = paused, now_s
        self._acknowledged(received, now_s)
        if late > self._late:
            self._late = late
            self._late_s = min(_MOST_LATE_S, self._late_s + _LATE_STEP_S)

    def committed(self, now_s: float) -> int:
        """The first sample not yet handed to the engine, estimated from the reports."""
        return self._committed + self._moved(now_s)

    def played(self, now_s: float) -> int:
        """The sample that is heard, estimated from the reports."""
        return self._played + self._moved(now_s)

    # --- what it takes ----------------------------------------------------------------------------------------------

    def asked(self, frame: int, now_s: float, *, busy: bool) -> None:
        """An event that is heard from `frame` on came; a job that makes it heard has to begin."""
        if self._asked is None:
            self._asked = now_s + self._until_free_s(now_s, busy=busy), frame

    def begun(self, frames: int, now_s: float, *, replaces: int | None) -> None:
        """A job of so many frames begins. replaces: the frame from which it replaces music, if it does."""
        asked, self._asked = self._asked, None
        near = asked is not None and replaces is not None and replaces - asked[1] < self._config.chunk_frames
        self._answering_s = asked[0] if asked is not None and near else None
        self._begun_s, self._free_s = now_s, now_s + frames * self._frame.usual_s
        if replaces is not None:
            self._replaced_s = now_s

    def generated(self, frames: int, seconds: float, now_s: float | None = None) -> None:
        """The job begun last, of `frames`, took the generator `seconds`, and is there now."""
        self._frame.take((seconds if now_s is None else max(seconds, now_s - self._begun_s)) / frames)
        self.headroom = 0.7 * self.headroom + 0.3 * (frames / FRAME_RATE / max(seconds, 1e-6))
        if self._answering_s is not None and now_s is not None:
            self._extra.take(max(0.0, now_s - self._answering_s - frames * self._frame.usual_s))
            self._late_s *= _LATE_KEPT
        self._answering_s = None

    def sent(self, chunk: int, now_s: float) -> None:
        """The chunk of this number goes out."""
        self._sent.append((chunk, now_s))

    @property
    def first_frames(self) -> int:
        """How many frames the first chunk of a replacement has: few, to be there soon, but more than the next takes."""
        next_s = self._extra.usual_s + self._config.chunk_frames * self._frame.usual_s
        enough = math.ceil(_FIRST_LASTS * next_s * FRAME_RATE)
        return min(max(enough, self._config.crossfade_frames + 1), self._config.chunk_frames)

    @property
    def next_samples(self) -> int:
        """How far the client's clock goes on until a job that begins now is heard, if all goes as usual."""
        return math.ceil((self._first_s + self._reserve_s) * SAMPLE_RATE)

    def reachable(self, now_s: float, *, busy: bool, unheard: Callable[[int], int] = lambda frame: 0) -> int | None:
        """The first frame that generation begun now would still reach; None while nothing may be replaced.

        busy: whether another job must end first. unheard: how many frames have to be made again before a frame.
        """
        if self.headroom < self._config.min_headroom:
            return None
        interval_s = max(0.0, self._replaced_s + self._config.replace_interval_ms / 1000 - now_s)
        wait_s = max(interval_s, self._until_free_s(now_s, busy=busy))
        reached = self.committed(now_s) + math.ceil(wait_s * SAMPLE_RATE) + self.next_samples
        frame = -(-reached // FRAME_SIZE)
        again = self._frame.usual_s * SAMPLE_RATE
        for _ in range(self._config.chunk_frames):
            if frame * FRAME_SIZE >= reached + unheard(frame) * again:
                break
            frame += 1
        return frame

    # --- inside -----------------------------------------------------------------------------------------------------

    @property
    def _first_s(self) -> float:
        """From an event to the first chunk of its sound, as long as that seldom takes."""
        return self._extra.most_s + self.first_frames * self._frame.usual_s

    @property
    def _reserve_s(self) -> float:
        """From a chunk that is there to one that the client's engine can take, with a report of where that one is."""
        way_s = min(self._round_trips, default=_FIRST_ROUND_TRIP_S)
        return self._config.safety_ms / 1000 + way_s + self._late_s

    def _until_free_s(self, now_s: float, *, busy: bool) -> float:
        return max(0.0, self._free_s - now_s) if busy else 0.0

    def _acknowledged(self, chunk: int, now_s: float) -> None:
        while self._sent and self._sent[0][0] <= chunk:
            sent, sent_s = self._sent.popleft()
            if sent == chunk:
                self._round_trips.append(min(now_s - sent_s, _MOST_ROUND_TRIP_S))

    def _moved(self, now_s: float) -> int:
        """Samples that the client's clock has gone on since the last report."""
        moved = 0 if self._paused else max(0, round((now_s - self._reported_s) * SAMPLE_RATE)) + self._ahead
        return moved if self._have is None else min(moved, max(0, self._have - self._committed))
