"""What holds in every session, for random rules and the library and any events."""

from __future__ import annotations

import hashlib
import math
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import msgpack
import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st

from segue_rules.director import Director, DirectorState, pack, unpack
from segue_rules.loading import load
from segue_rules.model import BUILT_IN_TRANSITION, FRAME_SIZE, Layer, Rules, Transition, lasting
from segue_rules.plan import TICKS_PER_BEAT, Change, FramePlan, MusicalClock
from unit.rules import digest
from unit.rules.playing import calm, fight, play_director, play_reference
from unit.rules.playing import soundtrack as small
from unit.rules.reference_director import ReferenceDirector
from unit.rules.shards import check_shard, in_shards
from unit.rules.strategies import Session, quick, rules, sessions
from unit.rules.test_director_reference import bare, differences

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
LIBRARY_FILES = sorted(LIBRARY / name / f"{name}.yaml" for name in ("emberwood", "highwall", "nightwatch", "redline"))
# The library thinks in seconds where the random rules think in frames.
LONG_QUIET = (0, 3, 25, 110, 260)
STEEPEST = {"linear": 1.0, "smooth": 1.5, "equal_power": math.pi / 2}
SMALL = 1e-9

library = pytest.mark.parametrize("path", LIBRARY_FILES, ids=lambda path: path.stem)


def long_sessions(soundtrack: Rules) -> st.SearchStrategy[Session]:
    return sessions(soundtrack.inputs, max_frames=1_500, quiet=LONG_QUIET)


def trace(soundtrack: Rules, session: Session) -> tuple[list[DirectorState], list[FramePlan]]:
    """All states, from before frame 0 on, and all plans."""
    director = Director(soundtrack)
    states, plans = [director.start()], []
    for frame, (events, earliest) in enumerate(zip(session.events, session.earliest, strict=True)):
        state, plan = director.step(states[-1], frame, events, earliest)
        states.append(state)
        plans.append(plan)
    return states, plans


# --- what a plan may say --------------------------------------------------------------------------------------------


def check_mixes(plan: FramePlan) -> None:
    for values in (plan.mix, plan.layer_weights, *plan.layer_mixes):
        assert all(math.isfinite(value) and value >= 0 for value in values)
    assert math.isclose(sum(plan.mix), 1.0, abs_tol=SMALL)


def reset_frames(session: Session, plans: Sequence[FramePlan]) -> set[int]:
    resets = {event.sequence for events in session.events for event in events if event.reset}
    return {r.frame for plan in plans for r in plan.receipts if r.accepted and r.sequence in resets}


def is_of_reset(change: Change) -> bool:
    return any(cause.text == "reset" and not cause.input for cause in change.causes)


def check_states(soundtrack: Rules, plans: Sequence[FramePlan], resets: set[int]) -> None:
    """Each layer is in one of its states, and leaves it only by a started change, which a reset tells, too."""
    reference = ReferenceDirector(soundtrack)
    default = {layer.name: reference.first_state(layer).name for layer in soundtrack.layers}
    active = dict(default)
    for plan in plans:
        moved = {change.layer for change in plan.changes if is_of_reset(change)}
        if plan.frame in resets:
            assert moved == {layer for layer, state in active.items() if state != default[layer]}
        else:
            assert not moved
        for change in plan.changes:
            if change.kind == "started":
                assert (change.from_state, change.start) == (active[change.layer], plan.frame)
                assert not is_of_reset(change) or change.to_state == default[change.layer]
                active[change.layer] = change.to_state
        assert plan.states == tuple(active.values())
        for layer, state in zip(soundtrack.layers, plan.states, strict=True):
            assert state in {candidate.name for candidate in layer.states}


def started(plan: FramePlan, layer: Layer) -> Change | None:
    """The change that the rules started."""
    changes = (c for c in plan.changes if c.kind == "started" and not is_of_reset(c))
    return next((c for c in changes if c.layer == layer.name), None)


