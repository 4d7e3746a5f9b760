"""When to step down to a simpler generator and when to dare the better one again."""

from __future__ import annotations

from typing import Final, NamedTuple

# Seconds on a lower rung before the one above is tried; doubled after every relapse, up to the last value.
FIRST_PATIENCE_S: Final = 8.0
MOST_PATIENCE_S: Final = 120.0
# Seconds on a rung without failure after which its past failures are forgiven.
FORGIVEN_S: Final = 30.0


class Step(NamedTuple):
    """A rung to go to, and why."""

    rung: int
    reason: str


class Ladder:
    """One session's place on the ladder; `home` is the chosen generator's rung, the last one cannot fail.

    Rungs above home are never used. Times in seconds.
    """

    def __init__(self, rungs: int, home: int = 0) -> None:
        if not 0 <= home < rungs:
            raise ValueError(f"expected at least one rung, and home among them, got {rungs} and {home}")
        self._last = rungs - 1
        self._home = home
        self.rung = home
        self._since_s = 0.0
        self._patience_s = FIRST_PATIENCE_S
        self._due: Step | None = None

    def failed(self, now_s: float, reason: str) -> None:
        """The present rung's generator raised, or did not deliver in time."""
        if self.rung < self._last:
            if now_s - self._since_s < FORGIVEN_S and self.rung == self._home and self._since_s > 0.0:
                self._patience_s = min(2 * self._patience_s, MOST_PATIENCE_S)
            self._go(Step(self.rung + 1, reason), now_s)

    def succeeded(self, now_s: float) -> None:
        """The present rung delivered; after long enough the chosen generator is tried again."""
        if self.rung > self._home and now_s - self._since_s >= self._patience_s:
            self._go(Step(self._home, f"{self._patience_s:.0f} s without failure"), now_s)
        elif self.rung == self._home and now_s - self._since_s >= FORGIVEN_S:
            self._patience_s = FIRST_PATIENCE_S

    def due(self) -> Step | None:
        """The step decided since the last call, if any."""
        step, self._due = self._due, None
        return step

    def _go(self, step: Step, now_s: float) -> None:
        self.rung, self._since_s, self._due = step.rung, now_s, step
