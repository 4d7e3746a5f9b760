"""A game beside a client that sends all it can: its music is not affected, and all its events are answered."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from segue_sdk.client_events import Live
from segue_sdk.messages import Receipt
from service.flooder import KINDS
from service.game import Game, largest_step
from service.process import ServiceProcess
from service.serving import CALM

pytestmark = pytest.mark.heavy

FLOODER: Final = Path(__file__).parent / "flooder.py"
_SECONDS: Final = 10.0
_EVERY_S: Final = 0.1
# A crossfade may add two sounds.
_CLICK: Final = 1.5
_EVENTS_PER_SECOND: Final = 200


@pytest.fixture
def service(tmp_path: Path) -> Iterator[ServiceProcess]:
    with ServiceProcess(tmp_path, str(CALM)) as running:
        yield running


def answered_within(game: Game, seconds: float) -> list[float]:
    """Play on and send events; return how many seconds each waited for its receipt."""
    begun_s, said_s, waited = time.monotonic(), list[float](), dict[int, float]()
    while (now_s := time.monotonic()) < begun_s + seconds or len(waited) < len(said_s):
        assert now_s < begun_s + seconds + 30.0, f"{len(said_s) - len(waited)} events without a receipt"
        if now_s < begun_s + seconds and now_s >= begun_s + _EVERY_S * len(said_s):
            game.send(level=(len(said_s) % 10) / 10)
            said_s.append(now_s)
        for receipt in game.all(Receipt)[len(waited) :]:
            waited[receipt.seq] = time.monotonic() - said_s[receipt.seq - 1]
        time.sleep(0.005)
    receipts = game.all(Receipt)
    assert Counter(one.seq for one in receipts) == Counter(range(1, len(said_s) + 1))
    assert {one.code for one in receipts} == {"accepted"}
    return sorted(waited.values())


@pytest.mark.parametrize("kind", [*KINDS, "newcomers"])
def test_a_flood_beside_a_game(kind: str, service: ServiceProcess, record_property: pytest.RecordProperty) -> None:
    with Game(service.address) as game:
        game.expect(Live)
        game.wait("a full buffer", lambda: game.buffered_s > 3.5)
        flooder = [sys.executable, str(FLOODER), service.address, kind, str(_SECONDS)]
        with subprocess.Popen(flooder, stdout=subprocess.PIPE, text=True) as flooding:
            try:
                waits = answered_within(game, _SECONDS)
                said, _ = flooding.communicate(timeout=60)
            finally:
                flooding.kill()
        least_s = min(game.buffered_s, 4.0)
        game.play(3.0)
        came = json.loads(said)
        figures = {
            "flood": came,
            "underruns": game.client.player.position.underruns,
            "receipts": len(waits),
            "receipt_worst_ms": round(1000 * waits[-1]),
            "receipt_median_ms": round(1000 * waits[len(waits) // 2]),
            "buffered_after_s": round(least_s, 2),
        }
        record_property("figures", figures)
        print(kind, figures)
        assert came["messages"] > 50
        taken = sum(came.get(code, 0) for code in ("accepted", "clamped", "known"))
        # New and repeated events have a limit each, with a burst.
        assert taken <= 2 * _EVENTS_PER_SECOND * (_SECONDS + 2)
        assert game.gaps_s() == []
        assert game.client.player.position.underruns == 0
        assert largest_step(game.heard()) <= _CLICK * game.inside
        assert len(game.all(Live)) == 1
    entries = service.entries()
    assert not [entry for entry in entries if entry["level"] in ("error", "critical")]
    # Ten lines a second of a line of code that logs, and two hundred at once.
    assert len(entries) <= 3 * (200 + 10 * _SECONDS)
    assert service.log.stat().st_size < 1 << 20
