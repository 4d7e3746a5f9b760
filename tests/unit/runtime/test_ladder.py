"""A generator that fails, one that stalls, and what is heard meanwhile."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Generator
from segue.runtime.config import SessionConfig
from segue.runtime.ladder import FIRST_PATIENCE_S, Ladder
from segue.runtime.listener import Listener
from segue.runtime.loop import Loop
from segue.runtime.messages import ChunkOut, StatusOut
from segue.runtime.scheduler import Scheduler
from segue.runtime.session import Session
from segue_rules.events import Event
from sound_measures import longest_silence
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator


class Studio:
    """A session served in virtual time: every tick of 40 ms a frame is played and at most one batch is generated."""

    def __init__(self, generators: list[Generator[Any]]) -> None:
        self.session = Session(RULES, BANK, generators, SessionConfig(seed=1, lookahead_s=1.0))
        self.scheduler = Scheduler(generators, timer=lambda: self.now_s)
        self.scheduler.add(self.session)
        self.listener = Listener()
        self.steps: list[StatusOut] = []
        self.now_s = 0.0

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 25)):
            committed = self.listener.committed
            self.session.playhead(played=committed, committed=committed, paused=False, now_s=self.now_s)
            self.scheduler.run_once(self.now_s)
            for message in self.session.messages():
                if isinstance(message, ChunkOut):
                    self.listener.put(message)
                elif isinstance(message, StatusOut):
                    self.steps.append(message)
            if self.listener.have >= SAMPLE_RATE // 4:
                self.listener.commit(FRAME_SIZE)
            self.now_s += 0.04


def test_a_failing_generator_gives_way_to_the_next_and_comes_back() -> None:
    chosen, safety = ToyGenerator("chosen"), ToyGenerator("safety", amplitude=0.2)
    studio = Studio([chosen, safety, Loop()])
    studio.run(3.0)
    chosen.failing = True
    studio.run(3.0)
    chosen.failing = False
    studio.run(FIRST_PATIENCE_S + 2.0)
    assert [(step.rung, step.generator) for step in studio.steps] == [(1, "safety"), (0, "chosen")]
    assert "told to fail" in studio.steps[0].reason
    heard = studio.listener.heard()
    assert studio.listener.underrun_samples == 0
    # As in the live tests: the toys' sines move less than 0.02 a sample, a click would jump.
    assert np.abs(np.diff(heard[:, 0])).max() < 0.03


def test_a_generator_that_fails_at_once_again_is_tried_less_often() -> None:
    chosen, safety = ToyGenerator("chosen"), ToyGenerator("safety")
    studio = Studio([chosen, safety, Loop()])
    chosen.failing = True
    studio.run(60.0)
    tries = [step for step in studio.steps if step.rung == 0]
    gaps_s = np.diff([step.frame for step in tries]) / 25
    assert len(tries) == 3
    assert gaps_s[0] >= 2 * FIRST_PATIENCE_S
    assert gaps_s[1] >= 4 * FIRST_PATIENCE_S
    assert studio.listener.underrun_samples == 0


def test_when_everything_fails_the_last_bars_go_round_and_fade() -> None:
    chosen, safety = ToyGenerator("chosen"), ToyGenerator("safety")
    studio = Studio([chosen, safety, Loop()])
    studio.run(8.0)
    chosen.failing = safety.failing = True
    studio.run(7.0)
    heard = studio.listener.heard()
    assert studio.listener.underrun_samples == 0
    assert longest_silence(heard) < SAMPLE_RATE // 1000
    # Bars at 120 bpm last two seconds: four seconds on, the loop repeats itself sample for sample.
    bars = 2 * 2 * SAMPLE_RATE
    tail = heard[-SAMPLE_RATE:]
    np.testing.assert_allclose(tail, heard[-bars - SAMPLE_RATE : -bars], atol=1e-6)
    assert np.abs(np.diff(heard[:, 0])).max() < 0.05


def test_a_change_is_made_by_the_generator_that_plays_not_by_the_one_that_failed() -> None:
    chosen, safety = ToyGenerator("chosen"), ToyGenerator("safety", amplitude=0.2)
    studio = Studio([chosen, safety, Loop()])
    studio.run(1.0)
    chosen.failing = True
    studio.run(0.6)
    calls = chosen.calls
    assert studio.session.rung == 1
    committed = studio.listener.committed
    receipt = studio.session.send(Event(sequence=1, set={"threat": 1.0}), position=committed, now_s=studio.now_s)
    assert receipt.frame * FRAME_SIZE < committed + SAMPLE_RATE // 2
    studio.run(1.0)
    assert chosen.calls == calls
    plans = studio.listener.heard_plans()
    assert [plan is not None and plan.states[1] for plan in plans[receipt.frame + 12 :]].count("fight") > 5
    assert studio.listener.underrun_samples == 0


def test_the_last_rung_has_nowhere_to_go() -> None:
    ladder = Ladder(rungs=1)
    ladder.failed(1.0, "broken")
    assert ladder.due() is None
    with pytest.raises(ValueError, match="at least one rung"):
        Ladder(rungs=0)


def test_a_session_that_fell_behind_goes_on_where_the_client_is() -> None:
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], SessionConfig(seed=1, lookahead_s=1.0))
    listener = Listener()

    def serve(now_s: float) -> None:
        want = session.want(now_s)
        while want is not None:
            job = session.begin(want, now_s)
            (result,) = toy.generate([job.request])
            session.complete(job, result, seconds=0.01)
            want = session.want(now_s)
        for message in session.messages():
            if isinstance(message, ChunkOut):
                listener.put(message)

    serve(0.0)
    listener.commit(5 * SAMPLE_RATE)
    session.playhead(played=listener.committed, committed=listener.committed, paused=False, now_s=5.0)
    receipt = session.send(Event(sequence=0, set={"threat": 1.0}), position=0, now_s=5.0)
    assert receipt.frame * FRAME_SIZE >= listener.committed
    serve(5.0)
    assert 5.0 <= session.head / 25 - 1.0 <= 6.0
    listener.commit(SAMPLE_RATE)
    heard, gap = listener.heard(), listener.heard_plans().index(None)
    assert gap == 30  # three chunks reach past the lookahead of a second
    back = next(i for i, plan in enumerate(listener.heard_plans()) if plan is not None and i > gap)
    assert 5.0 <= back / 25 <= 5.6
    # The sound comes back by a fade, not by a click.
    assert np.abs(np.diff(heard[(back - 1) * FRAME_SIZE :, 0])).max() < 0.03
