"""The GDScript connection against real peers: libzmq, `segue serve`, and what is neither."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from clients.cases.game import RULES
from clients.cases.peers import TOKEN, directly, libzmq_router, through_tls
from godot.project import run
from segue_sdk.codec import decode, encode
from segue_sdk.messages import Hello, Welcome
from service.process import ServiceProcess, free_port

pytestmark = pytest.mark.heavy

# What the engine prints where a case provokes a failure of TLS.
TLS_COMPLAINTS: Final = "TLS|mbedtls|Unable to (send|receive)"


def case(address: str, *, token: str = "", certificate: Path | None = None, speed: float = 1.0) -> dict[str, Any]:
    hello = encode(Hello(versions=(1,), client="probe"))
    return {
        "address": address,
        "token": token,
        "certificate": str(certificate or ""),
        "send": [bytes(part).hex() for part in hello],
        "replies": 1,
        "speed": speed,
    }


def slowly(address: str, *, token: str = "", certificate: Path | None = None) -> dict[str, Any]:
    return case(address, token=token, certificate=certificate, speed=0.4)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[trustme.CA, trustme.LeafCert, Path]:
    authority = trustme.CA()
    path = tmp_path_factory.mktemp("tls") / "ca.crt"
    authority.cert_pem.write_to_path(str(path))
    return authority, authority.issue_cert("localhost", "127.0.0.1"), path


def test_the_real_service_and_every_token(
    certificate: tuple[trustme.CA, trustme.LeafCert, Path], tmp_path: Path
) -> None:
    _, leaf, authority = certificate
    chain, key, tls_port = tmp_path / "chain.pem", tmp_path / "key.pem", free_port()
    chain.write_bytes(b"".join(blob.bytes() for blob in leaf.cert_chain_pems))
    leaf.private_key_pem.write_to_path(str(key))
    (tmp_path / "open").mkdir()
    other = tmp_path / "other.crt"
    trustme.CA().cert_pem.write_to_path(str(other))
    # Fourteen handshakes at once take their time on a busy machine: the service waits for a minute, and the clients'
    # clock runs slowly, so that their 20 s are 50.
    slow = ("--handshake", "1min")
    encrypted = ("--tls-bind", f"127.0.0.1:{tls_port}", "--tls-cert", str(chain), "--tls-key", str(key), *slow)
    web = f"127.0.0.1:{free_port()}"
    ipc = f"ipc://{tmp_path}/segue"
    with (
        ServiceProcess(tmp_path, str(RULES), "--token", TOKEN, *encrypted) as guarded,
        ServiceProcess(tmp_path / "open", str(RULES), "--bind", ipc, "--web-bind", f"ws://{web}", *slow) as unguarded,
    ):
        tls, named = f"tls://127.0.0.1:{tls_port}", f"tls://localhost:{tls_port}"
        no_tls = guarded.address.replace("tcp://", "tls://")
        asked: dict[str, tuple[dict[str, Any], str]] = {
            "NULL": (slowly(unguarded.address), ""),
            "NULL at a name": (slowly(unguarded.address.replace("127.0.0.1", "localhost")), ""),
            "PLAIN good": (slowly(guarded.address, token=TOKEN), ""),
            "PLAIN bad": (slowly(guarded.address, token="wrong"), "token_refused"),
            "PLAIN missing": (slowly(guarded.address), "token_needed"),
            "PLAIN not needed": (slowly(unguarded.address, token=TOKEN), "token_not_needed"),
            "TLS good": (slowly(tls, token=TOKEN, certificate=authority), ""),
            "TLS at a name": (slowly(named, token=TOKEN, certificate=authority), ""),
            "TLS bad": (slowly(tls, token="wrong", certificate=authority), "token_refused"),
            "TLS missing": (slowly(tls, certificate=authority), "token_needed"),
            "TLS not trusted": (slowly(tls, token=TOKEN, certificate=other), "not_a_service"),
            "no TLS there": (slowly(no_tls, token=TOKEN, certificate=authority), "not_a_service"),
            "WebSocket there": (slowly(f"tcp://{web}"), "broken_off"),
            "TLS there": (slowly(tls.replace("tls://", "tcp://"), token=TOKEN), "broken_off"),
        }
        results = run("probe_connection.gd", [asking for asking, _ in asked.values()], tmp_path, allowed=TLS_COMPLAINTS)
    by_name = dict(zip(asked, results, strict=True))
    found = {name: result["failure"] for name, result in by_name.items()}
    assert found == {name: failure for name, (_, failure) in asked.items()}
    assert "is the service's WebSocket port" in by_name["WebSocket there"]["text"]
    assert "is not trusted" in by_name["TLS not trusted"]["text"]
    assert "does not speak TLS" in by_name["no TLS there"]["text"]
    for (_, failure), result in zip(asked.values(), results, strict=True):
        if not failure:
            assert isinstance(decode([bytes.fromhex(part) for part in result["received"][0]]), Welcome)


@pytest.mark.parametrize("encrypted", [False, True])
@pytest.mark.parametrize(
    ("wanted", "given", "failure"),
    [
        ("", "", ""),
        (TOKEN, TOKEN, ""),
        (TOKEN, "wrong", "token_refused"),
        (TOKEN, "", "token_needed"),
        ("", TOKEN, "token_not_needed"),
    ],
)
def test_libzmq_and_every_token(
    encrypted: bool,
    wanted: str,
    given: str,
    failure: str,
    certificate: tuple[trustme.CA, trustme.LeafCert, Path],
    tmp_path: Path,
) -> None:
    _, leaf, authority = certificate
    front = (lambda port: through_tls(leaf, port)) if encrypted else directly
    with libzmq_router(wanted, front) as port:
        address = f"{'tls' if encrypted else 'tcp'}://127.0.0.1:{port}"
        (result,) = run("probe_connection.gd", [case(address, token=given, certificate=authority)], tmp_path)
    # Unlike the service, libzmq may close before it has sent its whole greeting, which names its mechanism.
    mismatched = bool(wanted) != bool(given)
    assert result["failure"] in ((failure, "broken_off") if mismatched else (failure,)), result
    assert result["received"] == ([] if failure else [[b"header".hex(), bytes(300_000).hex()]])


def test_what_is_no_service_is_named(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        socket.create_server(("127.0.0.1", 0)) as rude,
        socket.create_server(("127.0.0.1", 0)) as web,
    ):

        def answer(listener: socket.socket, text: bytes) -> None:
            accepted, _ = listener.accept()
            with accepted:
                if text:
                    accepted.recv(64)
                    accepted.sendall(text)

        answering = [
            threading.Thread(target=answer, args=(rude, b"")),
            threading.Thread(target=answer, args=(web, b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        ]
        for thread in answering:
            thread.start()
        hosts = [f"tcp://127.0.0.1:{listener.getsockname()[1]}" for listener in (rude, web, silent)]
        addresses = [f"tcp://127.0.0.1:{free_port()}", "tcp://no-such-host.invalid:7723", "ipc:///no/such/file", *hosts]
        # The engine itself complains of a Unix socket that is not there.
        allowed = "Connection to remote host failed"
        results = run(
            "probe_connection.gd", [case(address, speed=10.0) for address in addresses], tmp_path, allowed=allowed
        )
        for thread in answering:
            thread.join()
    found = [result["failure"] for result in results]
    assert found == ["unreachable", "unknown_host", "unreachable", "broken_off", "not_a_service", "no_answer"]
    assert [result["silent"] for result in results] == [False] * 5 + [True]


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    wrong = {
        "127.0.0.1:7723": "names no transport",
        "http://127.0.0.1:7723": "no transport 'http'",
        "tcp://127.0.0.1": "expected a port at its end",
        "tcp://127.0.0.1:0": "expected a port from 1 to 65535, got '0'",
        "tcp://127.0.0.1:70000": "expected a port from 1 to 65535, got '70000'",
        "tcp://127.0.0.1:+80": "expected a port from 1 to 65535, got '+80'",
        "tcp://::1:7723": "expected a port at its end",
        "tcp://[here]:7723": "'here' is no IPv6 address",
        "tcp://*:7723": "expected a host, got '*'",
        "tcp://a b:7723": "has a space in it",
        "ipc://": "expected a path of 1 to 107 bytes",
    }
    results = run("probe_connection.gd", [case(address) for address in wrong], tmp_path)
    for result, expected in zip(results, wrong.values(), strict=True):
        assert expected in result["error"]
