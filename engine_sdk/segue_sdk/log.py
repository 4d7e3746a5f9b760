"""What a client logs under the name `segue_sdk`, and how often."""

from __future__ import annotations

import logging
from typing import Final

from segue_sdk.client_events import ClientEvent, Closed, ConnectionFailed, EventDelayed, InputRefused, MessageRefused
from segue_sdk.messages import Error, Receipt

log: Final = logging.getLogger("segue_sdk")

# A game may be refused in every frame.
_QUIET_S: Final = 5.0
# Codes may come from the other side, so their number is bounded; beyond it, counting begins anew.
_MOST_KINDS: Final = 64


class LogRateLimiter:
    """Lets the first line of a kind through at once, then one every five seconds with a count of those left out."""

    def __init__(self) -> None:
        self._written_s: dict[str, float] = {}
        self._left_out: dict[str, int] = {}

    def due(self, kind: str, now_s: float) -> int | None:
        """Count one more of a kind.

        Returns:
            None if no line is to be written, else how many were left out since the last line.
        """
        if now_s - self._written_s.get(kind, -_QUIET_S) < _QUIET_S:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return None
        if len(self._written_s) >= _MOST_KINDS:
            self._written_s.clear()
            self._left_out.clear()
        self._written_s[kind] = now_s
        return self._left_out.pop(kind, 0)


class ClientLog:
    """Writes a warning for each client event that reports a failure."""

    def __init__(self) -> None:
        self._limiter = LogRateLimiter()

    def write(self, event: ClientEvent, now_s: float) -> None:
        """Log the event if it reports a failure."""
        match event:
            case Receipt(accepted=False):
                self._refusal(f"event {event.seq} was refused", event, now_s)
            case EventDelayed():
                self._refusal(f"event {event.seq} was refused and is sent again", event, now_s)
            case InputRefused():
                self._refusal("an input was refused", event, now_s)
            case Error():
                self._refusal(f"the service refused a {event.about or 'message'}", event, now_s)
            case MessageRefused():
                self._refusal("a message of the service was not understood", event, now_s)
            case ConnectionFailed():
                log.warning("%s: %s", event.code, event.text)
            # An error of the SDK itself is logged with its traceback already.
            case Closed() if event.reason != "quit" and event.code != "internal":
                log.warning("the session has ended: %s: %s", event.code or event.reason, event.text)

    def _refusal(
        self, what: str, event: Receipt | EventDelayed | InputRefused | Error | MessageRefused, now_s: float
    ) -> None:
        left_out = self._limiter.due(event.code, now_s)
        if left_out is not None:
            more = f" ({left_out} more since the last such line)" if left_out else ""
            log.warning("%s: %s: %s%s", what, event.code, event.text, more)
