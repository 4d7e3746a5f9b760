"""A client that sends exactly what a test says: a DEALER socket and the codec, without session and clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import numpy as np
import zmq
from numpy.typing import NDArray

from segue_sdk.codec import Part, decode, encode
from segue_sdk.messages import Chunk, Event, EventItem, Hello, Message, Playhead, Welcome

# Bounds a hang, not a speed.
PATIENCE_S: Final = 30.0

T = TypeVar("T")


class Peer:
    """A client, as a context. seen: all messages received, in order."""

    def __init__(self, address: str) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        self._socket.connect(address)
        self.seen: list[Message] = []
        self._unread = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.vanish()

    def vanish(self) -> None:
        """Close the connection without a message."""
        self._context.destroy(linger=0)

    def say(self, *messages: Message) -> None:
        for message in messages:
            self._socket.send_multipart(encode(message))

    def say_bytes(self, *parts: Part) -> None:
        """Send any bytes."""
        self._socket.send_multipart(parts)

    def greet(self, **hello: Any) -> Welcome:
        """Say hello, and return the welcome."""
        self.say(Hello(versions=(1,), client="a test", **hello))
        return self.expect(Welcome)

    def playhead(self, committed: int, **said: Any) -> None:
        """Report the playhead of a paused game."""
        fields = {"played": committed, "committed": committed, "have": max(committed, self.end), "paused": True}
        self.say(Playhead(**{**fields, "last_chunk": len(self.chunks), **said}))

    def send(self, seq: int, at: int = 0, fire: Sequence[str] = (), **values: Any) -> None:
        """One event."""
        self.say(Event(events=(EventItem(seq=seq, at=at, set=values, fire=tuple(fire)),)))

    def expect(self, kind: type[T], where: Callable[[T], bool] = lambda message: True) -> T:
        """Return the next message that fits; those before it are skipped."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            while self._unread < len(self.seen):
                message = self.seen[self._unread]
                self._unread += 1
                if isinstance(message, kind) and where(message):
                    return message
            self._receive(50)
        raise AssertionError(f"no {kind.__name__} came; the last messages: {[str(m)[:200] for m in self.seen[-6:]]}")

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        """Receive until a condition holds."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s for {what}"
            self._receive(20)

    def quiet(self, seconds: float) -> list[Message]:
        """Return what comes within some seconds."""
        before, end = len(self.seen), time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._receive(int(left * 1000) + 1)
        return self.seen[before:]

    def fill(self, end: int) -> None:
        """Receive until the music reaches the sample `end`."""
        while self.end < end:
            self.expect(Chunk)

    @property
    def chunks(self) -> list[Chunk]:
        return [message for message in self.seen if isinstance(message, Chunk)]

    @property
    def end(self) -> int:
        """The sample at which the received music ends."""
        return self.chunks[-1].start + self.chunks[-1].count if self.chunks else 0

    def music(self) -> NDArray[np.float32]:
        """Return the music as a client plays it, float32 [S, 2]: a later chunk replaces all from its start on."""
        return lay(self.chunks)

    def _receive(self, patience_ms: int) -> None:
        if self._socket.poll(patience_ms):
            self.seen.append(decode(self._socket.recv_multipart()))


def samples(chunk: Chunk) -> NDArray[np.float32]:
    """Return a chunk's samples, float32 [S, 2]."""
    assert chunk.format == "f32le"
    return np.frombuffer(bytes(chunk.pcm), "<f4").reshape(-1, 2)


def lay(chunks: Sequence[Chunk]) -> NDArray[np.float32]:
    """Lay chunks over one another; the first may begin anywhere."""
    first = chunks[0].start
    laid = np.zeros((0, 2), np.float32)
    for chunk in chunks:
        order = [(one.seq, one.take, one.start // 1_920, one.reason) for one in chunks]
        assert chunk.start <= first + len(laid), f"a gap before {chunk.seq} of {order}"
        laid = np.concatenate([laid[: chunk.start - first], samples(chunk)])
    return laid


def play_deep(peer: Peer, end: int) -> None:
    """Receive music up to sample `end`, change the state of `water`, and receive the new music up to there."""
    peer.fill(end)
    peer.send(1, deep=True)
    peer.expect(Chunk, lambda one: one.states["water"] == "depth")
    peer.fill(end)
