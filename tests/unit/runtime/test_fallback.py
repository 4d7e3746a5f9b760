"""Generators that fail, and the music meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from segue.contract import FRAME_SIZE, JOIN_SAMPLES, SAMPLE_RATE, Generator
from segue.runtime.fallback import FIRST_PATIENCE_S, FallbackChain, Loop
from segue.runtime.messages import ChunkOut, StatusOut
from segue.runtime.scheduler import Scheduler
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import SimulatedClient, straight
from segue_rules.events import Event
from sound_measures import longest_silence
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.scheduling import run_once
from unit.runtime.toy_generator import ToyGenerator


class ServedSession:
    """A session in virtual time: in every tick of 40 ms a frame is played and at most one batch is generated."""

    def __init__(self, generators: list[Generator[Any]]) -> None:
        self.session = Session(RULES, BANK, generators, SessionConfig(seed=1, lookahead_s=1.0))
        self.scheduler = Scheduler(generators, timer=lambda: self.now_s)
        self.scheduler.add(self.session)
        self.client = SimulatedClient()
        self.changes: list[StatusOut] = []
        self.now_s = 0.0

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 25)):
            committed = self.client.committed
            self.session.playhead(played=committed, committed=committed, paused=False, now_s=self.now_s)
            run_once(self.scheduler, self.now_s)
            for message in self.session.messages():
                if isinstance(message, ChunkOut):
                    self.client.put(message)
                elif isinstance(message, StatusOut):
                    self.changes.append(message)
            if self.client.have >= SAMPLE_RATE // 4:
                self.client.commit(FRAME_SIZE)
            self.now_s += 0.04


def tone_chunk(*, start: int, frames: int, hertz: float, reason: str = "replace", mixed: bool = False) -> ChunkOut:
    """A chunk of a sine at -10 dBFS; `start` is a frame. It is `extend` for the timeline unless it opens a take."""
    positions = np.arange(start * FRAME_SIZE, (start + frames) * FRAME_SIZE)
    sine = 0.3 * np.sin(2 * np.pi * hertz * positions / SAMPLE_RATE).astype(np.float32)
    toys = [ToyGenerator()]
    messages = straight(Session(RULES, BANK, toys, SessionConfig(seed=1)), toys, [], 1)
    made = next(message for message in messages if isinstance(message, ChunkOut))
    plans = tuple(made.plans[0]._replace(frame=frame) for frame in range(start, start + frames))
    samples = np.stack([sine, sine], axis=1)
    return replace(made, start=start * FRAME_SIZE, samples=samples, plans=plans, reason=reason, mixed=mixed)


def test_a_session_leaves_a_failing_generator_and_returns_to_it() -> None:
    chosen, safety = ToyGenerator("chosen"), ToyGenerator("safety", amplitude=0.2)
    served = ServedSession([chosen, safety, Loop()])
    served.run(3.0)
    chosen.failing = True
    served.run(3.0)
    chosen.failing = False
    served.run(FIRST_PATIENCE_S + 2.0)
    assert [(change.level, change.generator) for change in served.changes] == [(1, "safety"), (0, "chosen")]
    assert "told to fail" in served.changes[0].reason
    sound = served.client.playback()
    assert served.client.underrun_samples == 0
    # The toys' sines change by less than 0.02 per sample; a click would jump.
    assert np.abs(np.diff(sound[:, 0])).max() < 0.03


def test_a_generator_that_keeps_failing_is_tried_less_often() -> None:
    chosen, safety = ToyGenerator("chosen"), ToyGenerator("safety")
    served = ServedSession([chosen, safety, Loop()])
    chosen.failing = True
    served.run(60.0)
    tries = [change for change in served.changes if change.level == 0]
    gaps_s = np.diff([change.frame for change in tries]) / 25
    assert len(tries) == 3
    assert gaps_s[0] >= 2 * FIRST_PATIENCE_S
    assert gaps_s[1] >= 4 * FIRST_PATIENCE_S
    assert served.client.underrun_samples == 0


def test_a_generator_that_fails_at_its_first_chunk_is_tried_again_at_once() -> None:
    toy = ToyGenerator()
    toy.failing = True
    served = ServedSession([toy, Loop()])
    served.run(0.2)
    assert served.session.level == 1
    toy.failing = False
    served.run(2.0)
    assert served.session.level == 0
    assert np.abs(served.client.playback()[-SAMPLE_RATE // 4 :]).max() > 0.05


def test_when_all_generators_fail_the_last_bars_repeat() -> None:
    chosen, safety = ToyGenerator("chosen"), ToyGenerator("safety")
    served = ServedSession([chosen, safety, Loop()])
    served.run(8.0)
    chosen.failing = safety.failing = True
    served.run(7.0)
    sound = served.client.playback()
    assert served.client.underrun_samples == 0
    assert longest_silence(sound) < SAMPLE_RATE // 1000
    # Bars at 120 bpm last two seconds: after four seconds the loop repeats itself sample for sample.
    bars = 2 * 2 * SAMPLE_RATE
    tail = sound[-SAMPLE_RATE:]
    np.testing.assert_allclose(tail, sound[-bars - SAMPLE_RATE : -bars], atol=1e-6)
    assert np.abs(np.diff(sound[:, 0])).max() < 0.05


def test_the_playing_generator_makes_a_change_not_the_failed_one() -> None:
    chosen, safety = ToyGenerator("chosen"), ToyGenerator("safety", amplitude=0.2)
    served = ServedSession([chosen, safety, Loop()])
    served.run(1.0)
    chosen.failing = True
    served.run(0.6)
    calls = chosen.calls
    assert served.session.level == 1
    committed = served.client.committed
    receipt = served.session.send(Event(sequence=1, set={"threat": 1.0}), position=committed, now_s=served.now_s)
    assert receipt.frame * FRAME_SIZE < committed + SAMPLE_RATE // 2
    served.run(1.0)
    assert chosen.calls == calls
    plans = served.client.playback_plans()
    assert [plan is not None and plan.states[1] for plan in plans[receipt.frame + 12 :]].count("fight") > 5
    assert served.client.underrun_samples == 0


def test_where_the_newest_music_goes_on_too_late_the_client_plays_the_older() -> None:
    client = SimulatedClient()
    older, newest = tone_chunk(start=0, frames=20, hertz=220.0), tone_chunk(start=5, frames=3, hertz=330.0, mixed=True)
    client.put(older)
    client.put(newest)
    late = tone_chunk(start=14, frames=3, hertz=440.0, mixed=True)
    client.put(late)
    client.commit(17 * FRAME_SIZE)
    assert client.underrun_samples == 0
    sound, end = client.playback(), 8 * FRAME_SIZE
    np.testing.assert_array_equal(sound[end : 14 * FRAME_SIZE], older.samples[end : 14 * FRAME_SIZE])
    np.testing.assert_array_equal(
        sound[5 * FRAME_SIZE : end - JOIN_SAMPLES], newest.samples[: 3 * FRAME_SIZE - JOIN_SAMPLES]
    )
    np.testing.assert_array_equal(sound[14 * FRAME_SIZE :], late.samples)
    # The steepest of these sines changes by 0.013 per sample.
    assert np.abs(np.diff(sound[end - 2 * JOIN_SAMPLES : end + 2, 0])).max() < 0.02


def test_newest_music_that_is_late_is_joined_from_the_older() -> None:
    client = SimulatedClient()
    older = tone_chunk(start=0, frames=20, hertz=220.0)
    client.put(older)
    client.put(tone_chunk(start=5, frames=3, hertz=330.0, mixed=True))
    client.commit(8 * FRAME_SIZE - 100)
    client.commit(2_000)
    client.put(tone_chunk(start=8, frames=4, hertz=330.0, reason="extend"))
    client.commit(3 * FRAME_SIZE)
    assert client.late == 1
    assert client.underrun_samples == 0
    assert np.abs(np.diff(client.playback()[:, 0])).max() < 0.02


def test_the_last_level_stays() -> None:
    chain = FallbackChain(levels=1)
    chain.failed(1.0, "broken")
    assert chain.take_change() is None
    with pytest.raises(ValueError, match="at least one level"):
        FallbackChain(levels=0)


def test_a_session_that_fell_behind_continues_at_the_clients_position() -> None:
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], SessionConfig(seed=1, lookahead_s=1.0))
    client = SimulatedClient()

    def serve(now_s: float) -> None:
        spec = session.next_job(now_s)
        while spec is not None:
            job = session.begin(spec, now_s)
            (result,) = toy.generate([job.request])
            session.complete(job, result, seconds=0.01)
            spec = session.next_job(now_s)
        for message in session.messages():
            if isinstance(message, ChunkOut):
                client.put(message)

    serve(0.0)
    client.commit(5 * SAMPLE_RATE)
    session.playhead(played=client.committed, committed=client.committed, paused=False, now_s=5.0)
    receipt = session.send(Event(sequence=0, set={"threat": 1.0}), position=0, now_s=5.0)
    assert receipt.frame * FRAME_SIZE >= client.committed
    serve(5.0)
    assert 5.0 <= session.head / 25 - 1.0 <= 6.0
    client.commit(SAMPLE_RATE)
    sound, gap = client.playback(), client.playback_plans().index(None)
    assert gap == 30  # three chunks reach past the lookahead of a second
    back = next(i for i, plan in enumerate(client.playback_plans()) if plan is not None and i > gap)
    assert 5.0 <= back / 25 <= 5.6
    # The sound fades in without a click.
    assert np.abs(np.diff(sound[(back - 1) * FRAME_SIZE :, 0])).max() < 0.03


def test_a_session_that_runs_dry_again_goes_to_a_simpler_generator_when_it_may() -> None:
    chain = FallbackChain(levels=2)
    # Once, and again while all sessions catch up.
    assert not chain.relieves(1, 100.0, may_leave=True)
    assert not chain.relieves(2, 100.5, may_leave=True)
    assert not chain.relieves(2, 105.0, may_leave=True)
    # Another session has just left.
    assert not chain.relieves(3, 105.0, may_leave=False)
    assert chain.take_change() is None
    assert chain.relieves(3, 105.5, may_leave=True)
    change = chain.take_change()
    assert change is not None
    assert (change.level, change.reason) == (1, "the machine is too busy")
    # There is nothing simpler.
    assert not chain.relieves(4, 107.0, may_leave=True)
    assert not chain.relieves(5, 109.0, may_leave=True)


def test_gaps_that_lie_far_apart_change_no_generator() -> None:
    chain = FallbackChain(levels=2)
    assert not any(chain.relieves(number, 100.0 + 11.0 * number, may_leave=True) for number in range(1, 5))
    assert chain.level == 0
