"""How soon a session's music can change: the time to make it, the way to the client, and the client's clock.

The first frame that can still change lies ahead of the client's clock by the time the first chunk of a replacement
needs to get there. Every part of that time is measured: the time to make a frame, the time on top from an event to its
sound, the way to the client and back, and how often a chunk was late. So a change comes soon on a quiet machine, and in
time on a busy one.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import Final

from segue.contract import FRAME_RATE, FRAME_SIZE, PRE_ROLL_S, SAMPLE_RATE
from segue.runtime.session_config import SessionConfig

# Measurements that count.
_RECENT: Final = 8
# Until a client has acknowledged a chunk.
_FIRST_ROUND_TRIP_S: Final = 0.03
_MOST_ROUND_TRIP_S: Final = 0.3
# Acknowledgements come with playheads, up to 50 ms late; the least of so many is the way alone.
_ROUND_TRIPS: Final = 16
# Added for every chunk that reached the client late; this share of it is kept after every replacement.
_LATE_STEP_S: Final = 0.015
_MOST_LATE_S: Final = 0.15
_LATE_KEPT: Final = 0.95
# A clock that a report sets back by more has stood still; by less, the report was late.
_MOST_REPORT_DELAY: Final = SAMPLE_RATE // 10
_CLOCK_LEAD_KEPT: Final = 0.9
# The first chunk of a replacement lasts so many times as long as the next usually takes to come.
_FIRST_LASTS: Final = 2


class RecentDurations:
    """The last durations of something. One outlier, as the first of its kind often is, has no effect."""

    def __init__(self, first_guess_s: float) -> None:
        self._durations = deque([first_guess_s], maxlen=_RECENT)

    def add(self, seconds: float) -> None:
        """Add a measurement."""
        self._durations.append(seconds)

    @property
    def median_s(self) -> float:
        """The median."""
        return sorted(self._durations)[len(self._durations) // 2]

    @property
    def second_longest_s(self) -> float:
        """The longest but one."""
        return sorted(self._durations)[-2:][0]


class LatencyEstimator:
    """The estimates of one session. Positions are samples, times seconds of one clock.

    Attributes:
        headroom: Seconds of music generated per second, averaged over the last jobs.
        underruns: How often the client had no music left so far.
    """

    def __init__(self, config: SessionConfig, first_guess_s: float = 0.06) -> None:
        """first_guess_s: time to generate a chunk, and time on top of it from an event to its sound."""
        self._config = config
        self._committed = 0
        self._played = 0
        self._reported_s = 0.0
        self._paused = True
        self._have: int | None = None
        # How far the client's clock is ahead of its last report, which was on its way for a while.
        self._clock_lead = 0
        self._replaced_s = -math.inf
        self.headroom = config.chunk_frames / FRAME_RATE / first_guess_s
        self._overhead = RecentDurations(first_guess_s)
        self._frame = RecentDurations(first_guess_s / config.chunk_frames)
        self._round_trips: deque[float] = deque(maxlen=_ROUND_TRIPS)
        self._sent: deque[tuple[int, float]] = deque(maxlen=_ROUND_TRIPS)
        self.underruns = 0
        self._late = 0
        self._late_s = 0.0
        # When the last job began, and when it is expected to end.
        self._begun_s = self._free_s = -math.inf
        # When the first event that waits for a job could have one, and the frame in which it takes effect.
        self._waiting: tuple[float, int] | None = None
        # The same time for the event that the present job answers.
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
        underruns: int = 0,
    ) -> None:
        """Take the client's positions in samples. They never go back.

        Args:
            played: The sample that is heard.
            committed: The first sample that the engine has not taken yet.
            paused: Whether the client's clock stands still.
            now_s: When the report came.
            have: The end of the client's music, where its clock waits for more; None for a clock that runs on.
            received: Number of the last chunk it has.
            late: Number of chunks that came late so far.
            underruns: How often it had no music left so far.
        """
        lead = self.committed(now_s) - max(self._committed, committed)
        runs_on = not (paused or self._paused) and 0 < lead <= _MOST_REPORT_DELAY
        self._clock_lead = int(lead * _CLOCK_LEAD_KEPT) if runs_on else 0
        self._have = have
        self._played = max(self._played, played)
        self._committed = max(self._committed, committed)
        self._paused, self._reported_s = paused, now_s
        self.underruns = max(self.underruns, underruns)
        self._acknowledge(received, now_s)
        if late > self._late:
            self._late = late
            self._late_s = min(_MOST_LATE_S, self._late_s + _LATE_STEP_S)

    def committed(self, now_s: float) -> int:
        """Return the first sample that the client's engine has not taken yet, estimated from the reports."""
        return self._committed + self._moved(now_s)

    def played(self, now_s: float) -> int:
        """Return the sample that is heard, estimated from the reports."""
        return self._played + self._moved(now_s)

    @property
    def music_end(self) -> int | None:
        """The sample at which the client is silent unless more music comes, None if its clock runs on in silence.

        A client that stands begins only when it has the pre-roll from its position on, so a rest that is shorter does
        not count.
        """
        if self._have is None:
            return None
        pre_roll = min(round(PRE_ROLL_S * SAMPLE_RATE), self._config.lookahead_samples)
        return self._committed if self._paused and self._have - self._committed < pre_roll else self._have

    # --- the time that jobs take ------------------------------------------------------------------------------------

    def event_came(self, frame: int, now_s: float, *, busy: bool) -> None:
        """Note an event that takes effect in `frame` and now waits for a job.

        Args:
            busy: Whether a job is in flight.
        """
        if self._waiting is None:
            self._waiting = now_s + self._until_free_s(now_s, busy=busy), frame

    def job_began(self, frames: int, now_s: float, *, replaces: int | None) -> None:
        """Note a job of so many frames that begins.

        Args:
            replaces: The frame from which it replaces music, if it does.
        """
        waiting, self._waiting = self._waiting, None
        near = waiting is not None and replaces is not None and replaces - waiting[1] < self._config.chunk_frames
        self._answering_s = waiting[0] if waiting is not None and near else None
        self._begun_s, self._free_s = now_s, now_s + frames * self._frame.median_s
        if replaces is not None:
            self._replaced_s = now_s

    def job_ended(self, frames: int, seconds: float, now_s: float | None = None) -> None:
        """Note that the last job, of `frames`, took the generator `seconds` and came at now_s (None in a replay)."""
        self._frame.add((seconds if now_s is None else max(seconds, now_s - self._begun_s)) / frames)
        self.headroom = 0.7 * self.headroom + 0.3 * (frames / FRAME_RATE / max(seconds, 1e-6))
        if self._answering_s is not None and now_s is not None:
            self._overhead.add(max(0.0, now_s - self._answering_s - frames * self._frame.median_s))
            self._late_s *= _LATE_KEPT
        self._answering_s = None

    def chunk_sent(self, number: int, now_s: float) -> None:
        """Note that the chunk of this number goes out."""
        self._sent.append((number, now_s))

    @property
    def first_frames(self) -> int:
        """Length of the first chunk of a replacement: short, to come soon, but longer than the next takes to come."""
        next_s = self._overhead.median_s + self._config.chunk_frames * self._frame.median_s
        enough = math.ceil(_FIRST_LASTS * next_s * FRAME_RATE)
        return min(max(enough, self._config.crossfade_frames + 1), self._config.chunk_frames)

    @property
    def frame_s(self) -> float:
        """How long a frame usually takes to generate, in seconds."""
        return self._frame.median_s

    def frames_in(self, seconds: float) -> int:
        """Return how many frames are usually generated in some time, at most those of a minute of music."""
        return min(int(seconds / max(self._frame.median_s, 1e-6)), 60 * FRAME_RATE)

    @property
    def next_samples(self) -> int:
        """How far the client's clock usually runs until a job that begins now is heard, in samples."""
        return math.ceil((self._first_s + self._reserve_s) * SAMPLE_RATE)

    def reachable(self, now_s: float, *, busy: bool, repeated: Callable[[int], int] = lambda frame: 0) -> int | None:
        """Return the first frame that a job begun now would still reach, None while nothing may be replaced.

        Args:
            now_s: The present time.
            busy: Whether another job must end first.
            repeated: Gives how many frames have to be made again before a frame.
        """
        if self.headroom < self._config.min_headroom:
            return None
        interval_s = max(0.0, self._replaced_s + self._config.replace_interval_ms / 1000 - now_s)
        wait_s = max(interval_s, self._until_free_s(now_s, busy=busy))
        reached = self.committed(now_s) + math.ceil(wait_s * SAMPLE_RATE) + self.next_samples
        return self._with_repeated(reached, repeated)

    def soonest(self, now_s: float, *, frames: int, repeated: Callable[[int], int] = lambda frame: 0) -> int:
        """Return the first frame that a job of so many frames, begun now, reaches if all goes as it usually does.

        Args:
            now_s: The present time.
            frames: How many frames are generated; 0 for sound that is finished now.
            repeated: Gives how many frames have to be made again before a frame.
        """
        made_s = frames * self._frame.median_s + self._reserve_s
        return self._with_repeated(self.committed(now_s) + math.ceil(made_s * SAMPLE_RATE), repeated)

    # --- inside -----------------------------------------------------------------------------------------------------

    @property
    def _first_s(self) -> float:
        """From an event to the first chunk of its sound; it seldom takes longer."""
        return self._overhead.second_longest_s + self.first_frames * self._frame.median_s

    @property
    def _reserve_s(self) -> float:
        """From a finished chunk to one that the client's engine can take, with a report of its position."""
        way_s = min(self._round_trips, default=_FIRST_ROUND_TRIP_S)
        return self._config.safety_ms / 1000 + way_s + self._late_s

    def _with_repeated(self, reached: int, repeated: Callable[[int], int]) -> int:
        """Return the first frame at or after sample `reached` that allows for the frames repeated before it."""
        frame = -(-reached // FRAME_SIZE)
        again = self._frame.median_s * SAMPLE_RATE
        for _ in range(self._config.chunk_frames):
            if frame * FRAME_SIZE >= reached + repeated(frame) * again:
                break
            frame += 1
        return frame

    def _until_free_s(self, now_s: float, *, busy: bool) -> float:
        return max(0.0, self._free_s - now_s) if busy else 0.0

    def _acknowledge(self, number: int, now_s: float) -> None:
        while self._sent and self._sent[0][0] <= number:
            sent, sent_s = self._sent.popleft()
            if sent == number:
                self._round_trips.append(min(now_s - sent_s, _MOST_ROUND_TRIP_S))

    def _moved(self, now_s: float) -> int:
        """Return how far the client's clock has gone since the last report, in samples."""
        moved = 0 if self._paused else max(0, round((now_s - self._reported_s) * SAMPLE_RATE)) + self._clock_lead
        return moved if self._have is None else min(moved, max(0, self._have - self._committed))
