"""Games without an engine, for measuring: real clients of a real service, with a sound card that is a thread.

What is measured is what a player would hear: positions are the client's sample clock, and a replacement counts from
where the client could still take it.
"""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from segue_sdk.client import SegueClient
from segue_sdk.client_messages import Hello
from segue_sdk.happenings import Happening, MusicArrived
from segue_sdk.limits import CHANNELS, SAMPLE_RATE
from segue_sdk.line import Floats
from segue_sdk.service_messages import Change, Receipt

# What engines take at once, and what lies between that and the ear.
BLOCK: Final = 480
LATENCY: Final = 1_024


@dataclass(kw_only=True)
class Measured:
    """Of one game. reactions: milliseconds from an event to its first sample. buffered: seconds, twice a second."""

    reactions: list[float] = field(default_factory=list)
    buffered: list[float] = field(default_factory=list)
    underruns: int = 0
    late: int = 0
    refused: int = 0


class Game:
    """A client, what it sent and when, and what came of it."""

    def __init__(self, address: str, hello: Hello) -> None:
        self.client = SegueClient(address, hello, latency=LATENCY)
        self.measured = Measured()
        self._sent: dict[int, int] = {}
        self._audible: dict[int, int] = {}
        self._last_seq = 0

    @property
    def playing(self) -> bool:
        return not self.client.player.position.standing

    def send(self, name: str, value: bool) -> None:
        """One event, now."""
        self._last_seq += 1
        self._sent[self._last_seq] = self.client.player.position.played
        self.client.set_input(name, value)
        self.client.end_frame()

    def update(self) -> None:
        """Look at what happened."""
        for happening in self.client.poll():
            self._take(happening)

    def finish(self) -> Measured:
        """End the session."""
        position = self.client.player.position
        self.measured.underruns, self.measured.late = position.underruns, position.late
        self.client.close()
        return self.measured

    def _take(self, happening: Happening) -> None:
        if isinstance(happening, Receipt) and not happening.accepted:
            self.measured.refused += 1
        elif isinstance(happening, Change) and happening.kind == "started":
            for cause in happening.causes:
                if cause.seq in self._sent:
                    self._audible[cause.seq] = happening.audible
        elif isinstance(happening, MusicArrived):
            # The change is told before the chunk that holds it.
            committed = self.client.player.position.committed
            for seq, audible in list(self._audible.items()):
                if happening.start <= audible:
                    heard = max(audible, committed)
                    self.measured.reactions.append((heard - self._sent[seq]) * 1000 / SAMPLE_RATE)
                    del self._audible[seq]


class SoundCard:
    """Takes a block from every game each 10 ms of real time, as a context."""

    def __init__(self, games: Sequence[Game]) -> None:
        self._games = games
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sound card", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        out: Floats = memoryview(array("f", bytes(4 * CHANNELS * BLOCK)))
        begun, taken = time.monotonic(), 0
        while not self._stop.is_set():
            due = int((time.monotonic() - begun) * SAMPLE_RATE) // BLOCK
            for _ in range(due - taken):
                for game in self._games:
                    game.client.player.read(out)
            taken = due
            if taken % 50 == 0:
                for game in self._games:
                    position = game.client.player.position
                    if not position.standing:
                        game.measured.buffered.append((position.have - position.committed) / SAMPLE_RATE)
            time.sleep(BLOCK / SAMPLE_RATE / 2)
