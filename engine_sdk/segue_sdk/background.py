"""Calls that nobody can stop, such as those of the system's resolver, in a thread that nobody has to wait for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Background(Generic[T]):
    """One call. name: of its thread."""

    def __init__(self, name: str, call: Callable[[], T]) -> None:
        self._call = call
        self._done = threading.Event()
        self._result: T | None = None
        self._error: OSError | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def result(self, closing: threading.Event, poll_s: float) -> T | None:
        """What it returned; None if `closing` is set first. Raises: OSError, if the call did."""
        while not self._done.wait(poll_s):
            if closing.is_set():
                return None
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._call()
        except OSError as error:
            self._error = error
        finally:
            self._done.set()
