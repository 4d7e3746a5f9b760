"""How a command ends on a signal: what it has open is closed, and files it has half written are removed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

ENDING_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Names of the signals that end a program: those of POSIX and of Windows; neither has all."""
# Signals received by the blocks under way.
_received: list[int] = []


@contextmanager
def exiting_on_signals() -> Iterator[None]:
    """Within the block, a signal that ends a program unwinds it: SystemExit with 128 and the signal's number.

    Ctrl-C stays a KeyboardInterrupt. A second signal does not interrupt the clean-up after the first. A signal that is
    ignored (nohup) or handled already stays so. Python handles signals in the main thread; in others nothing changes.

    A library's callback may swallow the exception (libsndfile reads memory through one). So long work calls
    `exit_if_signalled` now and then, and the end of the block does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}

    def leave(number: int, frame: FrameType | None) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        _received.append(number)
        exit_if_signalled()

    for name in ENDING_SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            before[number] = signal.signal(number, leave)
    try:
        yield
        exit_if_signalled()
    finally:
        _received.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_if_signalled() -> None:
    """End the block of `exiting_on_signals` if a signal has come.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed.
        SystemExit: Another signal came.
    """
    if not _received:
        return
    if _received[0] == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(128 + _received[0])


@contextmanager
def delaying_signals() -> Iterator[None]:
    """Within the block, signals wait for its end: what the block makes can then be cleaned up."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    delayed: list[int] = []
    before: dict[int, Any] = {}
    for name in ENDING_SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) not in (signal.SIG_DFL, signal.SIG_IGN, None):
            before[number] = signal.signal(number, lambda number, frame: delayed.append(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in delayed[:1]:
            signal.raise_signal(number)
