"""Authentication: which addresses need a token, how tokens are checked, and the service's certificate for TLS.

Source: PROTOCOL.md sections 1 and 10; rfc.zeromq.org 24 (PLAIN).
"""

from __future__ import annotations

import hashlib
import hmac
import ssl
from collections import OrderedDict
from collections.abc import Iterable
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Final, NoReturn

from segue_sdk.limits import PASSWORD_BYTES

USER: Final = b"segue"

# The first wrong token of a network is answered after this delay, each further one after twice as long, up to a limit.
_FIRST_DELAY_S: Final = 0.1
_LONGEST_DELAY_S: Final = 2.0
# Wrong tokens count half after this time; a remainder below half a token counts nothing.
_HALF_LIFE_S: Final = 10.0
_FORGIVEN: Final = 0.5
_MOST_WRONG: Final = 20.0
# With more wrong tokens than this, right ones are delayed as well. A client with a wrong token that tries again after
# each answer stays below; one that hangs up and tries more often than about once a second does not.
_SUSPICIOUS: Final = 16.0
_MOST_NETWORKS: Final = 1_024


class Mechanism(StrEnum):
    """ZMTP's security mechanism, by which clients prove who they are."""

    NULL = "NULL"
    PLAIN = "PLAIN"


class RefusalReason(StrEnum):
    """Why a connection was refused or ended. Each try of a client that reconnects counts."""

    TOKEN = "token"
    """A wrong token, or a wrong user name of PLAIN."""
    MECHANISM = "mechanism"
    """No token at all (NULL, or a hello without one over WebSocket), or CURVE."""
    ORIGIN = "origin"
    """A web page, or a host name, that is not allowed."""
    WRONG_PORT = "wrong_port"
    """A client of ZMTP at the port of WebSocket, or one of HTTP at the port of ZMTP."""
    PROTOCOL = "protocol"
    """Bytes that break ZMTP or WebSocket."""
    HANDSHAKE = "handshake"
    """A handshake that took too long, or that the client gave up."""
    TLS = "tls"
    """No TLS where it is expected."""
    TOO_LARGE = "too_large"
    """A message or command above the limit."""
    SLOW = "slow"
    """The client did not read what it was sent."""
    FULL = "full"
    """There were too many connections."""


class InsecureBindError(ValueError):
    """An address is reachable from other machines, and there is no token."""


class CertificateError(ValueError):
    """A certificate or key cannot be used; the text names the file and says what is wrong with it."""


def is_local(endpoint: str) -> bool:
    """Return whether only this machine reaches an endpoint: ipc, or tcp, ws or wss on a loopback address.

    Names of interfaces and hosts count as public, since their addresses may change.
    """
    transport, _, address = endpoint.partition("://")
    if transport == "ipc":
        return True
    try:
        return transport in ("tcp", "ws", "wss") and ip_address(address.rpartition(":")[0].strip("[]")).is_loopback
    except ValueError:
        return False


def mechanism(endpoints: Iterable[str], *, token: str, tls: bool = False) -> Mechanism:
    """Return the mechanism for a service bound to `endpoints`: PLAIN with a token, else NULL.

    Args:
        endpoints: Addresses such as `tcp://127.0.0.1:7723`.
        token: The token; "" for none.
        tls: Whether the service listens for TLS as well.

    Raises:
        InsecureBindError: There is no token, and other machines reach the service.
        ValueError: PLAIN cannot carry the token.
    """
    if token:
        _encoded(token)
        return Mechanism.PLAIN
    if tls:
        raise InsecureBindError("tls_bind lets other machines connect: expected a token (--token-file), got none")
    for endpoint in endpoints:
        if not is_local(endpoint):
            text = f"{endpoint}: other machines reach this address: expected a token (--token-file), got none"
            raise InsecureBindError(text)
    return Mechanism.NULL


