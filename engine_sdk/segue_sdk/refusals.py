"""Answers to messages that cannot be taken: few enough that two sides never refuse each other for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from segue_sdk.codec import Part, type_of
from segue_sdk.errors import ProtocolError
from segue_sdk.limits import TEXT_BYTES
from segue_sdk.service_messages import Error

_MOST_PER_SECOND: Final = 10


class Refusals:
    """At most ten answers a second, and none to an `error` or a `bye`."""

    def __init__(self) -> None:
        self._since_s = 0.0
        self._answers = 0

    def answer(self, error: ProtocolError, parts: Sequence[Part], now_s: float) -> list[Error]:
        """The `error` to send for a message, if one is to be sent."""
        if now_s - self._since_s >= 1.0:
            self._answers, self._since_s = 0, now_s
        about, seq = type_of(parts)
        self._answers += 1
        if about in ("error", "bye") or self._answers > _MOST_PER_SECOND:
            return []
        text = error.text.encode()[:TEXT_BYTES].decode(errors="ignore")
        return [Error(code=error.code, text=text, about=about, seq=seq)]
