"""Many hostile peers over real sockets: they leave nothing behind, and a game beside them is not affected."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from segue.service.server import Service
from segue_sdk.client_events import Live, Lost
from segue_sdk.messages import Bye, Hello, Message, Receipt, Welcome
from service import attack
from service.attack import HostilePeers
from service.game import Game
from service.peer import Peer
from service.process import ServiceProcess, free_port
from service.serving import CALM, serving

_EVERY_S: Final = 0.25
_PING_EVERY: Final = 6
# The test takes some two minutes on two cores; this bounds a hang, also on a busy machine.
_PATIENCE_S: Final = 1_500.0
_CLOSED_S: Final = 60.0
# MiB that the second half of the attack may take beyond the first; a leak of 100 bytes a message would take more.
_MOST_GROWTH_MIB: Final = 48
MESSAGES: Final = int(os.environ.get("SEGUE_HOSTILE_MESSAGES", "1000000"))


def descriptors(pid: int | str = "self") -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


def wait_for_no_connections(service: Service, port: int) -> None:
    """Wait until all connections made so far are gone, also those that the service has not accepted yet."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=_CLOSED_S) as probe,
        contextlib.suppress(ConnectionError),
    ):
        # It accepts in order: an answer, or its end, shows that it has accepted all earlier ones.
        probe.sendall(attack.GREETING)
        probe.recv(1)
    assert service._listener is not None
    end = time.monotonic() + _CLOSED_S
    while len(service._listener):
        assert time.monotonic() < end, f"{len(service._listener)} connections are left"
        time.sleep(0.02)


def plays(address: str) -> bool:
    """Return whether a new client is welcomed and its event accepted; False if it is asked to come again later."""
    with Peer(address) as client:
        client.say(Hello(versions=(1,), client="a game"))
        answer: Message = client.expect(Message, lambda message: isinstance(message, Welcome | Bye))
        if isinstance(answer, Bye):
            assert answer.retry_ms > 0
            return False
        client.send(1, level=0.5)
        assert client.expect(Receipt).accepted
        return True


def metric(port: int, name: str) -> Counter[str]:
    """Return a counter's values by labels, from `/metrics`."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    found: Counter[str] = Counter()
    for line in lines:
        if line.startswith((f"{name}_total{{", f"{name}_total ")):
            found[line[len(name) + 6 : line.rindex(" ")]] = int(float(line.rpartition(" ")[2]))
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are counted in /proc")
def test_hostile_connections_leave_no_sessions_or_descriptors(caplog: pytest.LogCaptureFixture) -> None:
    # On a machine that is busy with other tests a slow generator does not hang.
    with serving(max_sessions=4, resume_window_ms=500, reload=False, stall_ms=60_000) as service:
        port = int(service.addresses[0].rpartition(":")[2])
        with Peer(service.addresses[0]) as first:
            first.greet()
        wait_for_no_connections(service, port)
        before = descriptors()
        peers = HostilePeers(port, seed=1)
        peers.attack(6_000)
        assert peers.sent["messages"] >= 6_000
        wait_for_no_connections(service, port)
        assert descriptors() <= before
        # The sessions of the hostile peers expire, and so does the bound on sessions that were opened lately.
        end = time.monotonic() + _CLOSED_S
        while not plays(service.addresses[0]):
            assert time.monotonic() < end
            time.sleep(0.5)
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform != "linux", reason="memory and descriptors are read in /proc")
def test_a_million_hostile_messages_beside_a_game(tmp_path: Path) -> None:
    http = free_port()
    flags = ("--lookahead", "4s", "--max-sessions", "4", "--resume-window", "1s", "--http-bind", f"127.0.0.1:{http}")
    with ServiceProcess(tmp_path, str(CALM), *flags) as service, Game(service.address) as game:
        game.expect(Live)
        game.play(2.0)
        before, begun = descriptors(service.pid), time.monotonic()
        sent, totals, memory = 0, Counter[str](), [resident_mib(service.pid)]
        for wave in range(2):
            crowds = [
                subprocess.Popen(
                    [sys.executable, attack.__file__, str(service.port), str(2 * wave + seed), str(MESSAGES // 4)],
                    stdout=subprocess.PIPE,
                    text=True,
                )
                for seed in (1, 2)
            ]
            most = 0.0
            while any(peers.poll() is None for peers in crowds):
                # Each ping makes the buffered music be generated again.
                game.send(*(["ping"] if sent % _PING_EVERY == 0 else []), level=(sent % 10) / 10)
                sent += 1
                game.update()
                assert service.alive(), service.log.read_text()[-2_000:]
                assert time.monotonic() - begun < _PATIENCE_S
                most = max(most, resident_mib(service.pid))
                time.sleep(_EVERY_S)
            for peers in crowds:
                out, _ = peers.communicate()
                assert peers.returncode == 0
                totals.update(json.loads(out))
            memory.append(most)
        game.play(2.0)
        game.wait("descriptors", lambda: descriptors(service.pid) <= before + 1)
        game.wait("all receipts", lambda: len(game.all(Receipt)) >= sent, 60.0)
        underruns = game.client.player.position.underruns
        taken, refused = metric(http, "segue_received_messages"), metric(http, "segue_refused_connections")
        print(
            f"\nsent {dict(totals)}; taken {taken.total()}; refused {dict(refused)}; "
            f"memory {' -> '.join(f'{each:.0f}' for each in memory)} MiB; events of the game {sent}; "
            f"its underruns {underruns}; {time.monotonic() - begun:.0f} s"
        )
        assert totals["messages"] >= MESSAGES - 3
        assert memory[2] - memory[1] <= _MOST_GROWTH_MIB
        assert Counter(receipt.seq for receipt in game.all(Receipt)) == Counter(range(1, sent + 1))
        assert all(receipt.accepted for receipt in game.all(Receipt))
        assert game.all(Lost) == []
        assert [entry for entry in service.entries() if entry.get("level") in ("error", "critical")] == []
