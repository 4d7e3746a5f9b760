"""A real service whose music is generated in processes: nothing is lost with one, and none is left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import pytest

from processes import is_running
from segue.service.settings.configuration import SESSIONS_INSIDE
from segue_sdk.limits import SAMPLE_RATE
from service.peer import Peer
from service.process import ServiceProcess

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

CALM: Final = Path(__file__).with_name("calm.yaml")


def until(condition: Callable[[], bool]) -> None:
    """Wait for another process."""
    while not condition():
        time.sleep(0.01)


def ready(service: ServiceProcess) -> list[int]:
    """Return the processes that the service's log says are ready, and that run."""
    entries = [entry for entry in service.entries() if entry["message"] == "generator process ready"]
    pids: list[int] = [entry["fields"]["pid"] for entry in entries]
    return [pid for pid in pids if is_running(pid)]


@contextmanager
def serving(folder: Path, processes: int, sessions: int) -> Iterator[tuple[ServiceProcess, list[Peer]]]:
    """A service with some sessions, and its processes ready."""
    with ExitStack() as stack:
        # However slow the machine is, no session falls back to a simpler generator.
        flags = ("--max-sessions", "8", "--lookahead", "2s", "--drain", "0s", "--stall", "60s")
        service = ServiceProcess(folder, str(CALM), "--generation-processes", str(processes), *flags)
        stack.enter_context(service)
        peers = [stack.enter_context(Peer(service.address)) for _ in range(sessions)]
        for seed, peer in enumerate(peers):
            peer.greet(seed=seed)
        hold(peers, 0, lambda: len(ready(service)) == processes)
        yield service, peers


def hold(peers: list[Peer], position: int, condition: Callable[[], bool]) -> None:
    """Let all clients stay at a position until a condition holds. The service closes what says nothing."""
    while not condition():
        for peer in peers:
            peer.playhead(position)
            peer.quiet(0.01)


def play(peers: list[Peer], position: int) -> None:
    """Let all clients get a second of music from a position on."""
    hold(peers, position, lambda: all(peer.end >= position + SAMPLE_RATE for peer in peers))


def test_processes_that_are_killed_are_replaced_and_the_music_stays_the_same(tmp_path: Path) -> None:
    (tmp_path / "alone").mkdir()
    with serving(tmp_path / "alone", 0, 1) as (_, peers):
        for second in range(4):
            play(peers, second * SAMPLE_RATE)
        expected = peers[0].music()
    with serving(tmp_path, 2, SESSIONS_INSIDE + 1) as (service, peers):
        play(peers, 0)
        first = ready(service)
        os.kill(first[0], signal.SIGKILL)
        play(peers, SAMPLE_RATE)
        for pid in ready(service):
            os.kill(pid, signal.SIGKILL)
        play(peers, 2 * SAMPLE_RATE)
        hold(peers, 2 * SAMPLE_RATE, lambda: len(ready(service)) == 2)
        assert not set(first) & set(ready(service))
        play(peers, 3 * SAMPLE_RATE)
        for peer in peers:
            assert {chunk.reason for chunk in peer.chunks} == {"extend"}
        music = peers[0].music()
        common = min(len(music), len(expected))
        assert common >= 4 * SAMPLE_RATE
        assert music[:common].tobytes() == expected[:common].tobytes()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_is_left_behind(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path, 2, SESSIONS_INSIDE + 1) as (service, peers):
        pids = ready(service)
        play(peers, 0)
        code = service.terminate(number)
        assert code == (0 if number == signal.SIGTERM else -number)
        until(lambda: not any(map(is_running, pids)))
