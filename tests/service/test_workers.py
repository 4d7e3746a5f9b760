"""A real service of several worker processes: for clients it is one, and the loss of a process loses nothing."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from processes import is_running
from segue.service.workers.worker import KEY_PREFIX_BYTES
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Bye, Error, Hello, Receipt, Restore, Rules, Status, Welcome
from service.peer import Peer
from service.process import ServiceProcess, free_port
from service.serving import CALM, serving

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no workers on Windows")

WORKERS: Final = 2
SESSIONS: Final = 4
# Bounds a hang, not a speed.
_PATIENCE_S: Final = 60.0


class Workers:
    """A service of two workers and a spare one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.rules = folder / "calm.yaml"
        self.rules.write_text(CALM.read_text("utf-8"), "utf-8")
        self.recordings = folder / "recordings"
        self.http = f"127.0.0.1:{free_port()}"
        flags = ("--workers", str(WORKERS), "--max-sessions", str(SESSIONS), "--lookahead", "2s", "--drain", "0s")
        # However slow the machine is, no session falls back to a simpler generator.
        flags += ("--stall", "60s", "--record", str(self.recordings), "--http-bind", self.http)
        self.process = ServiceProcess(folder, str(self.rules), *flags)

    def pids(self) -> dict[int, int]:
        """Return the process ids of the workers that were ever ready and run, by their number."""
        entries = [entry for entry in self.process.entries() if entry["message"] == "worker ready"]
        pids = {entry["fields"]["worker"]: entry["fields"]["pid"] for entry in entries}
        return {number: pid for number, pid in pids.items() if is_running(pid)}

    def metrics(self) -> dict[str, float]:
        """Return the samples of all metrics, by name and values of labels."""
        with urlopen(f"http://{self.http}/metrics") as answer:
            families = text_string_to_metric_families(answer.read().decode())
            return {
                " ".join((sample.name, *sample.labels.values())): sample.value
                for family in families
                for sample in family.samples
            }


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    running = Workers(tmp_path)
    with running.process:
        yield running


def hold(peers: list[Peer], condition: Callable[[], object]) -> None:
    """Let clients say that they are there until a condition holds: the service closes what says nothing."""
    end_s = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, f"waited {_PATIENCE_S:.0f} s; the last messages: {peers[0].seen[-4:]}"
        for peer in peers:
            peer.playhead(0)
            peer.quiet(0.02)


def number_of(welcome: Welcome) -> int:
    """Return the number of the worker that plays a session."""
    return int.from_bytes(welcome.key[:KEY_PREFIX_BYTES])


