"""Sessions over WebSocket: the same music as over ZMTP, resumed over either, and ended in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.frames import CloseCode

from segue.service.server import Service
from segue_sdk.codec import encode
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Bye, Chunk, Clock, Error, Hello, Receipt
from service.peer import Peer, play_deep
from service.process import ServiceProcess
from service.serving import CALM, serving
from service.test_connections import until
from service.web_peer import WebPeer
from unit.service.test_listener_tls import NAME, Authority

TOKEN = "a-token-of-the-tests"
WS = ("ws://127.0.0.1:0",)


def address(service: Service, scheme: str) -> str:
    return next(one for one in service.addresses if one.startswith(f"{scheme}://"))


def session(peer: Peer) -> list[bytes]:
    """Return the bytes of everything about the music of a session whose client never hurries the service."""
    peer.greet(seed=11)
    peer.playhead(0)
    peer.fill(2 * SAMPLE_RATE)
    peer.playhead(SAMPLE_RATE)
    peer.fill(3 * SAMPLE_RATE)
    about_music = (Chunk, Clock)
    return [b"|".join(encode(each)) for each in peer.seen if isinstance(each, about_music)]


def test_chunks_are_the_same_bytes_over_every_transport(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    got = {}
    with serving(
        web_bind=(*WS, "wss://127.0.0.1:0"),
        tls_cert=authority.certificate,
        tls_key=authority.key,
        lookahead_ms=2_000,
    ) as service:
        with Peer(address(service, "tcp")) as peer:
            got["tcp"] = session(peer)
        with WebPeer(address(service, "ws")) as peer:
            got["ws"] = session(peer)
        with WebPeer(address(service, "wss"), authority.client(), NAME) as peer:
            got["wss"] = session(peer)
    count = min(map(len, got.values()))
    assert count >= 2 * 7
    assert got["tcp"][:count] == got["ws"][:count] == got["wss"][:count]


def test_a_session_is_resumed_over_another_transport() -> None:
    with serving(web_bind=WS, lookahead_ms=2_000) as service:
        web, tcp = address(service, "ws"), address(service, "tcp")
        with WebPeer(web) as peer:
            welcome = peer.greet(seed=3)
            peer.playhead(0)
            peer.fill(SAMPLE_RATE)
            last = len(peer.chunks)
        with Peer(tcp) as other:
            again = other.greet(resume=welcome.key, last_chunk=last)
            assert again.resumed
            # The present connection is told.
            with WebPeer(web) as third:
                assert third.greet(resume=welcome.key).resumed
                assert other.expect(Bye).reason == "replaced"
                play_deep(third, 2 * SAMPLE_RATE)


def test_a_client_that_is_killed_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue.service.connection_handler.SILENCE_S", 1e9)
    program = (
        "import sys, time\nfrom service.web_peer import WebPeer\n"
        "peer = WebPeer(sys.argv[1])\npeer.greet()\nprint('welcome', flush=True)\ntime.sleep(600)"
    )
    with serving(web_bind=WS) as service:
        before = len(os.listdir("/proc/self/fd")) if sys.platform == "linux" else 0
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        with subprocess.Popen(
            [sys.executable, "-c", program, address(service, "ws")], stdout=subprocess.PIPE, env=environment
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().strip() == b"welcome"
            (one,) = service.sessions
            process.send_signal(signal.SIGKILL)
            until("the session to be lost", lambda: one.connection is None)
        if before:
            until("the descriptor to be closed", lambda: len(os.listdir("/proc/self/fd")) <= before)


def test_the_token_is_in_hello_over_websocket_only() -> None:
    with serving(web_bind=WS, token=TOKEN) as service:
        with WebPeer(address(service, "ws")) as peer:
            peer.say(Hello(versions=(1,), client="a test", token="some other token"))
            assert peer.expect(Error).code == "unauthorised"
            bye = peer.expect(Bye)
            assert (bye.reason, bye.retry_ms) == ("refused", 5_000)
            peer.wait(lambda: peer.end_of_service is not None, "the end")
            assert peer.end_of_service is not None
            assert peer.end_of_service.code == CloseCode.POLICY_VIOLATION
        with WebPeer(address(service, "ws")) as peer:
            peer.greet(token=TOKEN)
            peer.send(1, deep=True)
            assert peer.expect(Receipt).accepted
    # Over ZMTP the field means nothing.
    with serving(web_bind=WS) as service:
        for peer in (Peer(address(service, "tcp")), WebPeer(address(service, "ws"))):
            with peer:
                peer.greet(token="whatever it is")


def test_a_public_address_is_never_bound_without_tls_and_a_token() -> None:
    for public in ("ws://0.0.0.0:0", "wss://0.0.0.0:0"):
        with pytest.raises(ValueError, match="web_bind: expected a token"), serving(web_bind=(public,)):
            pass
    with pytest.raises(ValueError, match="expected wss"), serving(web_bind=("ws://0.0.0.0:0",), token=TOKEN):
        pass
    with pytest.raises(ValueError, match="with a certificate"), serving(web_bind=("wss://127.0.0.1:0",)):
        pass


def test_a_port_in_use_is_an_error_that_suggests_another() -> None:
    with serving(web_bind=WS) as service:
        taken = address(service, "ws")
        with pytest.raises(OSError, match=r"in use; .* with --web-bind ws://127\.0\.0\.1:"), serving(web_bind=(taken,)):
            pass


def test_a_process_says_its_address_and_ends_in_order(tmp_path: Path) -> None:
    token = tmp_path / "segue.token"
    token.write_text(TOKEN)
    token.chmod(0o600)
    flags = ("--web-bind", "ws://127.0.0.1:0", "--web-origin", "https://game.example", "--token-file", str(token))
    with ServiceProcess(tmp_path, str(CALM), *flags, "--drain", "0s", "--log-level", "debug") as service:
        tcp, web = service.addresses
        assert tcp == service.address
        assert web.startswith("ws://127.0.0.1:")
        with WebPeer(web, origin="https://game.example") as peer:
            peer.greet(seed=1, token=TOKEN)
            peer.playhead(0)
            peer.fill(SAMPLE_RATE)
            assert service.terminate() == 0
            assert peer.expect(Bye).reason == "drain"
            peer.wait(lambda: peer.end_of_service is not None, "the end")
            assert peer.end_of_service is not None
            assert peer.end_of_service.code == CloseCode.GOING_AWAY
        assert any(web in str(entry) for entry in service.entries())
        assert TOKEN not in service.log.read_text()
