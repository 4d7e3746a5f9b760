"""What carries messages between a socket and the service: the protocol of one connection, without socket and clock.

ZMTP and WebSocket are the two protocols. Whoever serves a connection knows only what is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol, TypeAlias

from segue.service.auth import RefusalReason
from segue_sdk.codec import Part
from segue_sdk.limits import HEADER_BYTES


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a client may send.

    Attributes:
        message_bytes: Bodies of all frames of a message.
        frames: Frames of a message.
        command_bytes: Body of a command of ZMTP, with its metadata; WebSocket itself allows 125.
    """

    message_bytes: int = 4 * HEADER_BYTES
    frames: int = 64
    command_bytes: int = 1_024


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialsReceived:
    """The client sent its credentials; nothing more is read until `accept` or `refuse`."""

    user: bytes
    password: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class HandshakeDone:
    """The handshake is done; messages may go both ways."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MessageReceived:
    """A whole message came."""

    parts: list[bytes]


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandReceived:
    """A command of the transport came, and was answered (a ping) or ignored.

    It is an event, so that it takes part of a turn like a message.
    """

    name: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class EndReceived:
    """The client said that it ends the connection."""


TransportEvent: TypeAlias = CredentialsReceived | HandshakeDone | MessageReceived | CommandReceived | EndReceived


class EndReason(Enum):
    """Why the service ends a connection. TOO_SLOW: its client exceeded a limit of time."""

    STOPPING = auto()
    TOO_SLOW = auto()


class LocalError(Exception):
    """The service used a connection wrongly."""


class RemoteError(Exception):
    """The client broke the protocol or a bound; the connection is to be closed after sending `data_to_send`.

    Attributes:
        refusal: What to count it as.
    """

    def __init__(self, text: str, refusal: RefusalReason = RefusalReason.PROTOCOL) -> None:
        super().__init__(text)
        self.refusal = refusal


class TransportProtocol(Protocol):
    """The service's side of one connection.

    Call `receive_data`, then `next_event` until it is None, and after each event send what `data_to_send` returns.
    Every bound is checked before the bytes that exceed it are kept.
    """

    @property
    def kept_bytes(self) -> int:
        """Bytes received and not returned as events yet: at most a message and what was received last."""
        ...

    def receive_data(self, data: bytes) -> None:
        """Take bytes of the client, cut anywhere; they are dropped after an error, an end or `refuse`."""
        ...

    def next_event(self) -> TransportEvent | None:
        """Return the next event; None if more bytes are needed for it.

        Raises:
            RemoteError: The client broke the protocol; raised again at each later call.
        """
        ...

    def data_to_send(self) -> bytes:
        """Return the bytes to send; each is returned once."""
        ...

    def accept(self) -> None:
        """Accept the credentials. Raises: LocalError if none wait for an answer."""
        ...

    def refuse(self) -> None:
        """Refuse the credentials; the connection ends. Raises: LocalError if none wait for an answer."""
        ...

    def send(self, parts: Sequence[Part]) -> bytes:
        """Encode a message. Raises: LocalError before the handshake is done, and for a message without parts."""
        ...

    def end(self, reason: EndReason) -> None:
        """Let `data_to_send` say that and why the service ends the connection, if the protocol can say so."""
        ...
