"""The browser client's timeline plays the same samples as the Python SDK's, whatever the traffic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from clients.cases.traffic import POOL_S, SEEDS, TOLERANCE, Played, Traffic
from segue_sdk.limits import SAMPLE_RATE
from web.probe import run

pytestmark = pytest.mark.heavy


def test_random_traffic_gives_the_samples_of_the_python_sdk(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    pool = generator.uniform(-1.0, 1.0, size=(POOL_S * SAMPLE_RATE, 2)).astype("<f4").tobytes()
    (tmp_path / "pool").write_bytes(pool)
    traffic = [Traffic(seed).operations(400) for seed in range(SEEDS)]
    cases = {"pool": str(tmp_path / "pool"), "heard": str(tmp_path / "heard"), "traffic": traffic}
    results = run("probe_timeline.js", cases, tmp_path)
    heard = np.fromfile(tmp_path / "heard", dtype="<f4")
    at, totals = 0, np.zeros(6)
    for seed, (operations, states) in enumerate(zip(traffic, results, strict=True)):
        played = Played(operations, pool)
        for index, (ours, theirs) in enumerate(zip(states, played.states, strict=True)):
            assert ours == theirs, f"seed {seed}, operation {index}: {operations[index]}"
        expected = np.frombuffer(played.heard, dtype="f4")
        difference = np.abs(heard[at : at + len(expected)] - expected)
        worst = int(difference.argmax())
        assert difference[worst] <= TOLERANCE, f"seed {seed}, sample {worst // 2}: {difference[worst]}"
        at += len(expected)
        totals += np.array(played.states[-1])
    assert at == len(heard)
    # The traffic is worth something: music was played, and every fault happened.
    assert totals[0] > 60 * SAMPLE_RATE
    assert (totals[2:5] > 5).all(), totals
