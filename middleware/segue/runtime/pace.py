"""How fast a session's music is generated, and what that lets the session still change."""

from __future__ import annotations

import math

from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE
from segue.runtime.config import SessionConfig


class Pace:
    """Measured generation time, and the client's position between its reports. Times are seconds of one clock."""

    def __init__(self, config: SessionConfig, first_guess_s: float = 0.1) -> None:
        self._config = config
        self._committed = 0
        self._played = 0
        self._reported_s = 0.0
        self._paused = True
        self._have: int | None = None
        self._replaced_s = -math.inf
        self.generation_s = first_guess_s
        self.headroom = config.chunk_frames / FRAME_RATE / first_guess_s

    def report(self, *, played: int, committed: int, paused: bool, now_s: float, have: int | None = None) -> None:
        """The client's positions in samples. They never go back.

        have: the end of what it can play, where its clock stands until more comes; None for one that runs on.
        """
        self._have = have
        self._played = max(self._played, played)
        self._committed = max(self._committed, committed)
        self._paused, self._reported_s = paused, now_s

    def committed(self, now_s: float) -> int:
        """The first sample not yet handed to the engine, estimated from the last report."""
        return self._committed + self._moved(now_s)

    def played(self, now_s: float) -> int:
        """The sample that is heard, estimated from the last report."""
        return self._played + self._moved(now_s)

    def generated(self, frames: int, seconds: float) -> None:
        """A job of `frames` took `seconds`. The estimate follows a slower job at once, a faster one slowly."""
        self.generation_s = max(seconds, 0.9 * self.generation_s + 0.1 * seconds)
        self.headroom = 0.7 * self.headroom + 0.3 * (frames / FRAME_RATE / max(seconds, 1e-6))

    @property
    def next_samples(self) -> int:
        """How far the client's clock goes on until a job that begins now is heard."""
        return math.ceil((self.generation_s + self._config.safety_ms / 1000) * SAMPLE_RATE)

    def replaced(self, now_s: float) -> None:
        """A replacement begins now."""
        self._replaced_s = now_s

    def reachable(self, now_s: float, *, busy: bool) -> int | None:
        """The first frame that generation begun now would still reach; None while nothing may be replaced.

        busy: whether another job must end first.
        """
        if self.headroom < self._config.min_headroom:
            return None
        wait_s = max(0.0, self._replaced_s + self._config.replace_interval_ms / 1000 - now_s)
        ahead_s = wait_s + self.generation_s * (2 if busy else 1) + self._config.safety_ms / 1000
        return -(-(self.committed(now_s) + math.ceil(ahead_s * SAMPLE_RATE)) // FRAME_SIZE)

    def _moved(self, now_s: float) -> int:
        """Samples that the client's clock has gone on since the last report."""
        moved = 0 if self._paused else max(0, round((now_s - self._reported_s) * SAMPLE_RATE))
        return moved if self._have is None else min(moved, max(0, self._have - self._committed))
