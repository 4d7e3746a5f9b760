"""How a command ends when it is asked to: what it has open is closed, what it has half written is taken away."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those of POSIX and of Windows; neither has all."""
# Signals that asked the blocks under way to end.
_asked: list[int] = []


@contextmanager
def ending_in_order() -> Iterator[None]:
    """Within the block, a signal that ends a program unwinds it: SystemExit with 128 and its number.

    Ctrl-C stays a KeyboardInterrupt. A second signal does not interrupt the clearing up after the first. What was
    ignored (nohup) or is handled already stays so. Signals are the main thread's; in any other, nothing changes.

    A library's callback may swallow what is raised in it (libsndfile reads memory through one): long work calls
    `end_if_asked` now and then, and the block's end does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}

    def leave(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        _asked.append(number)
        end_if_asked()

    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            before[number] = signal.signal(number, leave)
    try:
        yield
        end_if_asked()
    finally:
        _asked.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def end_if_asked() -> None:
    """Raises: SystemExit or KeyboardInterrupt if a signal has asked the block around to end."""
    if not _asked:
        return
    if _asked[0] == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + _asked[0])


@contextmanager
def holding_signals() -> Iterator[None]:
    """A signal within the block takes effect at its end: what the block makes is then known to whoever clears up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    held: list[int] = []
    before: dict[int, Any] = {}
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN, None):
            before[number] = signal.signal(number, lambda number, frame: held.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in held[:1]:
            signal.raise_signal(number)
