"""What a peer asks for, found out by a look at its greeting, where libzmq only says that it closed the connection.

Source: rfc.zeromq.org 37 (ZMTP 3.1), section "The greeting".
"""

from __future__ import annotations

import socket
from typing import Final

from segue_sdk.address import Endpoint, parse_address

# Signature and version: enough for a peer to send its own greeting, and nothing yet that it could refuse.
_BEGINNING: Final = b"\xff" + bytes(8) + b"\x7f\x03\x01"
_GREETING_BYTES: Final = 64
_MECHANISM: Final = slice(12, 32)
_TIMEOUT_S: Final = 2.0


def peer_mechanism(endpoint: Endpoint, timeout_s: float = _TIMEOUT_S) -> str | None:
    """The security mechanism that a peer asks for: "NULL", "PLAIN", …; "" if it does not say, None if it is no ZMTP.

    Raises:
        OSError: The peer takes no connection.
    """
    with _connect(endpoint, timeout_s) as connection:
        connection.sendall(_BEGINNING)
        greeting = b""
        while len(greeting) < _GREETING_BYTES and (more := connection.recv(_GREETING_BYTES - len(greeting))):
            greeting += more
    if greeting and (greeting[0] != 0xFF or greeting[9:10] not in (b"", b"\x7f")):
        return None
    if len(greeting) < _GREETING_BYTES:
        return ""
    return greeting[_MECHANISM].rstrip(b"\0").decode("ascii", "replace")


def _connect(endpoint: Endpoint, timeout_s: float) -> socket.socket:
    address = parse_address(endpoint.text)
    if address.transport == "tcp":
        return socket.create_connection((address.host, address.port), timeout_s)
    path = address.text.partition("://")[2]
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        # An @ stands for the byte 0 of an abstract name.
        connection.connect("\0" + path[1:] if path.startswith("@") else path)
    except OSError:
        connection.close()
        raise
    return connection
