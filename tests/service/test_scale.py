"""Workers that are lost while games play: what their players hear, and how often each event is heard."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

import pytest

from processes import is_running
from segue.service.workers.worker import KEY_PREFIX_BYTES
from segue_sdk.client_events import Live
from service.game import Game, largest_step
from service.process import ServiceProcess
from service.restarts import KilledService, summary, write_rules

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(sys.platform == "win32", reason="there are no workers on Windows"),
]

WORKERS: Final = 2
# As in test_faults.py: a crossfade may add two sounds.
CLICK: Final = 1.5
_BUFFER_S: Final = 8.0
_LOSSES: Final = 3


class WorkerOfGame(ServiceProcess):
    """A service of which a game's kill hits the worker that plays the game.

    how: The signal that it gets. SIGSTOP lets it hang.
    """

    def __init__(self, folder: Path, how: signal.Signals) -> None:
        flags = ("--workers", str(WORKERS), "--max-sessions", "8", "--lookahead", f"{_BUFFER_S}s")
        super().__init__(folder, str(write_rules(folder)), *flags)
        self.how = how
        self.game: Game | None = None

    def workers(self) -> dict[int, int]:
        """Return the process ids of the workers that run, by their number."""
        entries = [entry for entry in self.entries() if entry["message"] == "worker ready"]
        pids = {entry["fields"]["worker"]: entry["fields"]["pid"] for entry in entries}
        return {number: pid for number, pid in pids.items() if is_running(pid)}

    def kill(self) -> None:
        if self.game is None:
            super().kill()
            return
        while len(self.workers()) < WORKERS + 1:
            time.sleep(0.01)
        key = self.game.all(Live)[-1].welcome.key
        os.kill(self.workers()[int.from_bytes(key[:KEY_PREFIX_BYTES])], self.how)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_events_around_a_lost_worker_are_heard_once_and_the_music_goes_on(tmp_path: Path, how: signal.Signals) -> None:
    """A second game, in the other worker or in the same, hears nothing of it or as little."""
    with WorkerOfGame(tmp_path, how) as service:
        with Game(service.address) as game, Game(service.address, seed=2) as other:
            for one in (game, other):
                one.expect(Live)
                one.play(2.0)
            service.game = game
            killed = KilledService(service, game)
            for _ in range(_LOSSES):
                for one in (game, other):
                    one.wait("a full buffer", lambda: one.buffered_s > _BUFFER_S - 0.7)  # noqa: B023
                before = [one.client.player.position.underruns for one in (game, other)]
                killed.play(2.0)
                outlasted = killed.kill(0.0)
                killed.play(2.0)
                other.update()
                after = [one.client.player.position.underruns for one in (game, other)]
                assert not outlasted or after == before
            delays_s = killed.check()
            print(summary(delays_s))
            for one in (game, other):
                assert largest_step(one.heard()) <= CLICK * one.inside
                assert abs(one.heard()[-48_000:]).max() > 0.005
        service.game = None
        lost = [entry for entry in service.entries() if entry["message"] == "a worker is gone"]
        reason = "hung" if how == signal.SIGSTOP else "died"
        assert [entry["fields"]["reason"] for entry in lost] == [reason] * _LOSSES
        assert service.terminate() == 0
