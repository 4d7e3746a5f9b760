"""Stalls of any length at any time: nothing is raised, every event is answered once, and the music comes back."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segue.contract import FRAME_SIZE, SAMPLE_RATE
from segue.runtime.fallback import Loop
from segue.runtime.session_config import SessionConfig
from unit.runtime import rules_versions
from unit.runtime.stalled_session import PRE_ROLL, REPORT_TICKS, TICK, Action, Stall, StalledSession
from unit.runtime.toy_generator import ToyGenerator

TICKS_PER_SECOND = SAMPLE_RATE // TICK
# Stalls and actions happen in the first part; in the rest the music comes back.
BUSY_TICKS = 4 * TICKS_PER_SECOND
LOOKAHEADS = (0.4, 1.0, 2.0, 4.0)
CHUNKS = (1, 3, 10, 25)


def _failing(stalled: StalledSession, *, failing: bool) -> None:
    chosen = stalled.generators[0]
    assert isinstance(chosen, ToyGenerator)
    chosen.failing = failing


def drawn(rng: random.Random) -> Action:
    """Draw an action of a game, its author or a generator."""
    match rng.randrange(10):
        case 0 | 1 | 2:
            return partial(StalledSession.set, threat=rng.choice([0.0, 0.2, 0.55, 1.0]))
        case 3:
            return partial(StalledSession.set, region=rng.choice(["field", "cave"]))
        case 4:
            return partial(StalledSession.fire, name="win")
        case 5:
            return partial(StalledSession.reload, version=rng.choice(rules_versions.ALL))
        case 6:
            return StalledSession.save
        case 7:
            return partial(StalledSession.restore, ahead=rng.choice([0, 5, 25, 60]))
        case 8:
            return StalledSession.reset
        case _:
            primary, failing = rng.randrange(2), rng.random() < 0.5
            return rng.choice(
                [partial(StalledSession.set_primary, primary=primary), partial(_failing, failing=failing)]
            )


def script(rng: random.Random, actions: int) -> dict[int, list[Action]]:
    drawn_at: dict[int, list[Action]] = {}
    for _ in range(actions):
        drawn_at.setdefault(rng.randrange(BUSY_TICKS), []).append(drawn(rng))
    return drawn_at


def stalled_session(config: SessionConfig, stalls: list[Stall], job_ticks: int) -> StalledSession:
    generators = [ToyGenerator("one"), ToyGenerator("two", amplitude=0.25), Loop()]
    return StalledSession(generators, config, stalls, job_ticks=job_ticks)


def check(stalled: StalledSession) -> None:
    """Check that the music is back, every event has one receipt, and there is no click."""
    assert Counter(stalled.receipts) == Counter(range(1, stalled.sent + 1))
    assert stalled.playing
    assert stalled.waiting_ticks == 0
    assert stalled.client.have - stalled.client.committed >= PRE_ROLL
    takes = [chunk.take for chunk in stalled.chunks]
    assert takes == sorted(takes)
    steps = np.abs(np.diff(stalled.client.playback()[:, 0]))
    for gap in stalled.gaps:
        # A client that runs dry fades out, and in again.
        steps[gap.at - 1] = 0.0
    # The toys' sines change by less than 0.02 per sample; a click would jump.
    assert steps.max() < 0.03


# Shrinking such a session takes minutes.
_PHASES = (Phase.explicit, Phase.generate)

configs = st.builds(
    SessionConfig, seed=st.just(5), lookahead_s=st.sampled_from(LOOKAHEADS), chunk_frames=st.sampled_from(CHUNKS)
)
# Generating a chunk takes less time than is buffered.
roomy = st.builds(SessionConfig, lookahead_s=st.sampled_from(LOOKAHEADS[1:]), chunk_frames=st.sampled_from(CHUNKS[:3]))
one_stall = st.builds(
    Stall,
    what=st.sampled_from(["generator", "service", "game"]),
    tick=st.integers(0, BUSY_TICKS),
    ticks=st.integers(0, 10 * TICKS_PER_SECOND),
)
seeds = st.integers(0, 1 << 30)
jobs = st.integers(1, 6)


def check_any_actions(config: SessionConfig, stalls: list[Stall], seed: int, job: int) -> None:
    """Check stalls among events, reloads, resets, saves, restores and failures."""
    rng = random.Random(seed)
    # A chunk takes at most half the time it lasts.
    stalled = stalled_session(config, stalls, min(config.chunk_frames, job))
    ticks = BUSY_TICKS + sum(stall.ticks for stall in stalls) + 5 * TICKS_PER_SECOND
    stalled.run(ticks, script(rng, rng.randrange(20)))
    check(stalled)


def check_one(config: SessionConfig, stall: Stall, seed: int, job: int) -> None:
    """Check one stall in a session that only gets events, six per second."""
    rng = random.Random(seed)
    job_ticks = max(1, min(config.chunk_frames // 2, job))
    stalled = stalled_session(config, [stall], job_ticks)
    events: dict[int, list[Action]] = {}
    for tick in range(0, BUSY_TICKS + stall.ticks, TICKS_PER_SECOND // 6):
        events[tick] = [partial(StalledSession.set, threat=rng.choice([0.0, 0.2, 0.55, 1.0]))]
    stalled.run(BUSY_TICKS + stall.ticks + 5 * TICKS_PER_SECOND, events)
    check(stalled)
    assert len(stalled.gaps) <= 1
    # The pre-roll has to be generated. The job in flight may come before it, too late to be of use, and its
    # repetition.
    frames = PRE_ROLL // FRAME_SIZE + 1
    join = (-(-frames // config.chunk_frames) + 3) * job_ticks + REPORT_TICKS
    lacking = stall.ticks - stalled.buffered[stall] // TICK
    # While only the game stalls, its clock stops too.
    most = 0 if stall.what == "game" or lacking < 0 else lacking + join
    assert sum(gap.ticks for gap in stalled.gaps) <= most


@settings(max_examples=4, phases=_PHASES)
@given(config=configs, stalls=st.lists(one_stall, max_size=3), seed=seeds, job=jobs)
def test_the_music_comes_back_after_stalls_among_any_actions(
    config: SessionConfig, stalls: list[Stall], seed: int, job: int
) -> None:
    check_any_actions(config, stalls, seed, job)


@settings(max_examples=4, phases=_PHASES)
@given(config=roomy, stall=one_stall, seed=seeds, job=jobs)
def test_the_silence_of_a_stall_is_no_longer_than_the_buffer_lacks(
    config: SessionConfig, stall: Stall, seed: int, job: int
) -> None:
    check_one(config, stall, seed, job)


@pytest.mark.heavy
@settings(max_examples=100, phases=_PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(config=configs, stalls=st.lists(one_stall, max_size=3), seed=seeds, job=jobs)
def test_many_stalls_among_any_actions(config: SessionConfig, stalls: list[Stall], seed: int, job: int) -> None:
    check_any_actions(config, stalls, seed, job)


@pytest.mark.heavy
@settings(max_examples=100, phases=_PHASES, suppress_health_check=[HealthCheck.too_slow])
@given(config=roomy, stall=one_stall, seed=seeds, job=jobs)
def test_many_single_stalls(config: SessionConfig, stall: Stall, seed: int, job: int) -> None:
    check_one(config, stall, seed, job)
