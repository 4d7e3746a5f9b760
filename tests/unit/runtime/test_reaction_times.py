"""How soon changes are heard, and that nobody runs dry, under a virtual clock: one session and many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Chunk, Request, Result
from segue_rules.loading import load_text
from unit.runtime.many_sessions import Crowd
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


class Silent:
    """Costs nothing but the time it is said to take."""

    name = model = "silent"
    controls = frozenset[str]()
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
    """Silence needs none, and it is most of what a session costs here."""

    def process(state: Any, samples: Any, plans: Any) -> tuple[Any, Any, Any]:
        return state, samples, np.ones(len(samples), np.float32)

    monkeypatch.setattr("segue.runtime.mastering.process", process)


def crowd(sessions: int, frame_s: float, *, seconds: float, jitter: float = 0.0, workers: int = 1) -> Crowd:
    made = Crowd(
        RULES,
        BANK,
        [Silent()],
        sessions=sessions,
        flag="fight",
        every_s=1.5,
        frame_s=frame_s,
        jitter=jitter,
        workers=workers,
    )
    made.run(seconds)
    return made


def milliseconds(made: Crowd, share: float) -> float:
    """The reaction that so great a share does not exceed."""
    reactions = sorted(reaction for player in made.players for reaction in player.reactions)
    return reactions[round(share * (len(reactions) - 1))] * 1000 / SAMPLE_RATE


def check_unbroken(made: Crowd) -> None:
    assert sum(player.client.underrun_samples for player in made.players) == 0
    late = sum(player.client.late for player in made.players)
    # A machine that slows down does so unforeseen.
    assert late <= 1 + 0.02 * sum(player.events for player in made.players)


def test_alone_a_change_is_heard_within_two_frames_and_its_first_chunk_is_short() -> None:
    made = crowd(1, QUIET_S, seconds=24.0)
    check_unbroken(made)
    assert milliseconds(made, 0.5) <= 80
    assert milliseconds(made, 0.9) <= 110
    (player,) = made.players
    openings = [len(chunk.plans) for chunk in player.chunks if chunk.reason == "replace"]
    assert len(openings) > 8
    # The first are made while it is not known how long they take.
    assert set(openings[3:]) == {3}


def test_on_a_shaky_machine_changes_come_later_but_in_time() -> None:
    made = crowd(1, QUIET_S, seconds=24.0, jitter=8.0)
    check_unbroken(made)
    # A frame takes up to nine times as long, at random: so does a chunk.
    assert milliseconds(made, 0.5) <= 200
    assert milliseconds(made, 1.0) <= 400


def test_twelve_sessions_that_take_nearly_all_there_is_lose_nothing() -> None:
    made = crowd(12, QUIET_S, seconds=15.0, jitter=0.5)
    assert made.busy_s > 0.85 * made.now_s
    check_unbroken(made)
    assert milliseconds(made, 0.5) <= 120
    assert milliseconds(made, 0.99) <= 300
