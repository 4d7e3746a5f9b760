"""A thread for calls that take long: they run on it one after the other; one that hangs is left behind with it.

Python threads cannot be ended from outside. So a thread that does not come back is abandoned: it is a daemon, whatever
it returns is thrown away, and the next call starts a new thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class Worker:
    """To be used from one event loop. most_s: a call that runs longer is left behind; None leaves that to the user."""

    def __init__(self, name: str, most_s: float | None = None) -> None:
        self._name = name
        self._most_s = most_s
        self._line: _Line | None = None

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Run a function on the thread. Raises: what it raises; TimeoutError if it was left behind."""
        if self._line is None:
            self._line = _Line(self._name)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        begun = asyncio.Event()

        def done(value: Any, error: BaseException | None) -> None:
            if future.cancelled():
                return
            if error is None:
                future.set_result(value)
            else:
                future.set_exception(error)

        def run() -> None:
            value, raised = None, None
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(begun.set)
            try:
                value = function(*args)
            # Whatever it is belongs to the caller, not to this thread; a panic of a compiled library is no Exception.
            except BaseException as error:
                raised = error if isinstance(error, Exception) else RuntimeError(f"{type(error).__name__}: {error}")
            # Who asked may be gone when a call that hung comes back.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(done, value, raised)

        self._line.calls.put(run)
        if self._most_s is None:
            return await future
        # Its time runs from when it begins: those before it may take theirs.
        await begun.wait()
        try:
            return await asyncio.wait_for(future, self._most_s)
        except TimeoutError:
            self.abandon()
            raise

    def abandon(self) -> Callable[[], bool]:
        """Leave the thread to its call; those that wait go to a new one.

        Returns: a function that tells whether that call still runs.
        """
        line, self._line = self._line, None
        if line is None:
            return lambda: False
        waiting = line.end()
        if waiting:
            self._line = _Line(self._name)
            for call in waiting:
                self._line.calls.put(call)
        return line.thread.is_alive

    def close(self, patience_s: float) -> None:
        """End the thread after its present call, waiting for it no longer than that."""
        if self._line is not None:
            self._line.end()
            self._line.thread.join(patience_s)
            self._line = None


class _Line:
    """A thread and the calls that wait for it; None ends it."""

    def __init__(self, name: str) -> None:
        self.calls: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def end(self) -> list[Callable[[], None]]:
        """Let the thread end after its present call. Returns: the calls not begun."""
        waiting = []
        with contextlib.suppress(queue.Empty):
            while call := self.calls.get_nowait():
                waiting.append(call)
        self.calls.put(None)
        return waiting

    def _run(self) -> None:
        while (call := self.calls.get()) is not None:
            call()
