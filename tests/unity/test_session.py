"""The session in C# sends the same messages and tells the same events as the Python SDK's, whatever the faults."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from clients.cases.recorded_session import Recorder
from clients.cases.recorded_values import HELLO
from clients.cases.sessions import EVERYTHING, SEEDS, TURNS, comparable
from segue_sdk.codec import decode
from unity.build import RUNTIMES
from unity.probe import run

pytestmark = pytest.mark.heavy


def test_recorded_faults_give_the_messages_and_events_of_the_python_sdk(tmp_path: Path) -> None:
    recorders = []
    for seed in range(SEEDS):
        recorder = Recorder(seed)
        recorder.record(TURNS)
        recorders.append(recorder)
    cases = [{"hello": HELLO, "steps": recorder.steps} for recorder in recorders]
    for runtime in RUNTIMES:
        results = run(runtime, "session", cases, tmp_path)
        for seed, (recorder, replayed) in enumerate(zip(recorders, results, strict=True)):
            for index, (expected, got) in enumerate(zip(recorder.results, replayed, strict=True)):
                step = recorder.steps[index]
                assert comparable(got) == comparable(expected), f"{runtime}, seed {seed}, step {index}: {step}"
    happened: Counter[str] = Counter()
    for recorder in recorders:
        for _, sent, told, state, *_ in recorder.results:
            happened.update(kind for kind, _ in told)
            happened.update(type(decode([bytes.fromhex(part) for part in parts])).__name__ for parts in sent)
            happened[state] += 1
    # The traffic is worth something: all of this happened, and more than once.
    assert min(happened[kind] for kind in EVERYTHING) > 3, happened
