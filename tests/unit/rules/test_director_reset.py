"""Events that reset inputs and states (section Reset of SEMANTICS.md)."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from segue_rules.events import Event
from segue_rules.model import AudioStinger, Binding, Burst, Latch, Transition
from segue_rules.plan import FramePlan
from unit.rules.playing import (
    BAR,
    ON_BAR,
    Player,
    both,
    calm,
    changes,
    cues,
    fight,
    is_on,
    layer,
    play_director,
    play_reference,
    soundtrack,
    states,
)

RESET = Event(sequence=1_000, reset=True)
RULES = soundtrack(layer(calm(), fight()))
TOLL = AudioStinger(name="toll", trigger="hit", audio=Path("toll.wav"), at=ON_BAR, cooldown_frames=200)
LATCH = Latch(index=0, enter=is_on("go2"), exit=is_on("stop"))


@both
def test_inputs_and_states_are_as_at_the_start_and_the_clock_goes_on(play: Player) -> None:
    plans = play(RULES, {2: {"go": True, "threat": 0.5}, 50: RESET}, 100)
    still = play(RULES, {2: {"go": True, "threat": 0.5}}, 100)
    assert states(plans) == [(0, "calm"), (2, "fight"), (50, "calm")]
    assert plans[50].inputs == (False, False, False, 0.0, False)
    assert plans[50].layer_mixes == plans[0].layer_mixes
    assert [(plan.clock, plan.beat, plan.bar_start) for plan in plans] == [
        (plan.clock, plan.beat, plan.bar_start) for plan in still
    ]
    (receipt,) = plans[50].receipts
    assert (receipt.sequence, receipt.accepted, receipt.code) == (1_000, True, "accepted")


@both
def test_an_event_resets_before_it_sets_and_fires(play: Player) -> None:
    event = Event(sequence=1_000, reset=True, set={"go": True}, fire=("hit",))
    plans = play(RULES, {2: {"go": True, "go2": True}, 50: event}, 60)
    assert plans[50].inputs == (True, False, False, 0.0, True)
    # It starts again, in the frame of the reset.
    assert changes(plans) == [(2, "started", "fight", 2), (50, "started", "calm", 50), (50, "started", "fight", 50)]
    assert [change.decided for change in plans[50].changes] == [49, 50]


@pytest.mark.parametrize("play", [play_director, play_reference], ids=["director", "reference"])
def test_earlier_events_of_its_frame_have_no_effect(play: Callable[..., list[FramePlan]]) -> None:
    events = [
        Event(sequence=1, set={"go": True}, fire=("hit",)),
        Event(sequence=2, reset=True, set={"go2": True}),
        Event(sequence=3, set={"threat": 0.5}),
    ]
    _, plan = play(soundtrack(layer(calm(), fight()), stingers=(TOLL,)), [[], events], [0, 1])
    assert plan.inputs == (False, True, False, 0.5, False)
    assert plan.stingers == ()
    assert [receipt.accepted for receipt in plan.receipts] == [True, True, True]


@both
def test_a_refused_event_resets_nothing(play: Player) -> None:
    event = Event(sequence=1_000, reset=True, set={"nothing": True})
    plans = play(RULES, {2: {"go": True}, 50: event}, 60)
    assert [receipt.code for receipt in plans[50].receipts] == ["unknown_input"]
    assert states(plans) == [(0, "calm"), (2, "fight")]


@both
def test_what_waits_is_given_up_and_a_cooldown_is_over(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=(Transition(at=ON_BAR, ramp_frames=0),), stingers=(TOLL,))
    plans = play(rules, {2: {"go": True}, 3: "hit", 20: RESET, 45: "hit", 100: RESET, 101: "hit"}, 170)
    assert changes(plans) == [(2, "scheduled", "fight", BAR), (20, "withdrawn", "fight", BAR)]
    assert [(frame, kind) for frame, kind, _, _ in cues(plans)] == [
        (3, "scheduled"),
        (20, "dropped"),
        (45, "scheduled"),
        (80, "started"),
        (101, "scheduled"),
        (120, "started"),
    ]
    assert all(state == "calm" for _, state in states(plans))


@both
def test_times_begin_anew(play: Player) -> None:
    """An attack counts from the reset on, a cooldown and a minimum time are over, and a latch is cleared."""
    rules = soundtrack(
        layer(calm(), fight(attack_frames=10, min_time_frames=100, cooldown_frames=100)),
        layer(calm(), fight(when=LATCH), name="latched"),
        latches=(LATCH,),
    )
    again = Event(sequence=1_000, reset=True, set={"go": True})
    plans = play(rules, {0: {"go": True, "go2": True}, 1: {"go2": False}, 30: again}, 60)
    assert states(plans, 0) == [(0, "calm"), (10, "fight"), (30, "calm"), (40, "fight")]
    assert states(plans, 1) == [(0, "fight"), (30, "calm")]


@both
def test_a_burst_ends_and_controls_move_on(play: Player) -> None:
    burst = Burst(name="boom", trigger="hit", mix={"brass": 1.0}, time_frames=100, ramp_frames=0)
    weight = Binding(input="threat", curve=((0.0, 1.0), (1.0, 0.5)))
    rules = soundtrack(layer(calm(), fight(), weight=weight, weight_ramp_frames=50), stingers=(burst,))
    plans = play(rules, {0: {"threat": 1.0}, 2: "hit", 60: RESET}, 70)
    assert plans[59].mix[2] > 0.0
    assert plans[60].mix == (1.0, 0.0, 0.0)
    assert math.isclose(plans[59].layer_weights[0], 0.5)
    assert plans[60].layer_weights == (1.0,)
    # The burst that has begun in the sound of the frames before is not taken back.
    assert [(frame, kind) for frame, kind, _, _ in cues(plans)] == [(2, "started")]
