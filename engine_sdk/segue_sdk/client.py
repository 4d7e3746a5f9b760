"""A game's soundtrack in Python: a session over ZeroMQ in a thread of its own.

    client = SegueClient("tcp://127.0.0.1:7723", Hello(versions=(1,), client="my game"))
    client.on(Change, lambda change: print(change.layer, change.to_state))
    # once per game frame:           client.set_input("threat", 0.8); client.update()
    # from the audio callback:       client.player.read(memoryview of float32, interleaved stereo)

Nothing here blocks the game or the audio; `close` waits for the thread, which ends within a poll. A program that ends
without `close`, and a client that nobody holds any more, leave their session all the same.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from segue_sdk.client_events import ClientEvent
from segue_sdk.connecting import parse_address
from segue_sdk.handshake import ClientState
from segue_sdk.messages import Control, Hello
from segue_sdk.network import Network
from segue_sdk.player import Player, gain_change
from segue_sdk.session import ClientSession
from segue_sdk.timeline import DEFAULT, Timing

# The length of a PLAIN password is one byte on the wire.
_TOKEN_BYTES: Final = 255

T = TypeVar("T")


class SegueClient:
    """A session with the service at an address, which may start before or after the client.

    Calls come from the game's thread, `player.read` from the audio thread, callbacks run inside `update`.
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
        """Begin to connect.

        Args:
            address: tcp://HOST:PORT or ipc://PATH.
            hello: What the game wants of the session.
            token: The service's, if it needs one; 1 to 255 bytes.
            latency: Samples between `player.read` and what is heard.
            timing: Lengths of fades and of the music to begin with.
            wake: Called from the network's thread when something has happened.
        Raises:
            AddressError: `address` is none.
            ValueError: `token` is too long.
        """
        if len(token.encode()) > _TOKEN_BYTES:
            raise ValueError(f"token: expected at most {_TOKEN_BYTES} bytes, got {len(token.encode())}")
        self.player = Player(timing, latency)
        self._network = Network(parse_address(address), token, ClientSession(hello), self.player, timing, wake)
        self._session, self._lock = self._network.session, self._network.lock
        self._callbacks: list[tuple[type[Any], Callable[[Any], None]]] = []
        weakref.finalize(self, self._network.ask_to_stop).atexit = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def state(self) -> ClientState:
        """Where the client stands with its service."""
        return self._session.state

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen; what `poll` has not given yet is still there."""
        return self._network.ended

    def on(self, kind: type[T], callback: Callable[[T], None]) -> None:
        """Call `callback` inside `update` for each event of a kind: Live, Change, Receipt, BeatHeard, Underrun…"""
        self._callbacks.append((kind, callback))

    def update(self) -> None:
        """End the game's frame: send what it set and fired, run the callbacks of what happened since the last call.

        Raises:
            Exception: What a callback raised, once the other callbacks have run; an ExceptionGroup of several.
        """
        self.end_frame()
        errors: list[Exception] = []
        waiting = self._network.client_events
        for _ in range(len(waiting)):
            # A callback may close the client or call `poll`.
            if not waiting:
                break
            event = waiting.popleft()
            for kind, callback in list(self._callbacks):
                if isinstance(event, kind):
                    try:
                        callback(event)
                    except Exception as error:
                        error.add_note(f"raised by a callback for {type(event).__name__}; the others have run")
                        errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise ExceptionGroup("callbacks of SegueClient.update", errors)

    def end_frame(self) -> int:
        """Make one event of what was set and fired since the last call; its number, 0 if nothing new was.

        Its `Receipt` and the causes of a `Change` bear the number. Where the game is faster than the service takes
        events, the inputs of several frames are sent as one; each number has its receipt all the same.
        """
        with self._lock:
            number = self._session.end_frame()
        if number:
            self._network.send_soon()
        return number

    def poll(self) -> list[ClientEvent]:
        """What happened since the last call, for games that prefer it to callbacks."""
        waiting = self._network.client_events
        return [waiting.popleft() for _ in range(len(waiting))]

    def set_input(self, name: str, value: object) -> None:
        """Set an input of the rules; a value it has already is not sent again.

        Before the service is there the call is kept, checked as soon as the rules are known, and told as
        `InputRefused` if they do not take it.

        Args:
            name: As the rule file declares it.
            value: A boolean, number or text, an enum whose value is one, or a NumPy scalar. Numbers beyond the range
                are clamped by the service, which its receipt says.
        Raises:
            InputError: The rules have no such input, or it does not take the value.
            ProtocolError: The name is too long for a message.
            QueueFullError: Too much waits for the service.
        """
        with self._lock:
            self._session.set_input(name, value)

    def fire(self, name: str) -> None:
        """Fire a trigger of the rules, each time anew. Raises: InputError, ProtocolError, QueueFullError."""
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
        self.player.enqueue("pause")
        with self._lock:
            self._session.pause()
        self._network.send_soon()

    def resume(self) -> None:
        """Go on where `pause` left off."""
        self.player.enqueue("resume")
        with self._lock:
            self._session.resume()
        self._network.send_soon()

    def control(self, control: Control) -> bool:
        """Send another control.

        `volume`, `mute` and `unmute` are the client's own: the player follows them at once, without a click, whether
        or not there is a service, and keeps them over every connection.

        Returns:
            Whether it has effect: a volume always, anything else if there is a session to send it to.
        """
        if control.op in ("pause", "resume"):
            self.pause() if control.op == "pause" else self.resume()
            return True
        order = gain_change(control)
        if order is not None:
            self.player.enqueue(order)
        with self._lock:
            sent = self._session.control(control)
        self._network.send_soon()
        return sent or order is not None

    def close(self) -> None:
        """Say goodbye and end the thread; in any state, from any thread, any number of times."""
        self._network.stop()