def fade_frames(row: Transition, plan: FramePlan, before: FramePlan) -> tuple[int, int]:
    """The frames in which a change of `plan` leads the old mix out and the new one in."""
    tempo, meter = plan.controls.tempo_mbpm, before.controls.meter
    out, enter = row.fades or (row.ramp_frames, row.ramp_frames)
    return lasting(out, tempo, meter), lasting(enter, tempo, meter)


def check_ramps(
    soundtrack: Rules, states: Sequence[DirectorState], plans: Sequence[FramePlan], resets: set[int]
) -> None:
    """A layer's mix moves by at most its curve's steepest slope a frame, and not at all once its ramp is over.

    A reset ends a ramp.

    Args:
        states: After each of the plans.
    """
    names, reference = [style.name for style in soundtrack.styles], ReferenceDirector(soundtrack)
    still = [0.0] * len(names)
    for index, layer in enumerate(soundtrack.layers):
        targets = {state.name: [state.mix.get(style, 0.0) for style in names] for state in layer.states}
        taken = [(*soundtrack.transitions, BUILT_IN_TRANSITION)[state.layers[index].row] for state in states]
        limits, end, earlier = still, 0, plans[0]
        for before, plan in pairwise(plans):
            begun, jump = started(before, layer), started(plan, layer)
            if begun is not None and begun.ramp_frames > 0:
                row = taken[before.frame]
                way = list(zip(before.layer_mixes[index], targets[begun.to_state], strict=True))
                limits = [abs(b - a) * STEEPEST[row.curve] / begun.ramp_frames for a, b in way]
                if row.fades is not None:
                    # Each of the two mixes moves by itself; one that moves at once has moved by now.
                    out, enter = (STEEPEST[row.curve] / max(1, each) for each in fade_frames(row, before, earlier))
                    limits = [a * out + b * enter for a, b in way]
                end = before.frame + begun.ramp_frames
            if plan.frame > end:
                limits = still
            at_once = jump is not None and jump.ramp_frames == 0
            steps = still
            if jump is not None and not at_once:
                row = taken[plan.frame]
                out, enter = (float(each == 0) for each in fade_frames(row, plan, before))
                # What leaves at once leaves from where its ramp would be in this frame.
                old = zip(before.layer_mixes[index], limits, targets[jump.to_state], strict=True)
                steps = [(a + limit) * out + b * enter for a, limit, b in old]
            earlier = before
            if plan.frame in resets and not at_once:
                assert list(plan.layer_mixes[index]) == targets[reference.first_state(layer).name]
                limits = still
                continue
            if jump is not None and at_once:
                assert list(plan.layer_mixes[index]) == targets[jump.to_state]
                limits = still
                continue
            moved = zip(before.layer_mixes[index], plan.layer_mixes[index], limits, steps, strict=True)
            for a, b, limit, step in moved:
                assert abs(b - a) <= limit + step + SMALL


