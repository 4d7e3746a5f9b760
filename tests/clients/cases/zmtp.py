"""Streams of ZMTP for the peers of every client: good, and failing in every way."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any, Final

VECTORS: Final = Path(__file__).parents[3] / "engine_sdk/vectors"
TOKEN: Final = "ash-and-ember"
READY: Final = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER"
CLIENT_READY: Final = b"\x04\x1c\x05READY\x0bSocket-Type\x00\x00\x00\x06DEALER"
CLIENT_INITIATE: Final = b"\x04\x1f\x08INITIATE\x0bSocket-Type\x00\x00\x00\x06DEALER"
CLIENT_HELLO: Final = b"\x04\x12\x05HELLO\x05segue\x05right"
WELCOME: Final = b"\x04\x08\x07WELCOME"


def greeting(mechanism: bytes, as_server: int = 0) -> bytes:
    return b"\xff" + bytes(8) + b"\x7f\x03\x01" + mechanism.ljust(20, b"\0") + bytes([as_server]) + bytes(31)


def case(stream: bytes, *, token: str = "", pieces: list[bytes] | None = None) -> dict[str, Any]:
    return {
        "token": token,
        "pieces": [piece.hex() for piece in pieces or [stream]],
        "send": [b"hi".hex(), b"pcm".hex()],
    }


def frame(body: bytes, flags: int = 0) -> bytes:
    if len(body) < 256:
        return bytes([flags, len(body)]) + body
    return bytes([flags | 2]) + len(body).to_bytes(8, "big") + body


def raw(runs: Any) -> bytes:
    """Bytes of a vector: hex digits, or runs of them."""
    if isinstance(runs, str):
        return bytes.fromhex(runs)
    return b"".join(bytes.fromhex(run["hex"]) * run["times"] for run in runs)


# What the probe sends once the peer is ready.
SENT: Final = frame(b"hi", 1) + frame(b"pcm")
STREAM: Final = (
    greeting(b"NULL") + READY + frame(b"one") + frame(b"h" * 300, 1) + frame(b"p" * 5) + b"\x04\x0a\x04PING\x00\x0acon"
)

PLAIN_STREAM: Final = greeting(b"PLAIN", 1) + WELCOME + READY + frame(b"one")
FAILING: Final = {
    "http": (b"HTTP/1.1 400 Bad Request\r\n", "", "NOT_ZMTP"),
    "tls alert": (b"\x15\x03\x01\x00\x02\x02\x46", "", "NOT_ZMTP"),
    "zmtp 2": (b"\xff" + bytes(8) + b"\x7f\x01\x05", "", "NOT_ZMTP"),
    "a signature that ends otherwise": (b"\xff" + bytes(9), "", "NOT_ZMTP"),
    "plain wanted": (greeting(b"PLAIN"), "", "MECHANISM"),
    "null wanted": (greeting(b"NULL"), "right", "MECHANISM"),
    "curve wanted": (greeting(b"CURVE"), "", "MECHANISM"),
    "a dealer": (greeting(b"NULL") + READY.replace(b"ROUTER", b"DEALER"), "", "NOT_ZMTP"),
    "READY before WELCOME": (greeting(b"PLAIN") + READY, "right", "NOT_ZMTP"),
    "a message before READY": (greeting(b"NULL") + frame(b"x"), "", "NOT_ZMTP"),
    "a malformed READY": (greeting(b"NULL") + b"\x04\x0b\x05READY\x0bSock", "", "NOT_ZMTP"),
    "a value longer than the command": (greeting(b"NULL") + READY.replace(b"\x00\x06", b"\x00\x07"), "", "NOT_ZMTP"),
    "ERROR": (greeting(b"PLAIN") + b"\x04\x0a\x05ERROR\x03400", "right", "REFUSED"),
    "ERROR as libzmq spells it": (greeting(b"PLAIN") + b"\x04\x09\x5eRROR\x03400", "right", "REFUSED"),
    "ERROR without a reason": (greeting(b"PLAIN") + b"\x04\x06\x05ERROR", "right", "REFUSED"),
    "ERROR to INITIATE": (greeting(b"PLAIN") + WELCOME + b"\x04\x07\x05ERROR\x00", "right", "REFUSED"),
    "a command too long": (greeting(b"NULL") + READY + b"\x06" + (1025).to_bytes(8, "big"), "", "BROKEN"),
    "a frame too long": (
        greeting(b"NULL") + READY + frame(b"h", 1) + b"\x02" + (4_194_305).to_bytes(8, "big"),
        "",
        "BROKEN",
    ),
    "a frame of 2^63": (greeting(b"NULL") + READY + b"\x02" + (2**63).to_bytes(8, "big"), "", "BROKEN"),
    "a frame of 2^56": (greeting(b"NULL") + READY + b"\x02" + (2**56).to_bytes(8, "big"), "", "BROKEN"),
    "reserved flags": (greeting(b"NULL") + READY + b"\x08\x00", "", "BROKEN"),
    "a command in parts": (greeting(b"NULL") + READY + b"\x05\x00", "", "BROKEN"),
    "three frames": (greeting(b"NULL") + READY + frame(b"", 1) * 2 + frame(b""), "", "BROKEN"),
    "a header too long": (greeting(b"NULL") + READY + b"\x02" + (262_145).to_bytes(8, "big"), "", "BROKEN"),
    "a command without a name": (greeting(b"NULL") + READY + b"\x04\x00", "", "BROKEN"),
    "a name that ends early": (greeting(b"NULL") + READY + b"\x04\x03\x04PI", "", "BROKEN"),
    "PING without its time": (greeting(b"NULL") + READY + b"\x04\x06\x04PING\x00", "", "BROKEN"),
    "PING with 17 bytes of context": (greeting(b"NULL") + READY + frame(b"\x04PING\0\0" + bytes(17), 4), "", "BROKEN"),
}


def split_everywhere() -> list[dict[str, Any]]:
    """Both streams whole; then each byte by byte, and in two pieces split at every byte."""
    streams = [(STREAM, ""), (PLAIN_STREAM, "right")]
    cases = [case(stream, token=token) for stream, token in streams]
    for stream, token in streams:
        cases.append(case(stream, token=token, pieces=[stream[i : i + 1] for i in range(len(stream))]))
        cases += [case(stream, token=token, pieces=[stream[:at], stream[at:]]) for at in range(1, len(stream))]
    return cases


def damaged(count: int) -> list[dict[str, Any]]:
    """So many streams with bytes changed, left out and put in, each in two pieces."""
    draw = random.Random(7)
    cases = []
    for _ in range(count):
        token = draw.choice(["", "right"])
        stream = bytearray(PLAIN_STREAM if token else STREAM)
        for _ in range(draw.randint(1, 6)):
            at = draw.randrange(len(stream))
            match draw.randrange(3):
                case 0:
                    stream[at] = draw.randrange(256)
                case 1:
                    del stream[at : at + draw.randint(1, 9)]
                case _:
                    stream[at:at] = draw.randbytes(draw.randint(1, 9))
        cut = draw.randrange(len(stream) + 1)
        cases.append(case(b"", token=token, pieces=[bytes(stream[:cut]), bytes(stream[cut:])]))
    return cases
