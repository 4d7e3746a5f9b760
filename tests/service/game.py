"""A game without an engine: a real client, and a thread as its sound card that keeps every sample."""

from __future__ import annotations

import threading
import time
from array import array
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue_sdk.client import SegueClient
from segue_sdk.client_events import ClientEvent
from segue_sdk.limits import CHANNELS, SAMPLE_RATE
from segue_sdk.messages import Hello
from segue_sdk.player import PlayerCommand, ReceivedChunk

BLOCK: Final = 480
LATENCY: Final = 960
# Bounds a hang, not a speed.
PATIENCE_S: Final = 30.0

T = TypeVar("T")


class Game:
    """A game that plays in real time, as a context. client_events: all events, in order."""

    def __init__(self, address: str, *, token: str = "", **hello: Any) -> None:
        greeting = Hello(versions=(1,), client="a game", **{"seed": 1, **hello})
        self.client = SegueClient(address, greeting, token=token, latency_samples=LATENCY)
        self.client_events: list[ClientEvent] = []
        # The largest step inside any chunk received; a larger one in what was played is a click.
        self.inside = 0.0
        take_in = self.client.player.enqueue

        def spy(command: PlayerCommand) -> None:
            if isinstance(command, ReceivedChunk):
                self.inside = max(self.inside, largest_step(np.frombuffer(command.samples, np.float32).reshape(-1, 2)))
            take_in(command)

        self.client.player.enqueue = spy  # type: ignore[method-assign]
        self._blocks: list[array[float]] = []
        self._standing: list[bool] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="sound card", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.client.close()
        self.update()

    @property
    def committed(self) -> int:
        """The sample clock: samples handed to the sound card."""
        return self.client.player.position.committed

    @property
    def buffered_s(self) -> float:
        position = self.client.player.position
        return (position.have - position.committed) / SAMPLE_RATE

    def send(self, *fire: str, **values: Any) -> None:
        """Send an event: what a game frame sets and fires."""
        for name, value in values.items():
            self.client.set(name, value)
        for name in fire:
            self.client.fire(name)
        self.client.end_frame()

    def update(self) -> None:
        self.client_events += self.client.poll()

    def all(self, kind: type[T]) -> list[T]:
        """Everything of a kind so far."""
        self.update()
        return [event for event in self.client_events if isinstance(event, kind)]

    def wait(self, what: str, holds: Callable[[], bool], patience_s: float = PATIENCE_S) -> None:
        """Play on until a condition holds."""
        end = time.monotonic() + patience_s
        while not holds():
            self.update()
            if time.monotonic() > end:
                raise AssertionError(
                    f"waited {patience_s:.0f} s for {what}; the last client events: {self.client_events[-8:]}"
                )
            time.sleep(0.005)

    def expect(self, kind: type[T], where: Callable[[T], bool] = lambda one: True) -> T:
        """Return the first event of a kind that fits, waiting for it."""
        self.wait(kind.__name__, lambda: any(where(one) for one in self.all(kind)))
        return next(one for one in self.all(kind) if where(one))

    def play(self, seconds: float) -> None:
        """Play for some seconds, by the sample clock."""
        end = self.committed + round(seconds * SAMPLE_RATE)
        self.wait(f"{seconds} s of music", lambda: self.committed >= end, PATIENCE_S + 3 * seconds)

    def heard(self) -> NDArray[np.float32]:
        """Return what the sound card played, with silences, float32 [S, 2]."""
        blocks = list(self._blocks)
        return np.concatenate([np.frombuffer(block, np.float32) for block in blocks]).reshape(-1, CHANNELS)

    def gaps_s(self, joined_s: float = 0.0) -> list[float]:
        """Return the length of each silence in which the sample clock stood, except the one before the music.

        Silences with less than joined_s of music between them are one.
        """
        standing = list(self._standing)
        while standing and standing[0]:
            standing.pop(0)
        gaps: list[list[int]] = []
        for at, stood in enumerate(standing):
            if stood and gaps and (at - gaps[-1][1]) * BLOCK <= joined_s * SAMPLE_RATE + BLOCK:
                gaps[-1][1] = at
            elif stood:
                gaps.append([at, at])
        return [(last - first + 1) * BLOCK / SAMPLE_RATE for first, last in gaps]

    def _play(self) -> None:
        begun, taken = time.monotonic(), 0
        while not self._stop.is_set():
            due = int((time.monotonic() - begun) * SAMPLE_RATE) // BLOCK
            for _ in range(due - taken):
                before = self.committed
                self._blocks.append(self.client.player.read_array(BLOCK))
                self._standing.append(self.committed == before)
            taken = due
            time.sleep(BLOCK / SAMPLE_RATE / 2)


def largest_step(sound: NDArray[np.float32]) -> float:
    """Return the largest difference of neighbouring samples; a click is far larger than those of the music."""
    return float(np.abs(np.diff(sound, axis=0)).max())