def check_clock(plans: Sequence[FramePlan]) -> None:
    """Ticks are the sum of all tempos; every beat falls in exactly one frame; bars follow one another."""
    for plan in plans:
        ticks, tempo = plan.clock.ticks, plan.controls.tempo_mbpm
        gap = -ticks % TICKS_PER_BEAT
        assert plan.beat == (gap * FRAME_SIZE // tempo if gap < tempo else -1)
        assert plan.bar_start in (-1, plan.beat)
        assert plan.clock.bar_ticks <= ticks < plan.clock.bar_ticks + plan.clock.meter * TICKS_PER_BEAT
    for before, plan in pairwise(plans):
        assert plan.frame == before.frame + 1
        assert plan.clock.ticks == before.clock.ticks + before.controls.tempo_mbpm
        # A line just inside a frame has sample 0 as well; whether the frame starts in the new bar is told by the clock.
        inside = before.bar_start >= 0 and before.clock.bar_ticks != before.clock.ticks
        opening = plan.bar_start >= 0 and plan.clock.bar_ticks == plan.clock.ticks
        assert plan.clock.bar == before.clock.bar + (inside or opening)


def check_session(soundtrack: Rules, session: Session) -> None:
    states, plans = trace(soundtrack, session)
    for plan in plans:
        check_mixes(plan)
    resets = reset_frames(session, plans)
    check_states(soundtrack, plans, resets)
    check_ramps(soundtrack, states[1:], plans, resets)
    check_clock(plans)


@quick(max_examples=10)
@given(st.data())
def test_invariants_hold_in_any_session(data: st.DataObject) -> None:
    soundtrack = data.draw(rules(), label="rules")
    for _ in range(3):
        check_session(soundtrack, data.draw(sessions(soundtrack.inputs), label="session"))


@library
@quick(max_examples=4)
@given(data=st.data())
def test_invariants_hold_in_any_session_of_the_library(path: Path, data: st.DataObject) -> None:
    soundtrack = load(path)
    check_session(soundtrack, data.draw(long_sessions(soundtrack), label="session"))


@pytest.mark.heavy
@in_shards
def test_invariants_hold_in_many_sessions(shard: int) -> None:
    def check(data: st.DataObject) -> None:
        soundtrack = data.draw(rules() | st.sampled_from(LIBRARY_FILES).map(load), label="rules")
        check_session(soundtrack, data.draw(sessions(soundtrack.inputs) | long_sessions(soundtrack), label="session"))

    check_shard(check, shard, examples=250)


@library
@quick(max_examples=3)
@given(data=st.data())
def test_the_director_equals_its_reference_on_the_library(path: Path, data: st.DataObject) -> None:
    soundtrack = load(path)
    session = data.draw(sessions(soundtrack.inputs, max_frames=500, quiet=LONG_QUIET), label="session")
    found = play_director(soundtrack, session.events, session.earliest)
    expected = play_reference(soundtrack, session.events, session.earliest)
    for ours, theirs in zip(found, expected, strict=True):
        assert not list(differences(bare(ours), bare(theirs)))


# --- skipping -------------------------------------------------------------------------------------------------------


def timeless(plan: FramePlan) -> FramePlan:
    """The plan without what the mere passing of time moves."""
    return plan._replace(frame=0, clock=MusicalClock(0, 0, 0, 4), beat=-1, bar_start=-1)


def recordless(plan: FramePlan) -> FramePlan:
    """What a frame that nothing happens in repeats of the frame before."""
    return timeless(plan)._replace(receipts=(), changes=(), stingers=(), to_change=-1, next_mix=plan.mix)


def copy_of(state: DirectorState) -> DirectorState:
    return DirectorState(*state)


def check_skipping(soundtrack: Rules, session: Session, frames: int) -> None:
    """After the session: frames that are not decided anew equal those that are, spans equal steps, and no plan changes
    before its horizon.

    The horizon is the first frame whose plan may differ from the one before by more than time, if no event comes.
    """
    director, anew = Director(soundtrack), Director(soundtrack)
    states, plans = trace(soundtrack, session)
    state, until = states[-1], len(plans) + frames
    stepped, promised = [(state, plans[-1])], 0
    for frame in range(state.frame, until):
        before = stepped[-1]
        horizon = director.unchanged_until(before[0])
        assert horizon >= frame
        promised = max(promised, horizon)
        state, plan = director.step(before[0], frame)
        # A director knows nothing about a state that it has not returned itself.
        assert (state, plan) == anew.step(copy_of(before[0]), frame)
        if frame < promised:
            assert timeless(plan) == recordless(before[1])
        stepped.append((state, plan))
    position = 1
    for span in director.spans(stepped[0][0], until):
        assert span.frames >= 1
        assert span.plan == stepped[position][1]
        for _, plan in stepped[position + 1 : position + span.frames]:
            assert timeless(plan) == recordless(span.plan)
        position += span.frames
        assert span.state == stepped[position - 1][0]
    assert position == len(stepped)


@quick(max_examples=10)
@given(st.data())
def test_skipping_to_the_next_change_equals_stepping(data: st.DataObject) -> None:
    soundtrack = data.draw(rules(), label="rules")
    for _ in range(3):
        check_skipping(soundtrack, data.draw(sessions(soundtrack.inputs, max_frames=60), label="session"), 150)


@library
@quick(max_examples=2)
@given(data=st.data())
def test_skipping_through_the_library_equals_stepping(path: Path, data: st.DataObject) -> None:
    soundtrack = load(path)
    session = data.draw(sessions(soundtrack.inputs, max_frames=250, quiet=LONG_QUIET), label="session")
    check_skipping(soundtrack, session, 750)


@pytest.mark.heavy
@in_shards
def test_skipping_equals_stepping_at_length(shard: int) -> None:
    def check(data: st.DataObject) -> None:
        soundtrack = data.draw(rules() | st.sampled_from(LIBRARY_FILES).map(load), label="rules")
        check_skipping(soundtrack, data.draw(sessions(soundtrack.inputs), label="session"), 400)

    check_shard(check, shard, examples=250)


def test_a_soundtrack_at_rest_is_skipped_in_one_span() -> None:
    """Without this, a horizon of one frame would pass for skipping."""
    director = Director(small(Layer(name="action", states=(calm(), fight()))))
    spans = list(director.spans(director.start(), 25 * 60))
    assert sum(span.frames for span in spans) == 25 * 60
    assert spans[-1].frames >= 25 * 55


# --- states are values ----------------------------------------------------------------------------------------------


@quick(max_examples=15)
@given(st.data())
def test_earlier_states_stay_usable(data: st.DataObject) -> None:
    soundtrack = data.draw(rules(), label="rules")
    session = data.draw(sessions(soundtrack.inputs), label="session")
    states, plans = trace(soundtrack, session)
    again = Director(soundtrack)
    for frame in reversed(range(len(plans))):
        step = again.step(states[frame], frame, session.events[frame], session.earliest[frame])
        assert step == (states[frame + 1], plans[frame])


@quick(max_examples=15)
@given(st.data())
def test_a_state_survives_packing(data: st.DataObject) -> None:
    soundtrack = data.draw(rules(), label="rules")
    session = data.draw(sessions(soundtrack.inputs), label="session")
    states, plans = trace(soundtrack, session)
    director = Director(soundtrack)
    for frame, (state, plan) in enumerate(zip(states, plans, strict=False)):
        packed = pack(state, soundtrack)
        sent = msgpack.unpackb(msgpack.packb(packed))
        # A service asks whether the rules are still those of the save by packing anew what it has read.
        assert sent == packed
        copy = unpack(sent, soundtrack)
        assert copy == state
        assert director.step(copy, frame, session.events[frame], session.earliest[frame])[1] == plan


@quick(max_examples=10)
@given(st.data())
def test_equal_inputs_give_equal_bytes(data: st.DataObject) -> None:
    soundtrack = data.draw(rules(), label="rules")
    session = data.draw(sessions(soundtrack.inputs), label="session")
    first = digest.session_bytes(soundtrack, session.events, session.earliest)
    copied, events = pickle.loads(pickle.dumps((soundtrack, session.events)))
    assert digest.session_bytes(copied, events, session.earliest) == first


def drawn_sessions(count: int) -> list[tuple[Rules, Session]]:
    found = []

    @quick(max_examples=count, phases=[Phase.generate])
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        soundtrack = data.draw(rules() | st.sampled_from(LIBRARY_FILES).map(load))
        found.append((soundtrack, data.draw(sessions(soundtrack.inputs))))

    draw()
    return found


def test_another_process_with_other_hashes_gives_equal_bytes() -> None:
    drawn = [(r, session.events, session.earliest) for r, session in drawn_sessions(20)]
    here = [hashlib.sha256(digest.session_bytes(*session)).hexdigest() for session in drawn]
    for seed in ("1", "4242"):
        there = subprocess.run(
            [sys.executable, digest.__file__],
            input=pickle.dumps(drawn),
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        assert there.stdout.decode().split() == here
