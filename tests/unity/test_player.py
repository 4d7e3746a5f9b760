"""The audio side of the client in C#: what the audio thread allocates, and what other threads see of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue_sdk.limits import SAMPLE_RATE
from unity.build import PACKAGE
from unity.probe import run

pytestmark = pytest.mark.heavy


def test_the_audio_thread_allocates_nothing(runtime: str, tmp_path: Path) -> None:
    cases = [
        {"seconds": 20, "block": 256, "rate": 48_000},
        {"seconds": 20, "block": 1_024, "rate": 48_000},
        {"seconds": 20, "block": 512, "rate": 44_100},
    ]
    for asked, result in zip(cases, run(runtime, "player", cases, tmp_path), strict=True):
        print(asked, result)
        assert result["allocated"] == 0
        assert result["committed"] >= (asked["seconds"] - 1) * SAMPLE_RATE
        # A reader never meets half a position.
        assert result["unsound"] == 0


def test_nothing_of_the_audio_side_locks() -> None:
    for source in (PACKAGE / "Runtime/Core/Playback").glob("*.cs"):
        assert not re.search(r"\block \(|Monitor\.|Mutex|Semaphore|\.Wait\(", source.read_text()), source
