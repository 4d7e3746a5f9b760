"""How soon changes are heard, and that no client runs dry, under a virtual clock: one session and many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Chunk, Request, Result
from segue.runtime.fallback import Loop
from segue_rules.loading import load_text
from unit.runtime.many_sessions import ManySessions
from unit.runtime.rule_files import BANK

RULES = load_text("""
segue: 1
inputs: {fight: {type: flag}}
styles: {a: {text: "calm"}, b: {text: "battle"}, c: {text: "sad"}}
layers:
  ground:
    states: {walk: {default: true, mix: {a: 1}}, fight: {when: {fight: true}, mix: {b: 1}}}
transitions: [{from: ground.any, to: ground.any, at: immediate, ramp: 400ms}]
""")
QUIET_S = 0.0016


class SilentGenerator:
    """Generates silence."""

    name = model = "silent"
    controls = frozenset[str]()
    encoder = ""
    exact_beats = True
    rows = threads = 1
    compiles = False

    def start(self, *, seed: int, frame: int = 0) -> int:
        return frame

    def generate(self, requests: Sequence[Request[int]]) -> list[Result[int]]:
        return [self._one(request.state, request.conditioning.num_frames) for request in requests]

    def state_bytes(self, state: int) -> int:
        return 8

    def pack(self, state: int) -> bytes:
        return b""

    def unpack(self, data: bytes, *, frame: int) -> int:
        return frame

    def _one(self, frame: int, frames: int) -> Result[int]:
        samples = np.zeros((frames * FRAME_SIZE, 2), np.float32)
        return Result(state=frame + frames, chunk=Chunk(frame=frame, samples=samples))


@pytest.fixture(autouse=True)
def _no_mastering(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip mastering: silence needs none, and it would take most of the time of these tests."""

    def process(state: Any, samples: Any, plans: Any, clips: Any) -> tuple[Any, Any, Any]:
        return state, samples, np.ones(len(samples), np.float32)

    monkeypatch.setattr("segue.runtime.mastering.process", process)


def many_sessions(
    sessions: int, frame_s: float, *, seconds: float, jitter: float = 0.0, workers: int = 1, simpler: bool = False
) -> ManySessions:
    made = ManySessions(
        RULES,
        BANK,
        [SilentGenerator(), Loop()] if simpler else [SilentGenerator()],
        sessions=sessions,
        flag="fight",
        every_s=1.5,
        frame_s=frame_s,
        jitter=jitter,
        workers=workers,
    )
    made.run(seconds)
    return made


def milliseconds(made: ManySessions, share: float) -> float:
    """Return the reaction time that the given share of reactions does not exceed."""
    reactions = sorted(reaction for client in made.clients for reaction in client.reactions)
    return reactions[round(share * (len(reactions) - 1))] * 1000 / SAMPLE_RATE


def check_unbroken(made: ManySessions) -> None:
    assert sum(client.underruns for client in made.clients) == 0
    late = sum(client.timeline.late for client in made.clients)
    # Chunks may be late when the machine slows down, which no estimate foresees.
    assert late <= 1 + 0.02 * sum(client.events for client in made.clients)


def test_one_session_plays_a_change_within_two_frames_and_its_first_chunk_is_short() -> None:
    made = many_sessions(1, QUIET_S, seconds=24.0)
    check_unbroken(made)
    assert milliseconds(made, 0.5) <= 80
    assert milliseconds(made, 0.9) <= 110
    (client,) = made.clients
    first_chunks = [len(chunk.plans) for chunk in client.chunks if chunk.reason == "replace"]
    assert len(first_chunks) > 8
    # The first ones are made before their generation time is known.
    assert set(first_chunks[3:]) == {3}


def test_with_varying_generation_times_changes_come_later_but_in_time() -> None:
    made = many_sessions(1, QUIET_S, seconds=24.0, jitter=8.0)
    check_unbroken(made)
    # A frame takes up to nine times as long, at random.
    assert milliseconds(made, 0.5) <= 200
    assert milliseconds(made, 1.0) <= 400


def test_twelve_sessions_at_full_load_lose_nothing() -> None:
    made = many_sessions(12, QUIET_S, seconds=15.0, jitter=0.5)
    assert made.busy_s > 0.85 * made.now_s
    check_unbroken(made)
    assert milliseconds(made, 0.5) <= 120
    assert milliseconds(made, 0.99) <= 300


def test_with_more_work_than_time_some_sessions_play_on_and_the_others_repeat() -> None:
    # Without events, twelve sessions take 1.1 times the time there is.
    made = many_sessions(12, 0.0035, seconds=16.0, jitter=0.1, simpler=True)
    levels = [client.session.level for client in made.clients]
    assert 1 <= levels.count(1) <= 9
    # All of them are behind for some seconds, but none is silent for long.
    silent = [client.silent / SAMPLE_RATE for client in made.clients]
    assert max(silent) < 2.0
    assert sum(silent) < 0.06 * 12 * made.now_s


def test_a_machine_that_stands_still_once_changes_no_generator() -> None:
    made = many_sessions(12, QUIET_S, seconds=8.0, simpler=True)
    made.stand_still(6.0)
    made.run(4.0)
    assert {client.session.level for client in made.clients} == {0}
    assert all(client.timeline.have > client.timeline.committed for client in made.clients)
