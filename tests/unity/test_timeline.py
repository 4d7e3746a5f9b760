"""The timeline, stingers and volume in C# play the same samples as the Python SDK's, whatever the traffic."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from clients.cases.traffic import POOL_S, SEEDS, TOLERANCE, Played, Traffic
from segue_sdk.limits import SAMPLE_RATE
from unity.build import RUNTIMES
from unity.probe import run

pytestmark = pytest.mark.heavy

OPERATIONS: Final = 400


def assert_same_states(theirs: Any, traffic: list[list[dict[str, Any]]], played: list[Played]) -> None:
    for seed, (operations, states) in enumerate(zip(traffic, theirs, strict=True)):
        for index, (got, expected) in enumerate(zip(states, played[seed].states, strict=True)):
            assert got == expected, f"seed {seed}, operation {index}: {operations[index]}"


def test_random_traffic_gives_the_samples_of_the_python_sdk(tmp_path: Path) -> None:
    generator = np.random.default_rng(3)
    pool = generator.uniform(-1.0, 1.0, size=(POOL_S * SAMPLE_RATE, 2)).astype("<f4").tobytes()
    (tmp_path / "pool").write_bytes(pool)
    traffic = [Traffic(seed).operations(OPERATIONS) for seed in range(SEEDS)]
    played = [Played(operations, pool) for operations in traffic]
    expected = np.concatenate([np.frombuffer(each.heard, dtype="f4") for each in played])
    for runtime in RUNTIMES:
        cases = {"pool": str(tmp_path / "pool"), "heard": str(tmp_path / "heard"), "traffic": traffic}
        assert_same_states(run(runtime, "timeline", cases, tmp_path), traffic, played)
        heard = np.fromfile(tmp_path / "heard", dtype="<f4")
        assert len(heard) == len(expected)
        difference = np.abs(heard - expected)
        worst = int(difference.argmax())
        assert difference[worst] <= TOLERANCE, f"{runtime}, sample {worst // 2} of all: {difference[worst]}"
    # The traffic is worth something: music was played, and every fault happened.
    totals = np.sum([each.states[-1] for each in played], axis=0)
    assert totals[0] > 60 * SAMPLE_RATE
    assert (totals[2:5] > 5).all(), totals
