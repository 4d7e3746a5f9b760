"""A game's soundtrack in Python: a session over ZeroMQ in a thread of its own.

    music = connect("tcp://127.0.0.1:7723", rules="meadow")
    music.on_change(lambda change: print(change.layer, change.to_state))
    # once per game frame:           music.threat = 0.8; music.update()
    # from the audio callback:       music.player.read(memoryview of float32, interleaved stereo)

No call blocks the game or the audio, except `close`, which waits for the thread. A program that ends without `close`,
and a client without references, end their session all the same.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from segue_sdk.client_events import (
    BeatHeard,
    ChangeHeard,
    ClientEvent,
    Closed,
    ConnectionFailed,
    Live,
    Lost,
    StingerHeard,
)
from segue_sdk.connecting import parse_address
from segue_sdk.errors import InputError
from segue_sdk.handshake import ClientState
from segue_sdk.limits import PASSWORD_BYTES, VERSION
from segue_sdk.log import log
from segue_sdk.messages import Change, Control, Hello
from segue_sdk.network import Network
from segue_sdk.player import Player, gain_change
from segue_sdk.session import ClientSession
from segue_sdk.timeline import DEFAULT, Timing

if TYPE_CHECKING:
    # typing has it from Python 3.11 on.
    from typing_extensions import Self

T = TypeVar("T")


class SegueClient:
    """A session with the service at an address; the service may start before or after the client.

    Calls come from the game's thread, `player.read` from the audio thread. Callbacks run inside `update`.

    An attribute that is none of the client's own is an input of the rules: `client.threat = 0.7` is
    `client.set("threat", 0.7)`. Inputs can be set, not read.
    """

    __slots__ = ("__weakref__", "_callbacks", "_lock", "_network", "_player", "_session")

    def __init__(
        self,
        address: str,
        hello: Hello,
        *,
        token: str = "",
        latency_samples: int = 0,
        timing: Timing = DEFAULT,
        wake: Callable[[], object] = lambda: None,
        latency: int | None = None,
    ) -> None:
        """Begin to connect.

        Args:
            address: tcp://HOST:PORT or ipc://PATH.
            hello: What the game wants of the session.
            token: The service's token, if it needs one; 1 to 255 bytes.
            latency_samples: Between `player.read` and the sound.
            timing: Lengths of fades and of the music needed to begin.
            wake: Called from the network thread after each client event.
            latency: An earlier name of `latency_samples`.
        Raises:
            AddressError: `address` is no address of a service.
            ValueError: `token` is too long.
        """
        if len(token.encode()) > PASSWORD_BYTES:
            raise ValueError(f"token: expected at most {PASSWORD_BYTES} bytes, got {len(token.encode())}")
        self._player = Player(timing, latency_samples if latency is None else latency)
        self._network = Network(parse_address(address), token, ClientSession(hello), self._player, timing, wake)
        self._session, self._lock = self._network.session, self._network.lock
        self._callbacks: list[tuple[type[Any] | tuple[type[Any], ...], Callable[[Any], object]]] = []
        weakref.finalize(self, self._network.ask_to_stop).atexit = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __setattr__(self, name: str, value: object) -> None:
        """Set an input of this name. Raises: InputError, ProtocolError, QueueFullError, as `set` does."""
        if name in SegueClient.__slots__:
            object.__setattr__(self, name, value)
        elif hasattr(SegueClient, name):
            raise InputError(
                "reserved_name",
                f"{name!r} is an attribute of the client; if the rules have an input {name!r}, call set({name!r}, …)",
            )
        else:
            self.set(name, value)

    def __getattr__(self, name: str) -> Any:
        welcome = None if name in SegueClient.__slots__ else self._session.welcome
        if welcome is not None and any(declared.name == name for declared in welcome.rules.inputs):
            raise AttributeError(f"input {name!r} can be set, not read; keep its value in the game")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    @property
    def player(self) -> Player:
        """The audio side: an output or the game's audio callback reads it."""
        return self._player

    @property
    def state(self) -> ClientState:
        """The state of the connection to the service."""
        return self._session.state

    @property
    def ended(self) -> bool:
        """Whether no further client event will come; `poll` returns those that still wait."""
        return self._network.ended

    # --- inputs -----------------------------------------------------------------------------------------------------

    def set(self, name: str, value: object) -> None:
        """Set an input of the rules; a value that it has already is not sent again.

        Before the service is there, the call is kept and checked as soon as the rules are known. If they do not take
        it, the event `InputRefused` says so.

        Args:
            name: As the rule file declares it.
            value: A boolean, number or text, an enum whose value is one, or a NumPy scalar. Numbers beyond the range
                are clamped by the service, and its receipt says so.
        Raises:
            InputError: The rules have no such input, or it does not take the value.
            ProtocolError: The name is too long for a message.
            QueueFullError: Too much waits for the service.
        """
        with self._lock:
            self._session.set(name, value)

    def set_input(self, name: str, value: object) -> None:
        """Set an input, as `set` does; its earlier name, for programs that call it so."""
        self.set(name, value)

    def fire(self, name: str) -> None:
        """Fire a trigger of the rules; each call counts. Raises: InputError, ProtocolError, QueueFullError."""
        with self._lock:
            self._session.fire(name)

    def reset(self) -> None:
        """Return all inputs and states to what they were at the start, such as for a new game; the music goes on.

        It is part of the frame's event, and reaches the service even over an outage. What was set and fired before it
        in the same frame has no effect; what is set and fired after it has.

        Raises:
            QueueFullError: Too much waits for the service.
        """
        with self._lock:
            self._session.reset()

    def end_frame(self, at: int = 0) -> int:
        """Make one event of what was reset, set and fired since the last call.

        Args:
            at: The sample position at which it is to take effect, up to ten seconds ahead: for what a game knows
                beforehand. Events sent later take effect no earlier. The default is as early as possible.

        `Receipt` and the causes of a `Change` bear the event's number. Where the game is faster than the service takes
        events, the inputs of several frames are sent as one event; each number has its receipt all the same.

        Returns:
            The event's number; 0 if nothing changed.
        """
        with self._lock:
            number = self._session.end_frame(max(at, self._player.position.played))
        if number:
            self._network.send_soon()
        return number

    # --- client events ----------------------------------------------------------------------------------------------

    def on(self, kind: type[T], callback: Callable[[T], object]) -> None:
        """Call `callback` inside `update` for each client event of a kind: Live, Change, Receipt, Underrun…"""
        self._on(kind, callback)

    def on_change(self, callback: Callable[[Change], object]) -> Callable[[Change], object]:
        """Call `callback` with each change of a layer's state when it is heard; usable as a decorator."""
        self._on(ChangeHeard, lambda heard: callback(heard.change))
        return callback

    def on_beat(self, callback: Callable[[BeatHeard], object]) -> Callable[[BeatHeard], object]:
        """Call `callback` with each beat when it is heard; usable as a decorator."""
        self._on(BeatHeard, callback)
        return callback

    def on_stinger(self, callback: Callable[[StingerHeard], object]) -> Callable[[StingerHeard], object]:
        """Call `callback` with each stinger when it begins to be heard; usable as a decorator."""
        self._on(StingerHeard, callback)
        return callback

    def on_state(
        self, callback: Callable[[Live | Lost | ConnectionFailed | Closed], object]
    ) -> Callable[[Live | Lost | ConnectionFailed | Closed], object]:
        """Call `callback` with what becomes of the connection; usable as a decorator."""
        self._on((Live, Lost, ConnectionFailed, Closed), callback)
        return callback

    def update(self) -> None:
        """End the game's frame: send what it set and fired, and run the callbacks of the client events since then.

        Raises:
            Exception: What a callback raised, after the other callbacks have run; an ExceptionGroup of several. On
                Python 3.10, which has no groups, the first is raised and the others are logged.
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
                        if sys.version_info >= (3, 11):
                            error.add_note(f"raised by a callback for {type(event).__name__}; the others have run")
                        errors.append(error)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise _one_error(errors)

    def poll(self) -> list[ClientEvent]:
        """The client events since the last call, for games that prefer this to callbacks."""
        waiting = self._network.client_events
        return [waiting.popleft() for _ in range(len(waiting))]

    # --- the session ------------------------------------------------------------------------------------------------

    def save_music(self) -> int:
        """Request the music as a blob for a save game; the id of the `Saved` that answers."""
        with self._lock:
            return self._session.save()

    def restore_music(self, blob: bytes) -> int:
        """Continue from a saved blob; the id of the `Status` or `Error` that answers. Raises: ProtocolError."""
        with self._lock:
            return self._session.restore(blob)

    def pause(self) -> None:
        """Fade out and stop the music's time until `resume`."""
        self._player.enqueue("pause")
        with self._lock:
            self._session.pause()
        self._network.send_soon()

    def resume(self) -> None:
        """Continue where `pause` stopped."""
        self._player.enqueue("resume")
        with self._lock:
            self._session.resume()
        self._network.send_soon()

    def control(self, control: Control | str, **fields: Any) -> bool:
        """Send a control: `control("volume", gain_db=-6.0)` is `control(Control(op="volume", gain_db=-6.0))`.

        The client applies `volume`, `mute` and `unmute` itself: the player follows at once, without a click, with or
        without a service, and keeps them over every connection. `reset` is no control any more: for programs that call
        it so, `control(Control(op="reset"))` does what `reset` does.

        Args:
            control: The control, or its `op`.
            fields: The control's other fields, if its `op` is given.
        Returns:
            Whether it has effect: false for any control after the end of the session, and for one that is the
            service's while there is no session.
        Raises:
            ProtocolError: The fields make no control.
            QueueFullError: For a `reset`, too much waits for the service.
        """
        if isinstance(control, str):
            control = Control(op=control, **fields)
        if self.state is ClientState.CLOSED:
            return False
        if control.op in ("pause", "resume"):
            self.pause() if control.op == "pause" else self.resume()
            return True
        change = gain_change(control)
        if change is not None:
            self._player.enqueue(change)
        with self._lock:
            sent = self._session.control(control)
        self._network.send_soon()
        return sent or change is not None

    def close(self) -> None:
        """End the session and the thread; in any state, from any thread, any number of times."""
        self._network.stop()

    def _on(self, kind: type[Any] | tuple[type[Any], ...], callback: Callable[[Any], object]) -> None:
        self._callbacks.append((kind, callback))
        self._network.handled += kind if isinstance(kind, tuple) else (kind,)


