"""All that a game can call, over TLS and with a token; and clients that end, whatever their peer does."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
import trustme

from clients.cases.game import RULES, STEPS, call, wait
from clients.cases.peers import GARBAGE, HANDSHAKE, PING, peer, sent
from clients.cases.zmtp import frame
from service.process import ServiceProcess, free_port
from unit.sdk.peer import WELCOME
from unity.probe import run
from unity.test_connection import fingerprint

pytestmark = pytest.mark.heavy

TOKEN: Final = "the-right-token-of-these-tests"
# What is no blob is refused at once, and nothing waits for an answer.
_AT: Final = STEPS.index(wait("status", restore=2)) + 1
CALLS: Final = [*STEPS[:_AT], call("restore", ""), *STEPS[_AT:]]


def test_a_game_uses_everything_over_tls(runtime: str, tmp_path: Path) -> None:
    leaf, port = trustme.CA().issue_cert("127.0.0.1"), free_port()
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(key))
    encrypted = ("--tls-bind", f"127.0.0.1:{port}", "--tls-cert", str(chain), "--tls-key", str(key))
    with ServiceProcess(tmp_path, str(RULES), "--token", TOKEN, *encrypted):
        case = {"address": f"tls://127.0.0.1:{port}", "token": TOKEN, "pin": fingerprint(leaf), "steps": CALLS}
        result = run(runtime, "calls", case, tmp_path)
    assert result["left"] == 0, result["told"][-20:]
    assert result["closed"]
    gave = list(zip((step["call"] for step in CALLS if "call" in step), result["gave"], strict=True))
    assert [number for name, number in gave if name == "end_frame"] == [1, 0, 2, 3, 4, 5, 6, 7]
    wrong = [code for name, code in gave if name in ("set_input", "fire")][2:5]
    assert wrong == ["unknown_input", "wrong_type", "not_a_trigger"]
    assert [number for name, number in gave if name in ("save", "restore")] == [1, 2, 0]
    good, bad = (text for name, text in gave if name == "control")
    assert good == ""
    assert "op" in bad
    assert all(at > result["beats"]["played"] for at in result["beats"]["ahead"])
    restored = {fields["restored"] for kind, fields in result["told"] if kind == "status" and fields["restore"] == 2}
    # "rules": another generator played, since the machine was too slow for the first.
    assert restored in ({"all"}, {"rules"})
    assert result["told"][-1][0] == "closed"


MISTAKES: Final = {
    "a pre-roll below 60 ms": "PreRollMs: expected 60 to 45000, got 59",
    "a pre-roll above 45 s": "PreRollMs: expected 60 to 45000, got 45001",
    "a pre-roll beyond all samples": "PreRollMs: expected 60 to 45000, got 89478486",
    "a volume that is no number": "gainDb: expected a number of dB, got NaN; check for a division by zero before it",
    "a ramp below 0": "rampMs: expected 0 to 60000, got -1",
    "a block of an odd length": "output: expected interleaved stereo, an even number of values, got 3",
    "a block of an odd length at 44.1 kHz": "output: expected interleaved stereo, an even number of values, got 3",
}


def test_a_call_with_a_wrong_argument_is_refused_at_once(runtime: str, tmp_path: Path) -> None:
    assert dict(zip(MISTAKES, run(runtime, "mistakes", list(MISTAKES), tmp_path), strict=True)) == MISTAKES


# What a client is told first of a peer, and words of it. An attempt that goes on is told of after 5 s.
PEERS: Final[dict[str, tuple[Callable[[], contextlib.AbstractContextManager[str]], str, str]]] = {
    "silent": (lambda: peer(b""), "connection_failed", "does not answer"),
    "half a handshake": (lambda: peer(HANDSHAKE[:-4]), "connection_failed", "does not answer"),
    "closes": (lambda: peer(b"", closes=True), "connection_failed", "closed the connection during the handshake"),
    "zeros": (lambda: peer(b"", bytes(4_096)), "connection_failed", "is no Segue service"),
    "garbage": (lambda: peer(b"", GARBAGE), "connection_failed", "is no Segue service"),
    "garbage after its greeting": (lambda: peer(HANDSHAKE[:64], GARBAGE), "connection_failed", "is no Segue service"),
    "a frame of 2^40": (
        lambda: peer(HANDSHAKE + b"\x02" + (1 << 40).to_bytes(8, "big")),
        "lost",
        "more than 262144 bytes",
    ),
    "pings without end": (lambda: peer(HANDSHAKE, PING * 500), "lost", "no message for 5 s"),
    "an unfinished message": (lambda: peer(HANDSHAKE + frame(b"h", 1)), "lost", "no message for 5 s"),
    "garbage while live": (lambda: peer(HANDSHAKE + sent(WELCOME), GARBAGE), "lost", ""),
    "empty messages while live": (lambda: peer(HANDSHAKE + sent(WELCOME), frame(b"") * 2_048), "message_refused", ""),
    "another version": (lambda: peer(HANDSHAKE + sent(replace(WELCOME, version=9))), "closed", "install the one"),
}


# Those of which a client is told after 5 s. None but the third sends without end, so they are met at the same time.
PATIENT: Final = ("silent", "half a handshake", "pings without end", "an unfinished message")


@pytest.mark.parametrize("patient", [False, True])
def test_every_peer_is_named_and_left(runtime: str, tmp_path: Path, *, patient: bool) -> None:
    peers = {name: peer for name, peer in PEERS.items() if (name in PATIENT) == patient}
    with contextlib.ExitStack() as stack:
        addresses = [stack.enter_context(served()) for served, _, _ in peers.values()]
        case = {"addresses": addresses, "clients": 3, "wait_ms": 60_000, "together": patient}
        results = run(runtime, "many", case, tmp_path)
    for (name, (_, kind, words)), (told, ended) in zip(peers.items(), results, strict=True):
        assert told is not None, name
        assert told[0] == kind, (name, told)
        assert words in str(told[1]), (name, told)
        # The client's thread comes to its end, however much the peer sends.
        assert ended == 3, name


def test_clients_of_nobody_and_of_peers_without_tls_end(runtime: str, tmp_path: Path) -> None:
    with peer(b"") as silent, peer(b"", GARBAGE) as loud:
        addresses = [each.replace("tcp://", "tls://") for each in (silent, loud)]
        addresses += [f"tcp://127.0.0.1:{free_port()}", "tcp://no-such-host.invalid:1"]
        results = run(
            runtime, "many", {"addresses": addresses, "clients": 4, "wait_ms": 0, "together": False}, tmp_path
        )
    assert [ended for _, ended in results] == [4] * len(addresses)
