"""What a client of a live session hears, for random events, buffers, generation times and stalls."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.contract import FRAME_SIZE, Request
from segue.runtime import mastering
from segue.runtime.conditioning import conditioning, significant
from segue.runtime.config import SessionConfig
from segue.runtime.journal import Operation
from segue.runtime.messages import ChunkOut
from segue.runtime.replay import replay
from segue.runtime.session import Session
from segue.runtime.simulation import LiveConditions, LiveRun, live
from segue_rules.events import Event, ScriptedEvent
from segue_rules.plan import FramePlan
from segue_yaml.nodes import NOWHERE
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator

FRAMES = 150

_SETTINGS = st.one_of(
    st.fixed_dictionaries({"threat": st.sampled_from([0.0, 0.2, 0.55, 1.0])}),
    st.fixed_dictionaries({"region": st.sampled_from(["field", "cave"])}),
)


@st.composite
def scripts(draw: st.DrawFn) -> list[ScriptedEvent]:
    """Up to a dozen events anywhere in the run, in order."""
    frames = sorted(draw(st.lists(st.integers(0, FRAMES - 30), max_size=12)))
    events = []
    for sequence, frame in enumerate(frames):
        fire = draw(st.booleans())
        event = Event(sequence=sequence, fire=("win",)) if fire else Event(sequence=sequence, set=draw(_SETTINGS))
        events.append(ScriptedEvent(at_s=frame / 25, frame=frame, event=event, mark=NOWHERE))
    return events


configs = st.builds(
    SessionConfig,
    lookahead_s=st.sampled_from([0.4, 1.0, 4.0]),
    chunk_frames=st.sampled_from([1, 5, 10, 50]),
)
paces = st.builds(
    LiveConditions,
    generation_s=st.sampled_from([0.01, 0.2, 0.4]),
    overhead_s=st.just(0.01),
    stall_at_s=st.sampled_from([1.0, 2.5]),
    stall_s=st.sampled_from([0.0, 0.3, 1.5]),
)


def played(config: SessionConfig, events: list[ScriptedEvent], pace: LiveConditions) -> tuple[LiveRun, list[Operation]]:
    journal: list[Operation] = []
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], config, journal=journal.append)
    return live(session, [toy], events, FRAMES, pace), journal


def fades(run: LiveRun, config: SessionConfig) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which heard samples lie in a crossfade: at the head of a new take, or where a late one was joined."""
    mask = np.zeros(FRAMES * FRAME_SIZE, bool)
    for heard, message in run.messages:
        if isinstance(message, ChunkOut) and message.reason != "extend":
            committed = min(heard + FRAME_SIZE * 4, len(mask))
            mask[message.start : message.start + config.crossfade_samples] = True
            if message.start < committed:
                mask[message.start : committed + FRAME_SIZE] = True
    return mask


@settings(max_examples=40, deadline=None, derandomize=True)
@given(config=configs, events=scripts(), pace=paces)
def test_heard_is_continuous_and_a_straight_render_of_what_was_planned(
    config: SessionConfig, events: list[ScriptedEvent], pace: LiveConditions
) -> None:
    run, _ = played(config, events, pace)
    heard, plans = run.listener.heard(), run.listener.heard_plans()
    assert len(heard) == FRAMES * FRAME_SIZE
    assert all(plan is not None for plan in plans) or run.listener.underrun_samples > 0
    if run.listener.underrun_samples:
        return
    kept: list[FramePlan] = [plan for plan in plans if plan is not None]
    assert [plan.frame for plan in kept] == list(range(FRAMES))
    toy = ToyGenerator()
    (straight,) = toy.generate(
        [Request(state=toy.start(seed=config.seed), styles=BANK, conditioning=conditioning(kept))]
    )
    _, rendered, _ = mastering.process(mastering.start(kept[0]), straight.chunk.samples, kept)
    # A take that came too late was made of plans that were not heard from its start.
    if not run.listener.late:
        outside = ~fades(run, config)
        assert outside.mean() > 0.3
        np.testing.assert_array_equal(heard[outside], rendered[outside])
    # A sine of amplitude 0.3 below 500 Hz moves less than 0.02 a sample; a click would jump.
    assert np.abs(np.diff(heard[:, 0])).max() < 0.03


@settings(max_examples=40, deadline=None, derandomize=True)
@given(config=configs, events=scripts(), pace=paces)
def test_every_frame_obeys_the_newest_plan_that_could_reach_it(
    config: SessionConfig, events: list[ScriptedEvent], pace: LiveConditions
) -> None:
    run, journal = played(config, events, pace)
    if run.listener.underrun_samples:
        return
    session = Session(RULES, BANK, [ToyGenerator()], config)
    for operation in journal:
        if operation[0] == "event":
            session.apply(operation[1], operation[2])
    newest = session.plans(0, FRAMES)
    stale = [
        plan.frame
        for plan, wanted in zip(run.listener.heard_plans(), newest, strict=True)
        if plan is not None and significant(plan, wanted, config.significance, fills=False)
    ]
    assert run.listener.late or stale == []


@settings(max_examples=40, deadline=None, derandomize=True)
@given(config=configs, events=scripts(), pace=paces)
def test_what_was_committed_never_changes_and_replays_to_the_same_bytes(
    config: SessionConfig, events: list[ScriptedEvent], pace: LiveConditions
) -> None:
    run, journal = played(config, events, pace)
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], config)
    chunks = [message for message in replay(session, [toy], journal) if isinstance(message, ChunkOut)]
    recorded = [message for _, message in run.messages if isinstance(message, ChunkOut)]
    assert [(c.take, c.start, c.reason) for c in chunks] == [(c.take, c.start, c.reason) for c in recorded]
    for ours, theirs in zip(chunks, recorded, strict=True):
        assert ours.samples.tobytes() == theirs.samples.tobytes()
