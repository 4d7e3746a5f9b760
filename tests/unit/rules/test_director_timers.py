"""Timers, the time since a trigger, and counts of triggers (sections 2 and 4 of SEMANTICS.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from segue_rules.director import Director, carry, pack, unpack
from segue_rules.events import Event
from segue_rules.loading import load_text
from segue_rules.model import (
    All,
    At,
    Burst,
    Comparison,
    Condition,
    Counted,
    Counter,
    Fired,
    Input,
    Not,
    Rules,
    TimeRange,
    TriggerInput,
)
from segue_rules.plan import FramePlan
from segue_rules.timeline import timeline_entries
from unit.rules.playing import Player, both, calm, cues, fight, layer, soundtrack, states

FILE = """
segue: 1
inputs: {{hit: {{type: trigger}}, wave: {{type: trigger}}}}
styles: {{harp: {{text: "calm woodland, harp"}}, drums: {{text: "taiko drums and brass"}}}}
layers:
  action:
    states:
      calm: {{default: true, mix: {{harp: 1}}}}
      fight: {{when: {{hit: {condition}}}, mix: {{drums: 1}}}}
transitions: [{{at: immediate, ramp: 0s}}]
"""

BETWEEN: tuple[tuple[Comparison, int], ...] = ((">=", 2), ("<=", 4))
# The layer looks back at the state or the group of another one.
LEFT = """
segue: 1
inputs: {{night: {{type: flag}}}}
styles: {{harp: {{text: "calm woodland, harp"}}, drums: {{text: "taiko drums and brass"}}}}
layers:
  action:
    states:
      calm: {{default: true, mix: {{harp: 1}}}}
      fight: {{when: {condition}, mix: {{drums: 1}}}}
  place:
    states:
      light: {{default: true}}
      dark: {{when: {{night: true}}, group: unlit}}