def connect(
    address: str,
    rules: str | Path | None = None,
    *,
    client: str = "a Python game",
    generator: str | None = None,
    seed: int | None = None,
    lookahead_ms: int | None = None,
    token: str = "",
    latency_samples: int = 0,
) -> SegueClient:
    """Begin a session with the service at an address.

    Args:
        address: tcp://HOST:PORT or ipc://PATH.
        rules: Name of a rule file that the service knows, or the path of one to send; None for the service's default.
        client: Name and version of the game, for logs.
        generator: What is to play; None for the service's default.
        seed: Seed of the music; None for the rule file's.
        lookahead_ms: How much music to buffer, 200 to 30 000 ms; None for the service's default.
        token: The service's token, if it needs one.
        latency_samples: Between `player.read` and the sound.
    Returns:
        A client, which is a context manager; `close` ends its session.
    Raises:
        AddressError: `address` is no address of a service.
        OSError: `rules` is a path and cannot be read.
        ProtocolError: Another argument is out of its range.
    """
    hello = wanted(rules, client=client, generator=generator, seed=seed, lookahead_ms=lookahead_ms)
    return SegueClient(address, hello, token=token, latency_samples=latency_samples)


def wanted(
    rules: str | Path | None, *, client: str, generator: str | None, seed: int | None, lookahead_ms: int | None
) -> Hello:
    """Return the `hello` that asks for these. Raises: OSError and ProtocolError, as `connect` does."""
    return Hello(
        versions=(VERSION,),
        client=client,
        rules_text=rules.read_text("utf-8") if isinstance(rules, Path) else None,
        rules_name=None if isinstance(rules, Path) else rules,
        generator=generator,
        seed=seed,
        lookahead_ms=lookahead_ms,
    )


def _one_error(errors: list[Exception]) -> Exception:
    """Several errors as one, as far as this Python can."""
    if sys.version_info >= (3, 11):
        error: Exception = ExceptionGroup("callbacks of SegueClient.update", errors)  # novm  # noqa: F821
    else:
        for further in errors[1:]:
            log.error("a further callback raised", exc_info=further)
        error = errors[0]
    return error
