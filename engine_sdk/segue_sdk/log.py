"""How often a line is written about something that may happen all the time, such as a refused event."""

from __future__ import annotations

from typing import Final

# A game may be refused in every frame.
_QUIET_S: Final = 5.0
# Kinds told apart, since their names may come from the other side; they begin anew beyond it.
_MOST_KINDS: Final = 64


class LogRateLimiter:
    """The first of a kind at once, then one in a while with a count of those in between."""

    def __init__(self) -> None:
        self._written_s: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def due(self, kind: str, now_s: float) -> int | None:
        """It happened once more: None if nothing is to be written, else how many were left out since the last line."""
        if now_s - self._written_s.get(kind, -_QUIET_S) < _QUIET_S:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return None
        if len(self._written_s) >= _MOST_KINDS:
            self._written_s.clear()
            self._left_out.clear()
        self._written_s[kind] = now_s
        return self._left_out.pop(kind, 0)
