"""What a client asked for and cannot have: said to it as an `error` with a code."""

from __future__ import annotations

from collections.abc import Sequence


class RefusedError(Exception):
    """What was asked for cannot be had.

    code: of the `error` that says so. retry_ms: when it may be asked for again. problems: of refused rules, one by one.
    """

    def __init__(self, code: str, text: str, retry_ms: int | None = None, problems: Sequence[str] = ()) -> None:
        super().__init__(text)
        self.code, self.text, self.retry_ms, self.problems = code, text, retry_ms, problems
