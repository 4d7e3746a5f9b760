"""The GDScript ZMTP peer on byte streams: of libzmq, of the specification, split anywhere, damaged, too long."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import zmq
import zmq.auth.thread

from godot.project import run

pytestmark = pytest.mark.heavy

VECTORS: Final = Path(__file__).parents[2] / "engine_sdk/vectors"
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


def test_a_stream_split_at_every_byte_gives_the_same(tmp_path: Path) -> None:
    streams = [(STREAM, ""), (PLAIN_STREAM, "right")]
    cases = [case(stream, token=token) for stream, token in streams]
    for stream, token in streams:
        cases.append(case(stream, token=token, pieces=[stream[i : i + 1] for i in range(len(stream))]))
        cases += [case(stream, token=token, pieces=[stream[:at], stream[at:]]) for at in range(1, len(stream))]
    null, plain, *split = run("probe_zmtp.gd", cases, tmp_path)
    assert null["state"] == plain["state"] == "READY"
    assert null["received"] == [[b"one".hex()], [(b"h" * 300).hex(), (b"p" * 5).hex()]]
    pong = b"\x04\x08\x04PONGcon"
    assert bytes.fromhex(null["sent"]) == greeting(b"NULL") + CLIENT_READY + pong + SENT
    handshake = greeting(b"PLAIN") + CLIENT_HELLO + CLIENT_INITIATE
    assert bytes.fromhex(plain["sent"]) == handshake + SENT
    assert split[: len(STREAM)] == [null] * len(STREAM)
    assert split[len(STREAM) :] == [plain] * len(PLAIN_STREAM)


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


def test_a_bad_peer_is_named(tmp_path: Path) -> None:
    results = run("probe_zmtp.gd", [case(stream, token=token) for stream, token, _ in FAILING.values()], tmp_path)
    found = {name: result["failure"] for name, result in zip(FAILING, results, strict=True)}
    assert found == {name: failure for name, (_, _, failure) in FAILING.items()}
    assert all(result["state"] == "FAILED" for result in results)


def test_the_vectors_of_the_protocol(tmp_path: Path) -> None:
    vectors = json.loads((VECTORS / "zmtp.json").read_text())
    received = [case(greeting(b"NULL") + READY + raw(vector["bytes"])) for vector in vectors["received"]]
    refusals = [case(greeting(b"PLAIN", 1) + raw(vector["bytes"]), token=TOKEN) for vector in vectors["refusals"]]
    results = run("probe_zmtp.gd", received + refusals, tmp_path)
    for vector, result in zip(vectors["received"], results[: len(received)], strict=True):
        assert result["state"] == "READY", vector["name"]
        assert result["received"] == [[raw(part).hex() for part in parts] for parts in vector["messages"]]
        answer = bytes.fromhex(result["sent"]).removeprefix(greeting(b"NULL") + CLIENT_READY)
        assert answer == raw(vector["answer"]) + SENT, vector["name"]
    assert {result["failure"] for result in results[len(received) :]} == {"REFUSED"}


@pytest.mark.parametrize("name", ["NULL", "PLAIN"])
def test_the_handshake_has_the_bytes_of_the_protocol(name: str, tmp_path: Path) -> None:
    vectors = json.loads((VECTORS / "zmtp.json").read_text())
    (vector,) = (vector for vector in vectors["connections"] if vector["name"] == name)
    answered = b"".join(raw(step["service"]) for step in vector["steps"] if "service" in step)
    asked = b"".join(raw(step["client"]) for step in vector["steps"] if "client" in step)
    (result,) = run("probe_zmtp.gd", [case(answered, token=vector.get("token", ""))], tmp_path)
    assert result["state"] == "READY"
    assert bytes.fromhex(result["sent"]) == asked + SENT


def test_damaged_streams_do_no_harm(tmp_path: Path) -> None:
    draw = random.Random(7)
    cases = []
    for _ in range(2_000):
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
    results = run("probe_zmtp.gd", cases, tmp_path)
    assert {result["state"] for result in results} >= {"HANDSHAKE", "READY", "FAILED"}
    assert all((result["state"] == "FAILED") == (result["failure"] != "NONE") for result in results)


@pytest.fixture
def plain_context() -> Iterator[zmq.Context[zmq.Socket[bytes]]]:
    context = zmq.Context()
    gate = zmq.auth.thread.ThreadAuthenticator(context)
    gate.start()
    gate.configure_plain(passwords={"segue": "right"})
    yield context
    gate.stop()
    context.destroy(0)


@pytest.mark.parametrize("token", ["", "right", "wrong"])
def test_what_libzmq_says_is_understood(
    token: str, plain_context: zmq.Context[zmq.Socket[bytes]], tmp_path: Path
) -> None:
    # A plain socket plays the client by the script of Appendix A, and libzmq's bytes are kept.
    router = plain_context.socket(zmq.ROUTER)
    router.plain_server = bool(token)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    mechanism = b"PLAIN" if token else b"NULL"
    hello = b"\x05HELLO\x05segue" + bytes([len(token)]) + token.encode()
    steps = [b"\x04" + bytes([len(hello)]) + hello, CLIENT_INITIATE] if token else [CLIENT_READY]
    stream = b""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(20.0)
        connection.sendall(greeting(mechanism))
        while len(stream) < 64:
            stream += connection.recv(64 - len(stream))
        for step in steps:
            connection.sendall(step)
            head = connection.recv(2, socket.MSG_WAITALL)
            stream += head + connection.recv(head[1], socket.MSG_WAITALL)
            if token == "wrong":
                break
        if token != "wrong":
            connection.sendall(frame(b"hello"))
            identity, _ = router.recv_multipart()
            router.send_multipart([identity, b"header", b"payload"])
            stream += connection.recv(len(b"..header..payload"), socket.MSG_WAITALL)
    router.close(0)
    whole, *split = run(
        "probe_zmtp.gd",
        [
            case(stream, token=token),
            *(case(b"", token=token, pieces=[stream[:at], stream[at:]]) for at in range(64, len(stream))),
        ],
        tmp_path,
    )
    assert whole["state"] == ("FAILED" if token == "wrong" else "READY")
    assert whole["failure"] == ("REFUSED" if token == "wrong" else "NONE")
    assert whole["received"] == ([] if token == "wrong" else [[b"header".hex(), b"payload".hex()]])
    assert all(result == whole for result in split)
