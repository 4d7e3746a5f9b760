"""A game's soundtrack in Python: a session over ZeroMQ in a thread of its own.

    client = SegueClient("tcp://127.0.0.1:7723", Hello(versions=(1,), client="my game"))
    client.on(Change, lambda change: print(change.layer, change.to_state))
    # once per game frame:           client.set_input("threat", 0.8); client.update()
    # from the audio callback:       client.player.read(memoryview of float32, interleaved stereo)

Nothing here blocks the game or the audio; `close` waits for the thread, which ends within a poll.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import zmq

from segue_sdk.client_messages import Control, Hello
from segue_sdk.codec import Part
from segue_sdk.declarations import InputValue
from segue_sdk.errors import ProtocolError
from segue_sdk.happenings import Closed, Happening, Live, Lost, MusicArrived, Refused, StingerArrived
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.line import Floats
from segue_sdk.pcm import floats
from segue_sdk.player import Arrived, ArrivedStinger, Player
from segue_sdk.service_messages import Chunk, Stinger
from segue_sdk.session import ClientSession
from segue_sdk.states import State
from segue_sdk.timeline import DEFAULT, Timing

_POLL_MS: Final = 10
# Time between a lost connection and the next try.
_RETRY_S: Final = 0.2
# Happenings kept for a game that does not call `update`; the oldest go first.
_MOST_HAPPENINGS: Final = 4_096
_CLOSE_S: Final = 2.0
_MOST_AT_ONCE: Final = 64

T = TypeVar("T")


class SegueClient:
    """Calls come from the game's thread, `player.read` from the audio thread, callbacks run inside `update`.

    token: the service's, for PLAIN. latency: samples between `player.read` and the ear. wake: called from the network's
    thread when something has happened.
    """

    def __init__(
        self,
        address: str,
        hello: Hello,
        *,
        token: str = "",
        latency: int = 0,
        timing: Timing = DEFAULT,
        wake: Callable[[], object] = lambda: None,
    ) -> None:
        self.player = Player(timing, latency)
        self._timing, self._wake = timing, wake
        self._session = ClientSession(hello)
        self._address, self._token = address, token
        self._lock = threading.Lock()
        self._happened: deque[Happening] = deque(maxlen=_MOST_HAPPENINGS)
        self._callbacks: list[tuple[type[Any], Callable[[Any], None]]] = []
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-client", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # --- the game's thread ------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Where the client stands with its service."""
        return self._session.state

    def on(self, kind: type[T], callback: Callable[[T], None]) -> None:
        """Call `callback` inside `update` for each happening of a kind: Live, Change, Receipt, BeatHeard, Underrun…"""
        self._callbacks.append((kind, callback))

    def update(self) -> None:
        """End the game's frame: send what it set and fired, run the callbacks of what happened since the last call."""
        self.end_frame()
        for happening in self.poll():
            for kind, callback in self._callbacks:
                if isinstance(happening, kind):
                    callback(happening)

    def end_frame(self) -> int:
        """Make one event of what was set and fired since the last call; its number, 0 if nothing was.

        Its `Receipt` and the causes of a `Change` bear the number.
        """
        with self._lock:
            return self._session.end_frame()

    def poll(self) -> list[Happening]:
        """What happened since the last call, for games that prefer it to callbacks."""
        return [self._happened.popleft() for _ in range(len(self._happened))]

    def set_input(self, name: str, value: InputValue) -> None:
        """Set an input of the rules. Raises: ProtocolError, QueueFullError."""
        with self._lock:
            self._session.set_input(name, value)

    def fire(self, name: str) -> None:
        """Fire a trigger of the rules. Raises: ProtocolError, QueueFullError."""
        with self._lock:
            self._session.fire(name)

    def save_music(self) -> int:
        """Ask for the music as a blob for a save game; `Saved` bears the number returned."""
        with self._lock:
            return self._session.save()

    def restore_music(self, blob: bytes) -> int:
        """Go on from a saved blob; `Status` or `Error` bears the number returned. Raises: ProtocolError."""
        with self._lock:
            return self._session.restore(blob)

    def pause(self) -> None:
        """Fade out and stop the music's time, until `resume`."""
        self.player.order("pause")
        with self._lock:
            self._session.pause()

    def resume(self) -> None:
        """Go on where `pause` left off."""
        self.player.order("resume")
        with self._lock:
            self._session.resume()

    def control(self, control: Control) -> bool:
        """Send another control; whether there was a session to send it to."""
        with self._lock:
            return self._session.control(control)

    def close(self) -> None:
        """Say goodbye and end the thread."""
        self._closing.set()
        self._thread.join(_CLOSE_S)

    # --- the network's thread ---------------------------------------------------------------------------------------

    def _run(self) -> None:
        with zmq.Context() as context:
            while not self._closing.is_set() and self._session.state is not State.CLOSED:
                with context.socket(zmq.DEALER) as socket:
                    self._configure(socket)
                    socket.connect(self._address)
                    retry_s = self._serve(socket)
                self._closing.wait(retry_s)

    def _configure(self, socket: zmq.Socket[bytes]) -> None:
        socket.linger = 200
        if self._token:
            socket.plain_username = b"segue"
            socket.plain_password = self._token.encode()

    def _serve(self, socket: zmq.Socket[bytes]) -> float:
        """Serve one connection until it is lost; seconds to wait before the next."""
        with self._lock:
            self._session.connected(time.monotonic())
        while not self._closing.is_set():
            parts = self._received(socket)
            now_s = time.monotonic()
            with self._lock:
                for message in parts:
                    self._session.receive(message, now_s)
                self._session.tick(now_s, self.player.position)
                sending, happened = self._session.to_send(), self._session.happenings()
            for message in sending:
                socket.send_multipart(message, copy=False)
            for happening in happened:
                self._take(happening)
                if isinstance(happening, Lost):
                    return max(_RETRY_S, happening.retry_ms / 1000)
                if isinstance(happening, Closed):
                    return 0.0
        with self._lock:
            self._session.close()
            for message in self._session.to_send():
                socket.send_multipart(message)
        return 0.0

    def _received(self, socket: zmq.Socket[bytes]) -> list[list[Part]]:
        """What is there or comes within a poll, but not so much that nothing else is done."""
        received: list[list[Part]] = []
        timeout_ms = _POLL_MS
        while len(received) < _MOST_AT_ONCE and socket.poll(timeout_ms):
            received.append([frame.buffer for frame in socket.recv_multipart(copy=False)])
            timeout_ms = 0
        return received

    def _take(self, happening: Happening) -> None:
        """Music to the player, everything to the game."""
        if isinstance(happening, Live):
            lookahead = happening.welcome.lookahead_ms * SAMPLE_RATE // 1000
            self.player.order(replace(self._timing, pre_roll=min(self._timing.pre_roll, lookahead)))
        try:
            told = self._played(happening)
            if not (isinstance(happening, Stinger) and happening.offset):
                self._happened.append(told)
        except ProtocolError as error:
            self._happened.append(Refused(code=error.code, text=error.text))
        self._wake()

    def _played(self, happening: Happening) -> Happening:
        """Hand samples to the player; what the game is told instead of them, so that none pile up in its queue."""
        if isinstance(happening, Chunk):
            chunk, samples = happening, floats(happening.pcm, happening.format)
            self.player.order(Arrived(chunk.take, chunk.start, samples, chunk.mixed))
            return MusicArrived(
                start=chunk.start,
                count=chunk.count,
                take=chunk.take,
                generator=chunk.generator,
                reason=chunk.reason,
                states=chunk.states,
                mix=chunk.mix,
                loudness_lufs=chunk.loudness_lufs,
            )
        if isinstance(happening, Stinger):
            message = happening
            self.player.order(ArrivedStinger(message, _sound(message)))
            return StingerArrived(
                id=message.id, name=message.name, kind=message.kind, start=message.start, reason=message.reason
            )
        return happening


def _sound(stinger: Stinger) -> Floats | None:
    return None if stinger.pcm is None else floats(stinger.pcm, stinger.format)
