"""Lines of the log about refusals: the first of a kind at once, then at most one in a while with a count."""

from __future__ import annotations

import logging
from typing import Final

# A game may be refused in every frame.
_QUIET_S: Final = 5.0


class RefusalLog:
    """Writes to a logger; told the time."""

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._written_s: dict[str, float] = {}
        self._held_back: dict[str, int] = {}

    def refused(self, code: str, what: str, text: str, now_s: float) -> None:
        """A refusal of kind `code`. what, text: for people."""
        if now_s - self._written_s.get(code, -_QUIET_S) < _QUIET_S:
            self._held_back[code] = self._held_back.get(code, 0) + 1
            return
        self._written_s[code] = now_s
        more = self._held_back.pop(code, 0)
        since = f" ({more} more since the last such line)" if more else ""
        self._logger.warning("%s: %s: %s%s", what, code, text, since)
