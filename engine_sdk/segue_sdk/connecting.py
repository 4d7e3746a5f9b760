"""Connecting to a service: its address, the reasons of failed attempts, and when to try again."""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Generic, TypeVar

import zmq

from segue_sdk.client_events import ConnectionFailed
from segue_sdk.errors import AddressError

T = TypeVar("T")


class BackgroundCall(Generic[T]):
    """A call in a thread of its own that nobody has to wait for, such as one of the system's resolver."""

    def __init__(self, name: str, call: Callable[[], T]) -> None:
        self._call = call
        self._done = threading.Event()
        self._result: T | None = None
        self._error: OSError | None = None
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def result(self, closing: threading.Event, poll_s: float) -> T | None:
        """The result of the call; None if `closing` is set first. Raises: OSError, if the call did."""
        while not self._done.wait(poll_s):
            if closing.is_set():
                return None
        if self._error is not None:
            raise self._error
        return self._result

    def _run(self) -> None:
        try:
            self._result = self._call()
        except OSError as error:
            self._error = error
        finally:
            self._done.set()


_EXPECTED: Final = "expected tcp://HOST:PORT, such as tcp://127.0.0.1:7723, or ipc://PATH"
# Longest path of a Unix socket without the zero byte at its end.
_LONGEST_PATH: Final = 107


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a service listens.

    Attributes:
        text: As given.
        host: A name or IP address without brackets; empty for ipc.
    """

    text: str
    host: str = ""
    port: int = 0

    @property
    def transport(self) -> str:
        return self.text.partition("://")[0]


def parse_address(text: str) -> Address:
    """Parse an address.

    Raises:
        AddressError: `bad_address` for what is no address, `unsupported_transport` for another transport.
    """
    if not isinstance(text, str):
        raise AddressError("bad_address", f"address {text!r}: {_EXPECTED}")
    transport, separator, rest = text.partition("://")
    if not separator:
        raise AddressError("bad_address", f"address {text!r} names no transport: {_EXPECTED}")
    if transport not in ("tcp", "ipc"):
        close = get_close_matches(transport.lower(), ("tcp", "ipc"), n=1, cutoff=0.5)
        hint = f"; did you mean {close[0]}://{rest}?" if close else ""
        raise AddressError("unsupported_transport", f"address {text!r}: no transport {transport!r}: {_EXPECTED}{hint}")
    if any(character.isspace() or not character.isprintable() for character in text):
        raise AddressError("bad_address", f"address {text!r} has a space in it: {_EXPECTED}")
    if transport == "ipc":
        if not 0 < len(rest.encode(errors="surrogateescape")) <= _LONGEST_PATH:
            raise AddressError("bad_address", f"address {text!r}: expected a path of 1 to {_LONGEST_PATH} bytes")
        return Address(text=text)
    host, colon, port = rest.rpartition(":")
    if not colon or (":" in host and not (host.startswith("[") and host.endswith("]"))):
        raise AddressError("bad_address", f"address {text!r}: expected a port at its end; {_EXPECTED}")
    if not (port.isascii() and port.isdecimal() and 1 <= int(port[:6]) <= 65_535):
        raise AddressError("bad_address", f"address {text!r}: expected a port from 1 to 65535, got {port!r}")
    return Address(text=text, host=_host(text, host), port=int(port))


def _host(text: str, host: str) -> str:
    bare = host.removeprefix("[").removesuffix("]")
    if not bare or bare == "*" or "/" in bare or ";" in bare or "@" in bare:
        raise AddressError("bad_address", f"address {text!r}: expected the name or number of a host, got {host!r}")
    if host != bare:
        try:
            ipaddress.IPv6Address(bare.partition("%")[0])
        except ValueError:
            raise AddressError("bad_address", f"address {text!r}: {host!r} is no IPv6 address") from None
    return bare


@dataclass(frozen=True, kw_only=True)
class ResolvedAddress:
    """An address with an IP address as host.

    Attributes:
        ipv6: Whether that is of version 6.
    """

    text: str
    ipv6: bool = False


def resolve(address: Address) -> list[ResolvedAddress]:
    """Resolve an address; IPv4 first. It asks the system's resolver, which may take long.

    Raises:
        OSError: The host has no address.
    """
    if address.transport == "ipc":
        return [ResolvedAddress(text=address.text)]
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    # The name is impossible, for example because of a label of more than 63 bytes.
    except UnicodeError as error:
        raise OSError(str(error)) from error
    hosts = dict.fromkeys((str(item[4][0]), item[0] == socket.AF_INET6) for item in found)
    ordered = sorted(hosts, key=lambda host: host[1])
    return [
        ResolvedAddress(text=f"tcp://[{host}]:{address.port}" if ipv6 else f"tcp://{host}:{address.port}", ipv6=ipv6)
        for host, ipv6 in ordered
    ]


# Signature and version of ZMTP: enough for a peer to send its own greeting, and nothing that it could refuse.
# Source: rfc.zeromq.org 37 (ZMTP 3.1), section "The greeting".
_BEGINNING: Final = b"\xff" + bytes(8) + b"\x7f\x03\x01"
_GREETING_BYTES: Final = 64
_MECHANISM: Final = slice(12, 32)
_TIMEOUT_S: Final = 2.0


def peer_mechanism(address: ResolvedAddress, timeout_s: float = _TIMEOUT_S) -> str | None:
    """Read the security mechanism of a peer from its greeting; libzmq only reports that it closed the connection.

    Returns:
        "NULL", "PLAIN", …; "" if the peer does not say, None if it does not speak ZMTP.
    Raises:
        OSError: The peer accepts no connection.
    """
    with _connect(address, timeout_s) as connection:
        connection.sendall(_BEGINNING)
        greeting = b""
        while len(greeting) < _GREETING_BYTES and (more := connection.recv(_GREETING_BYTES - len(greeting))):
            greeting += more
    if greeting and (greeting[0] != 0xFF or greeting[9:10] not in (b"", b"\x7f")):
        return None
    if len(greeting) < _GREETING_BYTES:
        return ""
    return greeting[_MECHANISM].rstrip(b"\0").decode("ascii", "replace")


def _connect(address: ResolvedAddress, timeout_s: float) -> socket.socket:
    parsed = parse_address(address.text)
    if parsed.transport == "tcp":
        return socket.create_connection((parsed.host, parsed.port), timeout_s)
    path = parsed.text.partition("://")[2]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        # An @ stands for the zero byte that begins an abstract name.
        connection.connect("\0" + path[1:] if path.startswith("@") else path)
    except OSError:
        connection.close()
        raise
    return connection


# Seconds before the second attempt, and at most before later ones: short where another attempt may help, long where
# somebody has to fix something first.
_SOON: Final = (0.2, 1.0)
_LATER: Final = (1.0, 10.0)
_SELDOM: Final = (5.0, 60.0)

_MISMATCH: Final = zmq.PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH
# What libzmq reports where the service answers the token with ZMTP's command ERROR: a status code if the service uses
# libzmq itself, else an unexpected command.
_ERROR_COMMAND: Final = (
    zmq.PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND,
    zmq.PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_ERROR,
)


def look_up(address: Address, closing: threading.Event, poll_s: float) -> list[ResolvedAddress]:
    """Resolve an address, in a thread if that may take long; none if `closing` is set meanwhile. Raises: OSError."""
    try:
        if address.host:
            ipaddress.ip_address(address.host.partition("%")[0])
        return resolve(address)
    except ValueError:
        lookup = BackgroundCall("segue-lookup", lambda: resolve(address))
    return lookup.result(closing, poll_s) or []


@dataclass(frozen=True, kw_only=True)
class ConnectFailure:
    """The reason of a failed attempt.

    Attributes:
        code, text: As in ConnectionFailed.
    """

    code: str
    text: str


class FailureClassifier:
    """Finds the reason of a failed attempt. token: whether the client has one."""

    def __init__(self, address: str, *, token: bool) -> None:
        self._address, self._token = address, token

    def handshake(self, event: int, value: int) -> ConnectFailure:
        """The reason of a failed handshake.

        Args:
            event, value: Of the socket's monitor.
        """
        if event == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
            return self._refused()
        if event == zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL:
            if value == _MISMATCH:
                return self._mismatch()
            if value in _ERROR_COMMAND:
                return self._refused()
            return self.no_service()
        return self.broken_off()

    def asks_for(self, mechanism: str) -> ConnectFailure | None:
        """The failure with a peer that needs this mechanism of ZMTP; None if the mechanism was not the reason."""
        return self._mismatch() if mechanism and mechanism != ("PLAIN" if self._token else "NULL") else None

    def unreachable(self) -> ConnectFailure:
        """Nothing accepts the connection."""
        return ConnectFailure(
            code="unreachable",
            text=f"nothing listens at {self._address}; check that the service runs there (`segue serve`, whose --bind "
            "is this address) and that no firewall is in between",
        )

    def no_route(self) -> ConnectFailure:
        """The connection is neither accepted nor refused."""
        return ConnectFailure(
            code="unreachable",
            text=f"{self._address} does not answer; check the host and the port, and that no firewall is in between",
        )

    def unknown_host(self, host: str, error: OSError) -> ConnectFailure:
        """The name has no address."""
        return ConnectFailure(
            code="unknown_host",
            text=f"{self._address}: the host {host!r} cannot be found ({error.strerror or error}); check its spelling, "
            "and the network",
        )

    def no_answer(self) -> ConnectFailure:
        """The connection is accepted and nothing follows."""
        return ConnectFailure(
            code="no_answer",
            text=f"{self._address} accepts the connection and does not answer; it is busy, delays clients that gave "
            "wrong tokens, or is no Segue service",
        )

    def broken_off(self) -> ConnectFailure:
        """The connection ended during the handshake without a reason."""
        token = "refuses the token, " if self._token else "needs a token, "
        return ConnectFailure(
            code="broken_off",
            text=f"{self._address} closed the connection during the handshake; it {token}is stopping, is full, "
            "is the service's WebSocket port, or is no Segue service: its log may say which",
        )

    def no_service(self) -> ConnectFailure:
        """The peer does not speak ZMTP."""
        return ConnectFailure(
            code="not_a_service",
            text=f"what answers at {self._address} is no Segue service, or one behind TLS; check the port",
        )

    def unusable(self, error: Exception) -> ConnectFailure:
        """The system refuses such a connection."""
        return ConnectFailure(code="unreachable", text=f"{self._address}: {error}")

    def _refused(self) -> ConnectFailure:
        if not self._token:
            return ConnectFailure(
                code="token_needed",
                text=f"the service at {self._address} refuses clients without a token; give the client its token",
            )
        return ConnectFailure(
            code="token_refused",
            text=f"the service at {self._address} refuses the token; give `connect` the one that the service was "
            "started with (`segue serve --token`, or SEGUE_TOKEN)",
        )

    def _mismatch(self) -> ConnectFailure:
        if self._token:
            return ConnectFailure(
                code="token_not_needed",
                text=f"the service at {self._address} has no token and this client gives one; leave the token out, "
                "or start the service with it",
            )
        return ConnectFailure(
            code="token_needed",
            text=f"the service at {self._address} needs a token; give `connect` the one that the service was "
            "started with (`segue serve --token`, or SEGUE_TOKEN)",
        )


_RETRY_S: Final = {
    "token_refused": _SELDOM,
    "token_needed": _SELDOM,
    "token_not_needed": _SELDOM,
    "unreachable": _SOON,
    "broken_off": (0.2, 5.0),
    "unknown_host": _LATER,
    "no_answer": _LATER,
    "not_a_service": _LATER,
}

# Failures without a reason before one is reported: a peer that refuses the mechanism may close before libzmq knows why.
_UNEXPLAINED: Final = 3
_EXPLAINED: Final = frozenset(("token_refused", "token_needed", "token_not_needed"))


class RetrySchedule:
    """Decides when to try again and which failures to report: pauses grow, and each code is reported once."""

    def __init__(self) -> None:
        self._code = ""
        self._reported: set[str] = set()
        self._wait_s = 0.0
        self._broken_off = 0

    def connected(self) -> None:
        """Begin anew after a connection."""
        self._code, self._wait_s, self._broken_off = "", 0.0, 0
        self._reported.clear()

    def failed(self, failure: ConnectFailure) -> tuple[float, ConnectionFailed | None]:
        """Take a failure; the seconds before the next attempt, and the event for the game if it is new."""
        first, most = _RETRY_S[failure.code]
        self._wait_s = min(most, 2 * self._wait_s) if failure.code == self._code else first
        self._code = failure.code
        self._broken_off += failure.code == "broken_off"
        if failure.code in self._reported or not self._is_worth_reporting(failure.code):
            return self._wait_s, None
        self._reported.add(failure.code)
        event = ConnectionFailed(code=failure.code, text=failure.text, retry_ms=round(self._wait_s * 1000))
        return self._wait_s, event

    def _is_worth_reporting(self, code: str) -> bool:
        """Whether to report a failure: one without a reason only after several, and never after one with a reason."""
        return code != "broken_off" or (self._broken_off >= _UNEXPLAINED and not self._reported & _EXPLAINED)
