"""What a WebSocket client sends, byte by byte, and what it is answered."""

from __future__ import annotations

import struct
from typing import Final

from websockets.frames import Close, Opcode
from websockets.protocol import Protocol, Side

# Of RFC 6455 section 1.3.
KEY: Final = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT: Final = b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
_MASK: Final = bytes(4)


def request(host: str = "127.0.0.1:9465", origin: str | None = None, **headers: str) -> bytes:
    """Return a request to upgrade; headers: further ones, with `_` for `-`."""
    lines = {
        "Host": host,
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": KEY,
        "Sec-WebSocket-Version": "13",
        **({} if origin is None else {"Origin": origin}),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"GET / HTTP/1.1\r\n{text}\r\n".encode("latin-1")


def frame(
    body: bytes = b"", opcode: int = Opcode.BINARY, *, fin: bool = True, masked: bool = True, size: int | None = None
) -> bytes:
    """Return a frame; size: what its header says, if that is not the body's size. The mask is 0."""
    length = len(body) if size is None else size
    head = bytes((opcode | (0x80 if fin else 0),))
    mask = 0x80 if masked else 0
    if length < 126:
        head += bytes((mask | length,))
    elif length < 65_536:
        head += struct.pack("!BH", mask | 126, length)
    else:
        head += struct.pack("!BQ", mask | 127, length)
    return head + (_MASK if masked else b"") + body


def packed(header: bytes, payload: bytes = b"") -> bytes:
    """Return header and payload as one message."""
    return len(header).to_bytes(4, "little") + header + payload


def message(header: bytes, payload: bytes = b"") -> bytes:
    """Return a message in one frame."""
    return frame(packed(header, payload))


def answers(data: bytes) -> tuple[list[bytes], list[bytes], Close | None]:
    """Return the messages, the contents of the pongs, and the end, of what a service sent after its response."""
    _, _, data = data.partition(b"\r\n\r\n") if data.startswith(b"HTTP/") else (b"", b"", data)
    client = Protocol(Side.CLIENT, max_size=None)
    client.receive_data(data)
    assert client.parser_exc is None
    found: dict[Opcode, list[bytes]] = {Opcode.BINARY: [], Opcode.PONG: []}
    for event in client.events_received():
        if event.opcode is not Opcode.CLOSE:
            found[event.opcode].append(bytes(event.data))
    return found[Opcode.BINARY], found[Opcode.PONG], client.close_rcvd


def status(data: bytes) -> int:
    """Return the status of a response."""
    return int(data.split(b" ", 2)[1])