def restore(peer: Peer, welcome: Welcome) -> Welcome:
    """Say hello again and continue from the last chunk; the new session's welcome."""
    last = peer.chunks[-1]
    at = last.start + last.count
    again = peer.greet(seed=7, resume=welcome.key, last_chunk=last.seq)
    assert not again.resumed
    peer.say(Restore(id=1, at=at, take=last.take, cell=last.cell))
    assert peer.expect(Status, lambda one: one.restore == 1).restored == "all"
    peer.playhead(at - SAMPLE_RATE, have=at)
    peer.fill(at + SAMPLE_RATE // 2)
    return again


def test_for_its_clients_a_service_of_workers_is_one(workers: Workers) -> None:
    with serving(lookahead_ms=2_000) as alone, Peer(alone.addresses[0]) as peer:
        peer.greet(seed=7)
        peer.playhead(0)
        peer.fill(2 * SAMPLE_RATE)
        expected = peer.music()
    with ExitStack() as stack:
        peers = [stack.enter_context(Peer(workers.process.address)) for _ in range(SESSIONS)]
        welcomes = [peer.greet(seed=7) for peer in peers]
        # Sessions are spread equally, and each process plays the same.
        assert sorted(map(number_of, welcomes)) == [1, 1, 2, 2]
        for peer in peers:
            peer.playhead(0)
            peer.fill(2 * SAMPLE_RATE)
            assert peer.music().tobytes() == expected[: peer.end].tobytes()
        # The limit of sessions is of the whole.
        with Peer(workers.process.address) as one_more:
            one_more.say_bytes(b"no message")
            one_more.expect(Error, lambda error: error.code == "trailing")
            one_more.expect(Bye)
            one_more.playhead(0)
            one_more.expect(Error, lambda error: error.code == "no_session")
            one_more.say(Hello(versions=(1,), client="one more"))
            refusal = one_more.expect(Error, lambda error: error.about == "hello" and error.code != "trailing")
            assert (refusal.code, refusal.text) == ("too_many_sessions", f"the service has its {SESSIONS} sessions")
        # A client that comes back reaches its session, whichever worker has it.
        for place, welcome in enumerate(welcomes):
            last = peers[place].chunks[-1].seq
            peers[place].vanish()
            peers[place] = stack.enter_context(Peer(workers.process.address))
            again = peers[place].greet(resume=welcome.key, last_chunk=last)
            assert (again.resumed, again.key) == (True, welcome.key)
        # An edit reaches all of them, a good one and a bad one.
        workers.rules.write_text(CALM.read_text("utf-8").replace("calm water", "quiet water"), "utf-8")
        hold(peers, lambda: all(any(_accepted(one) for one in peer.seen) for peer in peers))
        titles = {one.declaration.title for peer in peers for one in peer.seen if _accepted(one)}
        fingerprints = {one.declaration.fingerprint for peer in peers for one in peer.seen if _accepted(one)}
        assert titles == {"quiet water"}
        assert len(fingerprints) == 1
        workers.rules.write_text("segue: 2\n", "utf-8")
        hold(peers, lambda: all(any(isinstance(one, Rules) and one.errors for one in peer.seen) for peer in peers))
        for seq, peer in enumerate(peers, 1):
            peer.send(seq, level=0.5)
            assert peer.expect(Receipt, lambda one: one.seq == seq).accepted  # noqa: B023
        hold(peers, lambda: workers.metrics().get("segue_events_total accepted", 0) == SESSIONS)
        metrics = workers.metrics()
        assert metrics["segue_sessions connected"] == SESSIONS
        assert metrics["segue_sessions_opened_total"] == SESSIONS
        assert metrics["segue_workers serving"] == WORKERS
        assert metrics["segue_refused_messages_total too_many_sessions"] == 1
        assert metrics["segue_reloads_total accepted"] == 1
        pids = [workers.process.pid, *workers.pids().values()]
    assert workers.process.terminate() == 0
    assert not any(map(is_running, pids))
    recorded = list(workers.recordings.iterdir())
    assert len(recorded) == SESSIONS
    assert [path.read_text("utf-8").splitlines()[-1] for path in recorded] == ['{"op":"end"}'] * SESSIONS


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_sessions_of_a_worker_that_dies_or_hangs_go_on_in_another(workers: Workers, number: signal.Signals) -> None:
    with serving(lookahead_ms=2_000) as alone, Peer(alone.addresses[0]) as peer:
        peer.greet(seed=7)
        peer.playhead(0)
        peer.fill(2 * SAMPLE_RATE)
        peer.playhead(SAMPLE_RATE)
        peer.fill(5 * SAMPLE_RATE // 2)
        expected = peer.music()
    with Peer(workers.process.address) as lost, Peer(workers.process.address) as other:
        welcome, spared = lost.greet(seed=7), other.greet(seed=7)
        for peer in (lost, other):
            peer.playhead(0)
            peer.fill(2 * SAMPLE_RATE)
        hold([lost, other], lambda: len(workers.pids()) == WORKERS + 1)
        os.kill(workers.pids()[number_of(welcome)], number)
        hold([lost, other], lambda: any(_unknown(one) for one in lost.seen))
        again = restore(lost, welcome)
        # The spare one has its place; the other sessions noticed nothing.
        assert number_of(again) == WORKERS + 1
        assert not any(isinstance(one, (Error, Bye)) for one in other.seen)
        for peer in (lost, other):
            peer.playhead(SAMPLE_RATE)
            peer.fill(5 * SAMPLE_RATE // 2)
            common = min(len(expected), len(peer.music()))
            assert common >= 5 * SAMPLE_RATE // 2
            assert peer.music()[:common].tobytes() == expected[:common].tobytes()
        hold([lost, other], lambda: len(workers.pids()) == WORKERS + 1)
        reason = "died" if number == signal.SIGKILL else "hung"
        assert workers.metrics()[f"segue_lost_workers_total {reason}"] == 1
        # The music of both is recorded: of the lost worker without an end.
        assert number_of(spared) in workers.pids()
    pids = [workers.process.pid, *workers.pids().values()]
    workers.process.kill()
    while any(map(is_running, pids)):
        time.sleep(0.01)


def _accepted(message: object) -> bool:
    return isinstance(message, Rules) and message.declaration is not None


def _unknown(message: object) -> bool:
    return isinstance(message, Error) and message.code == "no_session"
