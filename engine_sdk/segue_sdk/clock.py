"""An audio callback for programs without a sound device: a thread that reads a player in real time."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable
from typing import Final

from segue_sdk.limits import CHANNELS, SAMPLE_RATE
from segue_sdk.line import Floats
from segue_sdk.player import Player

BLOCK: Final = 480
"""Samples read at once, 10 ms."""
_NAP_S: Final = 0.005
# A machine that slept does not make up for it by a burst of music nobody hears.
_MOST_BEHIND_S: Final = 0.25
_CLOSE_S: Final = 2.0


class Pacer:
    """How many blocks are due by now, given when it is asked."""

    def __init__(self, now_s: float) -> None:
        self._next_s = now_s

    def due(self, now_s: float) -> int:
        """Blocks since the last call that fit the time gone by; of a long gap the last quarter second."""
        self._next_s = max(self._next_s, now_s - _MOST_BEHIND_S)
        blocks = int((now_s - self._next_s) * SAMPLE_RATE / BLOCK)
        self._next_s += blocks * BLOCK / SAMPLE_RATE
        return blocks


class Clock:
    """Reads a player until it is closed and hands every block to `sink`, which must not keep it."""

    def __init__(self, player: Player, sink: Callable[[Floats], object] = lambda block: None) -> None:
        self._player, self._sink = player, sink
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-clock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading; nothing is handed to the sink afterwards."""
        self._closing.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        samples: array[float] = array("f", bytes(4 * CHANNELS * BLOCK))
        block: Floats = memoryview(samples)
        pacer = Pacer(time.monotonic())
        while not self._closing.wait(_NAP_S):
            for _ in range(pacer.due(time.monotonic())):
                self._player.read(block)
                self._sink(block)
