"""What a client of a live session plays, for random events, buffers, generation times and stalls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.contract import FRAME_SIZE, Request
from segue.runtime import mastering
from segue.runtime.journal import Operation
from segue.runtime.messages import ChunkOut, SessionMessage, StingerOut
from segue.runtime.planner import conditioning, is_significant
from segue.runtime.replaying import replay
from segue.runtime.session import Session
from segue.runtime.session_config import SessionConfig
from segue.runtime.simulation import LiveConditions, LiveRun, live
from segue_rules.events import Event, ScriptedEvent
from segue_rules.plan import FramePlan, StingerCue
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
    """Draw up to a dozen events anywhere in the run, in order."""
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
conditions = st.builds(
    LiveConditions,
    generation_s=st.sampled_from([0.01, 0.2, 0.4]),
    overhead_s=st.just(0.01),
    stall_at_s=st.sampled_from([1.0, 2.5]),
    stall_s=st.sampled_from([0.0, 0.3, 1.5]),
)


def played(
    config: SessionConfig, events: list[ScriptedEvent], condition: LiveConditions
) -> tuple[LiveRun, list[Operation]]:
    journal: list[Operation] = []
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], config, journal=journal.append)
    return live(session, [toy], events, FRAMES, condition), journal


def fades(run: LiveRun, config: SessionConfig) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return a mask of the samples in a crossfade: at the head of a new take, or where a late one was joined."""
    mask = np.zeros(FRAMES * FRAME_SIZE, bool)
    for played_to, message in run.messages:
        if isinstance(message, ChunkOut) and message.reason != "extend":
            committed = min(played_to + FRAME_SIZE * 4, len(mask))
            mask[message.start : message.start + config.crossfade_samples] = True
            if message.start < committed:
                mask[message.start : committed + FRAME_SIZE] = True
    return mask


@settings(max_examples=40)
@given(config=configs, events=scripts(), condition=conditions)
def test_playback_is_continuous_and_equals_a_straight_render_of_its_plans(
    config: SessionConfig, events: list[ScriptedEvent], condition: LiveConditions
) -> None:
    run, _ = played(config, events, condition)
    sound, plans = run.client.playback(), run.client.playback_plans()
    assert len(sound) == FRAMES * FRAME_SIZE
    assert all(plan is not None for plan in plans) or run.client.underrun_samples > 0
    if run.client.underrun_samples:
        return
    kept: list[FramePlan] = [plan for plan in plans if plan is not None]
    assert [plan.frame for plan in kept] == list(range(FRAMES))
    toy = ToyGenerator()
    (straight,) = toy.generate(
        [Request(state=toy.start(seed=config.seed), styles=BANK.of(""), conditioning=conditioning(kept))]
    )
    _, rendered, _ = mastering.process(mastering.start(kept[0]), straight.chunk.samples, kept)
    # A late take was generated from plans whose start was not played.
    if not run.client.late:
        outside = ~fades(run, config)
        assert outside.mean() > 0.3
        np.testing.assert_array_equal(sound[outside], rendered[outside])
    # A sine of amplitude 0.3 below 500 Hz changes by less than 0.02 per sample; a click would jump.
    assert np.abs(np.diff(sound[:, 0])).max() < 0.03


@settings(max_examples=40)
@given(config=configs, events=scripts(), condition=conditions)
def test_every_frame_follows_the_newest_plan_that_could_reach_it(
    config: SessionConfig, events: list[ScriptedEvent], condition: LiveConditions
) -> None:
    run, journal = played(config, events, condition)
    if run.client.underrun_samples:
        return
    session = Session(RULES, BANK, [ToyGenerator()], config)
    for operation in journal:
        if operation[0] == "event":
            session.apply_event(operation[1], operation[2])
    newest = session.plans(0, FRAMES)
    outdated = [
        plan.frame
        for plan, wanted in zip(run.client.playback_plans(), newest, strict=True)
        if plan is not None and is_significant(plan, wanted, config.significance, fills=False)
    ]
    assert run.client.late or set(outdated) <= given_up(journal)


def given_up(journal: list[Operation]) -> set[int]:
    """Return the frames of replacements that came too late to be taken, up to where the next replacement begins."""
    frames: set[int] = set()
    since: int | None = None
    for operation in journal:
        if operation[0] == "failed" and since is None:
            since = operation[1].change
        elif operation[0] == "done" and operation[1].reason == "replace" and since is not None:
            frames |= set(range(since, operation[1].change))
            since = None
    return frames if since is None else frames | set(range(since, FRAMES))


@settings(max_examples=40)
@given(config=configs, events=scripts(), condition=conditions)
def test_a_replay_gives_the_same_bytes(
    config: SessionConfig, events: list[ScriptedEvent], condition: LiveConditions
) -> None:
    run, journal = played(config, events, condition)
    toy = ToyGenerator()
    session = Session(RULES, BANK, [toy], config)
    replayed = list(replay(session, [toy], journal))
    assert kept_cues(replayed) == kept_cues(message for _, message in run.messages)
    chunks = [message for message in replayed if isinstance(message, ChunkOut)]
    recorded = [message for _, message in run.messages if isinstance(message, ChunkOut)]
    assert [(c.take, c.start, c.reason) for c in chunks] == [(c.take, c.start, c.reason) for c in recorded]
    for ours, theirs in zip(chunks, recorded, strict=True):
        assert ours.samples.tobytes() == theirs.samples.tobytes()


def kept_cues(messages: Iterable[SessionMessage]) -> Counter[StingerCue]:
    """Count the stingers that were announced and not cancelled, except near the end, where a run may miss one."""
    cues: Counter[StingerCue] = Counter()
    for message in messages:
        if isinstance(message, StingerOut) and message.cue.start < (FRAMES - 30) * FRAME_SIZE:
            cues[message.cue] += -1 if message.cancelled else 1
    return +cues