class Password:
    """The service's token, kept as a hash."""

    def __init__(self, token: str) -> None:
        """Keep the hash of a token. Raises: ValueError if it is empty or longer than 255 bytes."""
        self._digest = hashlib.sha256(_encoded(token)).digest()

    def matches(self, user: bytes, token: bytes) -> bool:
        """Return whether the credentials are right, in constant time."""
        # Digests have one length and both comparisons always run: the time reveals nothing, not even a length.
        return hmac.compare_digest(hashlib.sha256(token).digest(), self._digest) & hmac.compare_digest(user, USER)


class WrongTokens:
    """How long the answers to a network are delayed that sent wrong tokens: the longer, the more it sent.

    A right token is answered at once, so that a client does not wait for a neighbour's mistake. But if its network
    tries many tokens, it is delayed like a wrong one: otherwise a client could hang up whenever the answer does not
    come at once, and so try tokens as fast as without delays. Times are seconds of one monotonic clock.
    """

    def __init__(self) -> None:
        # Number of wrong tokens by network, and when it was that; the one not updated for longest is first.
        self._wrong: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def delay_s(self, address: str, now_s: float, *, right: bool = False) -> float:
        """Return how many seconds an answer to `address` has to wait.

        Args:
            right: Whether it sent the right token.
        """
        wrong = self._count(network(address), now_s)
        if wrong < (_SUSPICIOUS if right else _FORGIVEN):
            return 0.0
        return min(_LONGEST_DELAY_S, _FIRST_DELAY_S * float(2.0 ** (wrong - 1.0)))

    def add(self, address: str, now_s: float) -> None:
        """Count a wrong token from `address`."""
        key = network(address)
        self._wrong[key] = (min(self._count(key, now_s) + 1.0, _MOST_WRONG), now_s)
        self._wrong.move_to_end(key)
        if len(self._wrong) > _MOST_NETWORKS:
            self._wrong.popitem(last=False)

    def _count(self, key: str, now_s: float) -> float:
        wrong, since_s = self._wrong.get(key, (0.0, now_s))
        return float(wrong * 0.5 ** ((now_s - since_s) / _HALF_LIFE_S))


def network(address: str) -> str:
    """Return what one host can choose its address from: an IPv4 address itself, or the /64 of an IPv6 address."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ip_address(int(found) >> 64 << 64))


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """Load the service's certificate for TLS 1.2 or later.

    A client that speaks ZMTP itself wraps its TCP stream in TLS (SslStream in C#, StreamPeerTLS in Godot). One that
    uses libzmq connects to a TLS proxy on its own machine: stunnel as a client with `verifyChain` and `checkHost`, or
    fifty lines as in `tests/service/bridge.py`. Both have to check the certificate, since PLAIN sends the token as it
    is.

    Args:
        certificate: Certificate chain in PEM.
        key: Its private key in PEM, without a passphrase.

    Raises:
        CertificateError: One of the files cannot be used.
    """
    _check_pem(certificate, "a certificate", "-----BEGIN CERTIFICATE-----")
    _check_pem(key, "a private key", "PRIVATE KEY-----")

    def passphrase() -> NoReturn:
        raise CertificateError(f"{key}: expected a private key without a passphrase, got an encrypted one")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key, password=passphrase)
    except ssl.SSLError as error:
        reason = (error.reason or "not readable").replace("_", " ").lower()
        raise CertificateError(f"{certificate}: expected a certificate and {key} as its key, got: {reason}") from None
    return context


def _check_pem(path: Path, expected: str, marker: str) -> None:
    """Check that a PEM file can be read. OpenSSL's errors name neither the file nor what it expected."""
    try:
        text = path.read_text("ascii", errors="replace")
    except OSError as error:
        raise CertificateError(f"{path}: expected {expected}, cannot read it: {error.strerror}") from None
    if marker not in text:
        raise CertificateError(f"{path}: expected {expected} in PEM, found none")


def _encoded(token: str) -> bytes:
    """Encode a token. Raises: ValueError if PLAIN cannot carry it."""
    encoded = token.encode()
    if not 1 <= len(encoded) <= PASSWORD_BYTES:
        raise ValueError(f"token: expected 1 to {PASSWORD_BYTES} bytes, got {len(encoded)}")
    return encoded
