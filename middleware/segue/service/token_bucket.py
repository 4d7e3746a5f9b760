"""A token bucket (Turner, 1986): bounds a rate, and lets so much happen at once."""

from __future__ import annotations


class TokenBucket:
    """Refills at `per_second` up to `burst`. Times are seconds of one clock that never goes back."""

    def __init__(self, per_second: float, burst: float, now_s: float) -> None:
        self._per_second = per_second
        self._burst = burst
        self._left = burst
        self._refilled_s = now_s

    def take(self, now_s: float, cost: float = 1.0) -> bool:
        """Take `cost` tokens if there are so many."""
        if self.left(now_s) < cost:
            return False
        self._left -= cost
        return True

    def charge(self, now_s: float, cost: float) -> None:
        """Take `cost` tokens whether or not there are so many: what was done already has to be paid for later."""
        self._left = self.left(now_s) - cost

    def forgive(self, now_s: float) -> None:
        """Let what was charged and is not paid for be."""
        self._left = max(0.0, self.left(now_s))

    def left(self, now_s: float) -> float:
        """Tokens now; less than 0 while something charged is not paid for."""
        self._left = min(self._burst, self._left + (now_s - self._refilled_s) * self._per_second)
        self._refilled_s = now_s
        return self._left

    def debt_s(self, now_s: float) -> float:
        """Seconds until everything charged is paid for; 0 if it is."""
        return max(0.0, -self.left(now_s) / self._per_second)
