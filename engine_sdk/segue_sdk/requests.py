"""Saves and restores the game asked for, each until it is answered and cannot be lost any more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segue_sdk.client_messages import Restore, Save
from segue_sdk.sending import Asked


@dataclass(frozen=True, kw_only=True)
class Request:
    """after: number of the last event said before it."""

    message: Save | Restore
    after: int


class Requests:
    """Numbers requests, and knows which are to be asked again."""

    def __init__(self) -> None:
        self._asked: dict[int, Request] = {}
        self._unheard: tuple[Request, int] | None = None
        self._last = 0

    def number(self) -> int:
        """A new request's `id`."""
        self._last += 1
        return self._last

    def ask(self, message: Save | Restore, after: int) -> Asked:
        """Keep a request until its answer."""
        self._asked[message.id] = Request(message=message, after=after)
        return Asked(message.id, after)

    def answered(self, number: int, take: int) -> bool:
        """A request has its answer; whether it was waited for.

        take: the greatest so far. Music that was restored is heard in a greater one.
        """
        request = self._asked.pop(number, None)
        if request is not None and isinstance(request.message, Restore):
            self._unheard = request, take
        return request is not None

    def refused(self, number: int) -> None:
        """A request came to nothing."""
        self._asked.pop(number, None)

    def chunk(self, take: int) -> None:
        """A chunk has come: what was restored may be in its cell."""
        if self._unheard is not None and take > self._unheard[1]:
            self._unheard = None

    def restarted(self) -> None:
        """Another service goes on from the last chunk's cell, which may lack what was restored: ask for it again."""
        if self._unheard is not None:
            request, self._unheard = self._unheard[0], None
            self._asked = dict(sorted({**self._asked, request.message.id: request}.items()))

    def waiting(self) -> list[Asked]:
        """Requests without an answer, in order."""
        return [Asked(number, request.after) for number, request in self._asked.items()]

    def message(self, number: int, at: int, take: int) -> Save | Restore | None:
        """A request as it is sent now: a restore from sample `at` at the earliest, over `take`. None if answered."""
        request = self._asked.get(number)
        if request is None:
            return None
        if isinstance(request.message, Save):
            return request.message
        return replace(request.message, at=max(at, request.message.at), take=take)
