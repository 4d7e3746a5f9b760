"""The life of a client's connection: its states, the `hello` it begins with, and the answers to invalid messages."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import Final

from segue_sdk.errors import ProtocolError
from segue_sdk.limits import TEXT_BYTES, VERSION
from segue_sdk.messages import Control, Error, Hello, Rules, Status


class ClientState(Enum):
    """The state of a client's connection to its service."""

    OFFLINE = "offline"
    GREETING = "greeting"
    RESTORING = "restoring"
    LIVE = "live"
    CLOSED = "closed"


class Signal(Enum):
    """What changes the state."""

    CONNECTED = "the transport connects"
    WELCOMED = "welcome to the same session, or to the first"
    WELCOMED_NEW = "welcome to another session than before, or to one not restored yet"
    RESTORED = "status that answers the restore"
    UNKNOWN = "error no_session"
    LOST = "the transport breaks, or is silent"
    BYE = "bye with retry_ms"
    ENDED = "bye without retry_ms, or the game closes"


_OPEN: Final = (ClientState.OFFLINE, ClientState.GREETING, ClientState.RESTORING, ClientState.LIVE)

TRANSITIONS: Final[dict[tuple[ClientState, Signal], ClientState]] = {
    (ClientState.OFFLINE, Signal.CONNECTED): ClientState.GREETING,
    (ClientState.GREETING, Signal.WELCOMED): ClientState.LIVE,
    (ClientState.GREETING, Signal.WELCOMED_NEW): ClientState.RESTORING,
    (ClientState.RESTORING, Signal.RESTORED): ClientState.LIVE,
    (ClientState.RESTORING, Signal.UNKNOWN): ClientState.GREETING,
    (ClientState.LIVE, Signal.UNKNOWN): ClientState.GREETING,
    **{(state, Signal.LOST): ClientState.OFFLINE for state in _OPEN},
    **{(state, Signal.BYE): ClientState.OFFLINE for state in _OPEN},
    **{(state, Signal.ENDED): ClientState.CLOSED for state in _OPEN},
}


# Controls and what each changes. The last control for each thing is repeated on every new connection.
_KEPT: Final = {"pause": "pause", "resume": "pause", "volume": "volume", "mute": "mute", "unmute": "mute"}


class Handshake:
    """Writes each connection's `hello`, with the rules and the generator that the game changed to since the first."""

    def __init__(self, hello: Hello) -> None:
        self._hello = hello
        self._rules: Control | None = None
        self._generator: str | None = None
        self._changed: dict[str, Control] = {}

    def version_mismatch(self, text: str) -> str:
        """What to do where the two sides share no version of the protocol.

        Args:
            text: Of the service.
        """
        if VERSION in self._hello.versions:
            return f"{text}; this SDK speaks version {VERSION}: install the one that belongs to the service"
        return (
            f"Hello offers versions {self._hello.versions} and this SDK speaks {VERSION}: "
            f"give Hello(versions=({VERSION},))"
        )

    def hello(self, key: bytes | None, last_chunk: int) -> Hello:
        """The `hello` of a connection.

        Args:
            key: Of the last session.
            last_chunk: `seq` of its last chunk.
        """
        return replace(self._hello, resume=key, last_chunk=last_chunk)

    def asked(self, control: Control) -> None:
        """Note a request for other rules or another generator, which the service may refuse."""
        if control.op == "rules":
            self._rules = control
        elif control.op == "generator":
            self._generator = control.generator

    def changed(self, control: Control) -> None:
        """Note what the game changes for all connections: its pause and its volume."""
        what = _KEPT.get(control.op)
        if what is not None:
            self._changed[what] = replace(control, ramp_ms=0)

    def changes(self) -> list[Control]:
        """The controls that follow every `welcome`: what the game ever changed, as it is now."""
        return list(self._changed.values())

    def rules(self, answer: Rules) -> None:
        """Note that the service has accepted or refused the requested rules."""
        if self._rules is not None and answer.declaration is not None:
            text, name = self._rules.rules_text, self._rules.rules_name
            self._hello = replace(self._hello, rules_text=text, rules_name=name)
        self._rules = None

    def refused(self, error: Error) -> None:
        """Note that the service does not have what was asked for."""
        if error.about == "control" and error.code == "unknown_rules":
            self._rules = None
        elif error.about == "control" and error.code == "unknown_generator":
            self._generator = None

    def status(self, status: Status) -> None:
        """Note which generator plays."""
        if status.level == 0 and status.generator == self._generator:
            self._hello = replace(self._hello, generator=self._generator)
            self._generator = None


_MOST_PER_SECOND: Final = 10


class RefusalLimiter:
    """Answers invalid messages: ten times a second at most, and never an `error` or a `bye`.

    So two sides cannot refuse each other's answers for ever.
    """

    def __init__(self) -> None:
        self._since_s = 0.0
        self._answers = 0

    def answer(self, error: ProtocolError, about: str, seq: int, now_s: float) -> list[Error]:
        """The `error` to send for a message; none if the limit is reached.

        Args:
            about, seq: As in `error`.
        """
        if now_s - self._since_s >= 1.0:
            self._answers, self._since_s = 0, now_s
        self._answers += 1
        if about in ("error", "bye") or self._answers > _MOST_PER_SECOND:
            return []
        text = error.text.encode()[:TEXT_BYTES].decode(errors="ignore")
        return [Error(code=error.code, text=text, about=about, seq=seq)]
