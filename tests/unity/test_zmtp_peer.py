"""The ZMTP peer in C# on byte streams: of the specification, split anywhere, damaged, too long."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

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
    greeting,
    raw,
    split_everywhere,
)
from unity.probe import run

pytestmark = pytest.mark.heavy


def test_a_stream_split_at_every_byte_gives_the_same(runtime: str, tmp_path: Path) -> None:
    null, plain, *split = run(runtime, "zmtp", split_everywhere(), tmp_path)
    assert null["state"] == plain["state"] == "Ready"
    assert null["received"] == [[b"one".hex()], [(b"h" * 300).hex(), (b"p" * 5).hex()]]
    pong = b"\x04\x08\x04PONGcon"
    assert bytes.fromhex(null["sent"]) == greeting(b"NULL") + CLIENT_READY + pong + SENT
    handshake = greeting(b"PLAIN") + CLIENT_HELLO + CLIENT_INITIATE
    assert bytes.fromhex(plain["sent"]) == handshake + SENT
    assert split[: len(STREAM)] == [null] * len(STREAM)
    assert split[len(STREAM) :] == [plain] * len(PLAIN_STREAM)


def test_a_bad_peer_is_named(runtime: str, tmp_path: Path) -> None:
    results = run(runtime, "zmtp", [case(stream, token=token) for stream, token, _ in FAILING.values()], tmp_path)
    found = {name: result["failure"].lower() for name, result in zip(FAILING, results, strict=True)}
    assert found == {name: failure.lower().replace("_", "") for name, (_, _, failure) in FAILING.items()}
    assert all(result["state"] == "Failed" for result in results)


def test_the_vectors_of_the_protocol(runtime: str, tmp_path: Path) -> None:
    vectors = json.loads((VECTORS / "zmtp.json").read_text())
    received = [case(greeting(b"NULL") + READY + raw(vector["bytes"])) for vector in vectors["received"]]
    refusals = [case(greeting(b"PLAIN", 1) + raw(vector["bytes"]), token=TOKEN) for vector in vectors["refusals"]]
    results = run(runtime, "zmtp", received + refusals, tmp_path)
    for vector, result in zip(vectors["received"], results[: len(received)], strict=True):
        assert result["state"] == "Ready", vector["name"]
        assert result["received"] == [[raw(part).hex() for part in parts] for parts in vector["messages"]]
        answer = bytes.fromhex(result["sent"]).removeprefix(greeting(b"NULL") + CLIENT_READY)
        assert answer == raw(vector["answer"]) + SENT, vector["name"]
    assert {result["failure"] for result in results[len(received) :]} == {"Refused"}


def test_the_handshake_has_the_bytes_of_the_protocol(runtime: str, tmp_path: Path) -> None:
    vectors = json.loads((VECTORS / "zmtp.json").read_text())["connections"]
    assert {vector["name"] for vector in vectors} >= {"NULL", "PLAIN"}
    named = [vector for vector in vectors if vector["name"] in ("NULL", "PLAIN")]
    answered = [b"".join(raw(step["service"]) for step in vector["steps"] if "service" in step) for vector in named]
    cases = [case(stream, token=vector.get("token", "")) for vector, stream in zip(named, answered, strict=True)]
    for vector, result in zip(named, run(runtime, "zmtp", cases, tmp_path), strict=True):
        asked = b"".join(raw(step["client"]) for step in vector["steps"] if "client" in step)
        assert result["state"] == "Ready"
        assert bytes.fromhex(result["sent"]) == asked + SENT


def test_damaged_streams_do_no_harm(runtime: str, tmp_path: Path) -> None:
    results = run(runtime, "zmtp", damaged(2_000), tmp_path)
    assert {result["state"] for result in results} >= {"Handshake", "Ready", "Failed"}
    assert all((result["state"] == "Failed") == (result["failure"] != "None") for result in results)
