"""The GDScript session sends the same messages and tells the same events as the Python SDK's, whatever the faults."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from godot.project import run
from godot.recorded_session import HELLO, Recorder
from segue_sdk.codec import decode
from segue_sdk.messages import Bye, Error

pytestmark = pytest.mark.heavy

SEEDS: Final = 20
TURNS: Final = 1_000
# Told in each client's own words.
WORDED: Final = ("message_refused", "input_refused", "closed")


def sent(parts: list[str]) -> Any:
    """A message sent, without the words in it."""
    message = decode([bytes.fromhex(part) for part in parts])
    if isinstance(message, Error):
        return ["error", message.code, message.about, message.seq]
    return ["bye", message.reason] if isinstance(message, Bye) else parts


def told(event: list[Any]) -> list[Any]:
    """A client event without its own words."""
    kind, fields = event
    own = kind in WORDED or (kind == "receipt" and not fields["accepted"] and fields["frame"] == 0)
    return [kind, {key: value for key, value in fields.items() if not (own and key == "text")}]


def comparable(result: list[Any]) -> list[Any]:
    returned, messages, events, *rest = result
    return [returned, [sent(parts) for parts in messages], [told(event) for event in events], *rest]


def test_recorded_faults_give_the_messages_and_events_of_the_python_sdk(tmp_path: Path) -> None:
    recorders = []
    for seed in range(SEEDS):
        recorder = Recorder(seed)
        recorder.record(TURNS)
        recorders.append(recorder)
    cases = [{"hello": HELLO, "steps": recorder.steps} for recorder in recorders]
    results = run("probe_session.gd", cases, tmp_path)
    happened: Counter[str] = Counter()
    for seed, (recorder, replayed) in enumerate(zip(recorders, results, strict=True)):
        for index, (expected, got) in enumerate(zip(recorder.results, replayed, strict=True)):
            step = recorder.steps[index]
            assert comparable(got) == comparable(expected), f"seed {seed}, step {index}: {step}"
            happened.update(kind for kind, _ in expected[2])
            happened.update(type(decode([bytes.fromhex(part) for part in parts])).__name__ for parts in expected[1])
            happened[expected[3]] += 1
    # The traffic is worth something: all of this happened, and more than once.
    assert min(happened[kind] for kind in EVERYTHING) > 3, happened


EVERYTHING: Final = (
    "beat_heard",
    "change",
    "change_heard",
    "chunk",
    "closed",
    "error",
    "event_delayed",
    "input_refused",
    "live",
    "lost",
    "message_refused",
    "receipt",
    "rules",
    "saved",
    "status",
    "stinger",
    "stinger_heard",
    "underrun",
    "Bye",
    "Control",
    "Error",
    "Event",
    "Hello",
    "Playhead",
    "Restore",
    "Save",
    "RESTORING",
    "GREETING",
)
