"""Addresses of services: checked before anything is tried, and turned into what a socket connects to."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from segue_sdk.errors import AddressError

_EXPECTED: Final = "expected tcp://HOST:PORT, such as tcp://127.0.0.1:7723, or ipc://PATH"
# Paths of Unix sockets, less the byte that ends them.
_LONGEST_PATH: Final = 107


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a service listens. host: a name or a number without brackets, empty for ipc. text: as it was given."""

    text: str
    host: str = ""
    port: int = 0

    @property
    def transport(self) -> str:
        return self.text.partition("://")[0]


def parse_address(text: str) -> Address:
    """An address that can be tried.

    Raises:
        AddressError: `bad_address` for what is no address, `unsupported_transport` for one of another transport.
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
class Endpoint:
    """What to connect to, with a number for a host. ipv6: whether that is one of version 6."""

    text: str
    ipv6: bool = False


def endpoints(address: Address) -> list[Endpoint]:
    """Every endpoint of an address, version 4 first. Asks the system's resolver, which may take long.

    Raises:
        OSError: The host has no address.
    """
    if address.transport == "ipc":
        return [Endpoint(text=address.text)]
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    # A name that cannot be one, such as a label of more than 63 bytes.
    except UnicodeError as error:
        raise OSError(str(error)) from error
    hosts = dict.fromkeys((str(item[4][0]), item[0] == socket.AF_INET6) for item in found)
    ordered = sorted(hosts, key=lambda host: host[1])
    return [
        Endpoint(text=f"tcp://[{host}]:{address.port}" if ipv6 else f"tcp://{host}:{address.port}", ipv6=ipv6)
        for host, ipv6 in ordered
    ]
