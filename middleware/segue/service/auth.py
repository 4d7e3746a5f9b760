"""Authentication: which addresses need a token, how tokens are checked, and the certificate for TLS."""

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

USER: Final = b"segue"
# The length of a PLAIN password is one byte on the wire.
MOST_TOKEN_BYTES: Final = 255

# The first wrong token of an address waits so long for its answer, each further one twice as long, up to the longest.
_FIRST_DELAY_S: Final = 0.1
_LONGEST_DELAY_S: Final = 2.0
# Wrong tokens count half after this time; what is left of one then is forgiven.
_HALF_LIFE_S: Final = 10.0
_FORGIVEN: Final = 0.5
_MOST_WRONG: Final = 8.0
_MOST_NETWORKS: Final = 1_024


class Mechanism(StrEnum):
    """How peers of a socket prove who they are."""

    NULL = "NULL"
    PLAIN = "PLAIN"


class RefusalReason(StrEnum):
    """Why a connection was refused or ended. Each try of a client that reconnects counts."""

    TOKEN = "token"
    """PLAIN with a wrong user name or token."""
    MECHANISM = "mechanism"
    """No token at all (NULL), or CURVE."""
    PROTOCOL = "protocol"
    """Bytes that break ZMTP."""
    HANDSHAKE = "handshake"
    """A handshake given up half-way: too slow, or the peer went away."""
    TLS = "tls"
    """No TLS where it is expected."""
    TOO_LARGE = "too_large"
    """A message or command beyond what is taken."""
    SLOW = "slow"
    """The peer did not read what it was sent."""
    FULL = "full"
    """It had to make room for another, or found none."""


class InsecureBindError(ValueError):
    """An address that others can reach, and no token to keep them out."""


def is_local(endpoint: str) -> bool:
    """Whether only this machine reaches an endpoint: ipc, or tcp on a loopback address.

    Names of interfaces and hosts count as public, since what they stand for may change.
    """
    transport, _, address = endpoint.partition("://")
    if transport == "ipc":
        return True
    try:
        return transport == "tcp" and ip_address(address.rpartition(":")[0].strip("[]")).is_loopback
    except ValueError:
        return False


def mechanism(endpoints: Iterable[str], *, token: str, tls: bool = False) -> Mechanism:
    """The mechanism for a service bound to `endpoints`: PLAIN where there is a token, NULL where none is needed.

    tls: whether it listens for TLS as well.
    Raises: InsecureBindError without a token if others reach the socket; ValueError for a token PLAIN cannot carry.
    """
    if token:
        _checked(token)
        return Mechanism.PLAIN
    if tls:
        raise InsecureBindError("TLS lets other machines in: expected a token, got none")
    for endpoint in endpoints:
        if not is_local(endpoint):
            raise InsecureBindError(f"{endpoint}: other machines reach this address: expected a token, got none")
    return Mechanism.NULL


class Password:
    """The service's token as far as it is kept: a hash of it."""

    def __init__(self, token: str) -> None:
        """Raises: ValueError for a token that is empty or longer than 255 bytes."""
        self._digest = hashlib.sha256(_checked(token)).digest()

    def matches(self, user: bytes, token: bytes) -> bool:
        """Whether the credentials are right."""
        # Digests of one length, all compared: the time taken tells nothing of the token, not even its length.
        return hmac.compare_digest(hashlib.sha256(token).digest(), self._digest) & hmac.compare_digest(user, USER)


class WrongTokens:
    """How long the answers to those wait who sent wrong tokens: longer with each one, until they stop.

    Right tokens of the same address wait as well, or one who hangs up early on what is not answered at once could try
    as fast as before. Times are seconds of one clock.
    """

    def __init__(self) -> None:
        # Wrong tokens by network, as of when; the one that was wrong longest ago first.
        self._wrong: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def delay_s(self, address: str, now_s: float) -> float:
        """How long an answer to `address` has to wait now."""
        wrong = self._count(network(address), now_s)
        return 0.0 if wrong < _FORGIVEN else min(_LONGEST_DELAY_S, _FIRST_DELAY_S * 2.0 ** (wrong - 1.0))

    def add(self, address: str, now_s: float) -> None:
        """A wrong token came from there."""
        key = network(address)
        self._wrong[key] = (min(self._count(key, now_s) + 1.0, _MOST_WRONG), now_s)
        self._wrong.move_to_end(key)
        if len(self._wrong) > _MOST_NETWORKS:
            self._wrong.popitem(last=False)

    def _count(self, key: str, now_s: float) -> float:
        wrong, since_s = self._wrong.get(key, (0.0, now_s))
        return float(wrong * 0.5 ** ((now_s - since_s) / _HALF_LIFE_S))


def network(address: str) -> str:
    """Whom an address stands for: itself, or the /64 of IPv6 that one host has for itself."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    return str(found.ipv4_mapped or ip_address(int(found) >> 64 << 64))


def _checked(token: str) -> bytes:
    encoded = token.encode()
    if not 1 <= len(encoded) <= MOST_TOKEN_BYTES:
        raise ValueError(f"token: expected 1 to {MOST_TOKEN_BYTES} bytes, got {len(encoded)}")
    return encoded


class CertificateError(ValueError):
    """A certificate or key that cannot be used; the text names the file and what is wrong with it."""


def tls_context(certificate: Path, key: Path) -> ssl.SSLContext:
    """TLS 1.2 or later with this certificate chain and its private key, both PEM, the key without a passphrase.

    Raises: CertificateError.
    """
    _check_pem(certificate, "a certificate", "-----BEGIN CERTIFICATE-----")
    _check_pem(key, "a private key", "PRIVATE KEY-----")

    def ask() -> NoReturn:
        raise CertificateError(f"{key}: expected a private key without a passphrase, got an encrypted one")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(certificate, key, password=ask)
    except ssl.SSLError as error:
        reason = (error.reason or "not readable").replace("_", " ").lower()
        raise CertificateError(f"{certificate}: expected a certificate and {key} as its key, got: {reason}") from None
    return context


def _check_pem(path: Path, expected: str, marker: str) -> None:
    """That a file is there and looks like what it should be. OpenSSL names neither the file nor what it missed."""
    try:
        text = path.read_text("ascii", errors="replace")
    except OSError as error:
        raise CertificateError(f"{path}: expected {expected}, cannot read it: {error.strerror}") from None
    if marker not in text:
        raise CertificateError(f"{path}: expected {expected} in PEM, found none")
