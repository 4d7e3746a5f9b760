"""The browser client's session sends and tells what the Python SDK's does, whatever the faults."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from clients.cases.recorded_session import Recorder
from clients.cases.recorded_values import HELLO, told_form
from clients.cases.sessions import EVERYTHING, SEEDS, TURNS, sent, told
from segue_sdk.codec import decode
from web.probe import run

pytestmark = pytest.mark.heavy


def _alike(value: Any) -> Any:
    """A value with whole reals as integers: JavaScript has one type of numbers."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _alike(item) for key, item in value.items()}
    return [_alike(item) for item in value] if isinstance(value, list) else value


def _message(parts: list[str]) -> Any:
    """A message sent, by its values: a client may choose their encoding. Without the words in it."""
    comparable = sent(parts)
    return told_form(decode([bytes.fromhex(part) for part in parts])) if comparable == parts else comparable


def _comparable(result: list[Any]) -> str:
    returned, messages, events, *rest = result
    everything = [returned, [_message(parts) for parts in messages], [told(event) for event in events], *rest]
    # As text, in which true is not 1.
    return json.dumps(_alike(everything), sort_keys=True)


def test_recorded_faults_give_the_messages_and_events_of_the_python_sdk(tmp_path: Path) -> None:
    recorders = []
    for seed in range(SEEDS):
        recorder = Recorder(seed)
        recorder.record(TURNS)
        recorders.append(recorder)
    cases = [{"hello": HELLO, "steps": recorder.steps} for recorder in recorders]
    results = run("probe_session.js", cases, tmp_path)
    happened: Counter[str] = Counter()
    for seed, (recorder, replayed) in enumerate(zip(recorders, results, strict=True)):
        for index, (expected, got) in enumerate(zip(recorder.results, replayed, strict=True)):
            step = recorder.steps[index]
            assert _comparable(got) == _comparable(expected), f"seed {seed}, step {index}: {step}"
            happened.update(kind for kind, _ in expected[2])
            happened.update(type(decode([bytes.fromhex(part) for part in parts])).__name__ for parts in expected[1])
            happened[expected[3]] += 1
    # The traffic is worth something: all of this happened, and more than once.
    assert min(happened[kind] for kind in EVERYTHING) > 3, happened
