"""The GDScript ZMTP peer on byte streams: of libzmq, of the specification, split anywhere, damaged, too long."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq
import zmq.auth.thread

from clients.cases.zmtp import (
    CLIENT_HELLO,
    CLIENT_INITIATE,
    CLIENT_READY,
    FAILING,
    PLAIN_STREAM,
    READY,
    SENT,
    STREAM,
    TOKEN,
    VECTORS,
    case,
    damaged,
    frame,
    greeting,
    raw,
    split_everywhere,
)
from godot.project import run

pytestmark = pytest.mark.heavy


def test_a_stream_split_at_every_byte_gives_the_same(tmp_path: Path) -> None:
    null, plain, *split = run("probe_zmtp.gd", split_everywhere(), tmp_path)
    assert null["state"] == plain["state"] == "READY"
    assert null["received"] == [[b"one".hex()], [(b"h" * 300).hex(), (b"p" * 5).hex()]]
    pong = b"\x04\x08\x04PONGcon"
    assert bytes.fromhex(null["sent"]) == greeting(b"NULL") + CLIENT_READY + pong + SENT
    handshake = greeting(b"PLAIN") + CLIENT_HELLO + CLIENT_INITIATE
    assert bytes.fromhex(plain["sent"]) == handshake + SENT
    assert split[: len(STREAM)] == [null] * len(STREAM)
    assert split[len(STREAM) :] == [plain] * len(PLAIN_STREAM)


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
    results = run("probe_zmtp.gd", damaged(2_000), tmp_path)
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
