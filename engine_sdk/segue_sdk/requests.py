"""Saves and restores the game asked for, each until it is answered and cannot be lost any more."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segue_sdk.client_messages import Restore, Save


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

    def ask(self, message: Save | Restore, after: int) -> int:
        """Keep a request until its answer; its `id`."""
        self._asked[message.id] = Request(message=message, after=after)
        return message.id

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

    def waiting(self, at: int, take: int) -> list[Request]:
        """Requests without an answer, in order; restores from sample `at` at the earliest, over `take`."""
        return [
            replace(request, message=replace(request.message, at=max(at, request.message.at), take=take))
            if isinstance(request.message, Restore)
            else request
            for request in self._asked.values()
        ]