transitions: [{{at: immediate, ramp: 0s}}]
"""


def fired(plans: Sequence[FramePlan], index: int) -> list[int]:
    return [plan.frame for plan in plans if plan.inputs[index] is True]


def timed(every: int | TimeRange, *more: Input) -> Rules:
    chime = Burst(
        name="chime", trigger="tick", mix={"brass": 1.0}, time_frames=5, ramp_frames=0, at=At(unit="immediate")
    )
    return soundtrack(layer(calm()), inputs=(TriggerInput(name="tick", every=every), *more), stingers=[chime])


@both
def test_a_timer_fires_its_trigger_again_and_again(play: Player) -> None:
    plans = play(timed(30), {}, 100)
    assert fired(plans, 0) == [30, 60, 90]
    assert cues(plans) == [(f, "started", "chime", f * 1_920) for f in (30, 60, 90)]


@both
def test_an_event_and_a_reset_begin_the_time_anew(play: Player) -> None:
    plans = play(timed(30), {20: "tick", 60: Event(sequence=99, reset=True)}, 100)
    assert fired(plans, 0) == [20, 50, 90]


@both
def test_a_trigger_that_is_fired_when_its_timer_is_due_is_fired_once(play: Player) -> None:
    plans = play(timed(30), {30: "tick"}, 70)
    assert fired(plans, 0) == [30, 60]
    assert len(cues(plans)) == 2


def test_intervals_are_drawn_from_their_whole_range() -> None:
    gaps, firsts = set(), set()
    for seed in range(12):
        director = Director(timed(TimeRange(low=3, high=6)), seed)
        found = [cue[0] for cue in cues(span.plan for span in director.spans(director.start(), 60))]
        gaps |= {b - a for a, b in zip([0, *found], found, strict=False)}
        firsts.add(found[0])
    assert gaps == firsts == {3, 4, 5, 6}


def test_a_timer_goes_on_after_a_save_and_an_edit() -> None:
    rules = timed(TimeRange(low=20, high=40))
    director = Director(rules)
    state = director.start()
    for span in director.spans(state, 50):
        state = span.state
    assert unpack(pack(state, rules), rules) == state
    edited = timed(25, TriggerInput(name="tock", every=10))
    carried = carry(state, rules, edited)
    assert carried.timers[0] == state.timers[0]
    plans = [span.plan for span in Director(edited).spans(carried, 70)]
    assert fired(plans, 1) == [60]
    # Data from elsewhere may not name a firing that is still to come.
    data = pack(state, rules)
    data["timers"]["tick"][0] = 51
    with pytest.raises(ValueError, match="integer"):
        unpack(data, rules)


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ('{since: "< 400ms"}', [(0, "calm"), (20, "fight"), (30, "calm")]),
        ('{since: "<= 400ms"}', [(0, "calm"), (20, "fight"), (31, "calm")]),
        ('{since: ">= 400ms"}', [(0, "fight"), (20, "calm"), (30, "fight")]),
        ('{since: "> 400ms"}', [(0, "fight"), (20, "calm"), (31, "fight")]),
        ("{since: 400ms..1s}", [(0, "calm"), (30, "fight"), (46, "calm")]),
        ("{since: 400ms .. 1s}", [(0, "calm"), (30, "fight"), (46, "calm")]),
    ],
)
def test_the_time_since_a_trigger(condition: str, runs: list[tuple[int, str]]) -> None:
    rules = load_text(FILE.format(condition=condition))
    director = Director(rules)
    state, plans = director.start(), []
    for frame in range(60):
        events = (Event(sequence=0, fire=("hit",)),) if frame == 20 else ()
        state, plan = director.step(state, frame, events)
        plans.append(plan)
    assert states(plans) == runs


@pytest.mark.parametrize(
    ("since", "runs"),
    [
        # The layer is back in its default state in frame 20, which conditions see from frame 21 on.
        ("< 400ms", [(0, "calm"), (11, "fight"), (31, "calm")]),
        ("<= 400ms", [(0, "calm"), (11, "fight"), (32, "calm")]),
        (">= 400ms", [(0, "fight"), (11, "calm"), (31, "fight")]),
        ("400ms..1s", [(0, "calm"), (31, "fight"), (47, "calm")]),
    ],
)
@pytest.mark.parametrize("name", ["dark", "unlit"])
def test_the_time_since_a_state_was_left(name: str, since: str, runs: list[tuple[int, str]]) -> None:
    rules = load_text(LEFT.format(condition=f'{{state: {{place: {{{name}: {{since: "{since}"}}}}}}}}'))
    director = Director(rules)
    state, plans = director.start(), []
    events = {10: {"night": True}, 20: {"night": False}}
    for frame in range(60):
        changes = (Event(sequence=0, set=events[frame]),) if frame in events else ()
        state, plan = director.step(state, frame, changes)
        plans.append(plan)
        assert unpack(pack(state, rules), rules) == state
    assert states(plans) == runs
    reasons = [
        cause.text for plan in plans for change in plan.changes if change.layer == "action" for cause in change.causes
    ]
    assert all(f"place is {name}" in text or f"place has not been {name}" in text for text in reasons)


def test_a_reset_forgets_which_states_were_left() -> None:
    rules = load_text(LEFT.format(condition='{state: {place: {dark: {since: "< 10s"}}}}'))
    director = Director(rules)
    events = {10: Event(sequence=0, set={"night": True}), 20: Event(sequence=1, reset=True)}
    state, plans = director.start(), []
    for frame in range(30):
        state, plan = director.step(state, frame, (events[frame],) if frame in events else ())
        plans.append(plan)
    assert states(plans) == [(0, "calm"), (11, "fight"), (20, "calm")]


@both
def test_a_count_is_of_frames_since_the_start_or_another_trigger(play: Player) -> None:
    inputs = (TriggerInput(name="hit"), TriggerInput(name="wave"))
    counters = (Counter(trigger="hit"), Counter(trigger="hit", after="wave"))
    script = {5: "hit", 10: Event(sequence=10, fire=("hit", "hit")), 20: "wave", 30: "hit", 40: "hit", 45: "wave"}

    def played(index: int) -> list[tuple[int, str]]:
        condition = Counted(index=index, counter=counters[index], op=">=", value=2)
        rules = soundtrack(layer(calm(), fight(when=condition)), inputs=inputs)
        return states(play(replace(rules, counters=counters), script, 60))

    assert played(0) == [(0, "calm"), (10, "fight")]
    assert played(1) == [(0, "calm"), (10, "fight"), (20, "calm"), (40, "fight"), (45, "calm")]


@both
def test_a_reset_counts_from_0(play: Player) -> None:
    counter = Counter(trigger="hit")
    when: Condition = Counted(index=0, counter=counter, op="==", value=1)
    rules = soundtrack(layer(calm(), fight(when=when)), inputs=(TriggerInput(name="hit"),))
    counted = replace(rules, counters=(counter,))
    plans = play(counted, {5: "hit", 10: Event(sequence=10, reset=True), 20: "hit", 30: "hit"}, 40)
    assert states(plans) == [(0, "calm"), (5, "fight"), (10, "calm"), (20, "fight"), (30, "calm")]


def test_conditions_of_triggers_are_read() -> None:
    def when(condition: str) -> Condition | None:
        return load_text(FILE.format(condition=condition)).layers[0].states[1].when

    assert when('{since: ">= 2s"}') == Not(of=Fired(trigger="hit", frames=50))
    assert when("{count: 3}") == Counted(index=0, counter=Counter(trigger="hit"), op="==", value=3)
    assert when('{count: "< 3", after: wave}') == Counted(
        index=0, counter=Counter(trigger="hit", after="wave"), op="<", value=3
    )
    ends = [Counted(index=0, counter=Counter(trigger="hit"), op=op, value=value) for op, value in BETWEEN]
    assert when("{count: 2..4}") == All(of=tuple(ends))


def test_a_count_says_why() -> None:
    rules = load_text(FILE.format(condition='{count: ">= 1", after: wave}'))
    director = Director(rules)
    _, plan = director.step(director.start(), 0, (Event(sequence=7, fire=("hit",)),))
    cause = plan.changes[0].causes[0]
    assert (cause.input, cause.value, cause.sequence) == ("hit", 1, 7)
    assert cause.text == "hit fired 1 time since wave (>= 1)"


def test_counts_go_on_after_a_save() -> None:
    rules = load_text(FILE.format(condition='{count: ">= 9", after: wave}'))
    director = Director(rules)
    state, _ = director.step(director.start(), 0, (Event(sequence=7, fire=("hit",)),))
    assert state.counts == (1,)
    assert unpack(pack(state, rules), rules) == state


def test_the_timeline_says_what_fired_a_stinger() -> None:
    rules = timed(20, TriggerInput(name="hit"))
    director = Director(replace(rules, stingers=tuple(replace(each, at=At(unit="bar")) for each in rules.stingers)))
    state, told = director.start(), []
    for frame in range(90):
        events = (Event(sequence=3, fire=("tick",)),) if frame == 45 else ()
        state, plan = director.step(state, frame, events)
        told += [
            (entry.frame, entry.text[:11], entry.why) for entry in timeline_entries(plan) if entry.kind == "stinger"
        ]
    assert told == [
        (20, "starts at 0", ("because tick fired by its timer",)),
        (40, "starts at s", ()),
        (45, "starts at 0", ("because tick fired",)),
        (80, "starts at s", ()),
        (85, "starts at 0", ("because tick fired by its timer",)),
    ]
