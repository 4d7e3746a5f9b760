"""The session in C# sends the same messages and tells the same events as the Python SDK's, whatever the faults."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from clients.cases.recorded_session import Recorder
from clients.cases.recorded_values import HELLO
from clients.cases.sessions import EVERYTHING, SEEDS, TURNS, comparable
from clients.mutations import mutated_bytes
from segue_sdk.codec import decode, encode
from segue_sdk.messages import Message
from unity.build import RUNTIMES
from unity.probe import run

pytestmark = pytest.mark.heavy


def replay(
    recorders: list[Recorder], turns: int, folder: Path, form: Callable[[list[Any]], list[Any]] = comparable
) -> None:
    """Record sessions and replay them on each runtime; every step gives what it gives in the Python SDK.

    Args:
        recorders: The sessions.
        turns: How many turns of each are recorded.
        folder: For the cases and results.
        form: What of a step's result has to be the same.
    """
    for recorder in recorders:
        recorder.record(turns)
    cases = [{"hello": HELLO, "steps": recorder.steps} for recorder in recorders]
    for runtime in RUNTIMES:
        results = run(runtime, "session", cases, folder)
        for seed, (recorder, replayed) in enumerate(zip(recorders, results, strict=True)):
            for index, (expected, got) in enumerate(zip(recorder.results, replayed, strict=True)):
                step = recorder.steps[index]
                assert form(got) == form(expected), f"{runtime}, seed {seed}, step {index}: {step}"


class Fuzzer(Recorder):
    """A session whose service changes bytes of a part of its messages."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._changes = random.Random(seed)
        self._last = b""
        self.changed = 0

    def _receive(self, message: Message | list[bytes]) -> None:
        parts = message if isinstance(message, list) else [bytes(part) for part in encode(message)]
        header = parts[0]
        if self._changes.random() < _CHANGED:
            self.changed += 1
            parts = [mutated_bytes(self._changes, header, self._last), *parts[1:]]
        self._last = header
        super()._receive(parts)


_CHANGED: Final = 0.2


def without_codes(result: list[Any]) -> list[Any]:
    """A result as `comparable` gives it, without the code of a refused message: any of its mistakes may be named."""
    returned, sent, told, *rest = comparable(result)
    sent = [message[:1] if message[0] == "error" else message for message in sent]
    told = [[kind, None if kind == "message_refused" else fields] for kind, fields in told]
    return [returned, sent, told, *rest]


def test_changed_bytes_give_the_messages_and_events_of_the_python_sdk(tmp_path: Path) -> None:
    fuzzers = [Fuzzer(seed) for seed in range(SEEDS)]
    replay([*fuzzers], TURNS // 2, tmp_path, without_codes)
    assert sum(fuzzer.changed for fuzzer in fuzzers) > 500
    kinds = Counter(kind for fuzzer in fuzzers for _, _, told, *_ in fuzzer.results for kind, _ in told)
    # Some are refused, and some say something else than the service did.
    assert kinds["message_refused"] > 200
    assert kinds["live"] > SEEDS


def test_recorded_faults_give_the_messages_and_events_of_the_python_sdk(tmp_path: Path) -> None:
    recorders = [Recorder(seed) for seed in range(SEEDS)]
    replay(recorders, TURNS, tmp_path)
    happened: Counter[str] = Counter()
    for recorder in recorders:
        for _, sent, told, state, *_ in recorder.results:
            happened.update(kind for kind, _ in told)
            happened.update(type(decode([bytes.fromhex(part) for part in parts])).__name__ for parts in sent)
            happened[state] += 1
    # The traffic is worth something: all of this happened, and more than once.
    assert min(happened[kind] for kind in EVERYTHING) > 3, happened
