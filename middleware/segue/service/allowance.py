"""How often something may happen: so many times a second, with bursts of one second's worth."""

from __future__ import annotations


class Allowance:
    """A token bucket (Turner, 1986). Times are seconds of one clock."""

    def __init__(self, per_second: float, now_s: float) -> None:
        self._per_second = per_second
        self._left = per_second
        self._refilled_s = now_s

    def take(self, now_s: float) -> bool:
        """Whether it may happen once more now."""
        self._left = min(self._per_second, self._left + (now_s - self._refilled_s) * self._per_second)
        self._refilled_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
