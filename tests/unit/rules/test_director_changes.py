"""The causes of a change, and why every other state did not win."""

from __future__ import annotations

from typing import Any as AnyValue

from segue_rules.events import Event
from segue_rules.model import FRAME_RATE, All, Any, Compare, Fired, InState, Latch, LayerState, Not, Rules, Transition
from segue_rules.plan import Change
from segue_rules.timeline import timeline_entries
from unit.rules.playing import GO, IMMEDIATE, ON_BAR, STOP, Player, calm, fight, is_on, layer, play_director, soundtrack

PLAY = Player(play_director)
LATCH = Latch(
    index=0, enter=Compare(input="threat", op=">=", value=0.6), exit=Compare(input="threat", op="<", value=0.3)
)


def records(rules: Rules, script: dict[int, AnyValue], frames: int) -> list[Change]:
    return [change for plan in PLAY(rules, script, frames) for change in plan.changes]


def causes(change: Change) -> list[tuple[str, AnyValue, int]]:
    return [(cause.input, cause.value, cause.sequence) for cause in change.causes]


def reasons(change: Change) -> dict[str, str]:
    return {candidate.state: candidate.reason for candidate in change.candidates}


def event(sequence: int, **values: AnyValue) -> Event:
    return Event(sequence=sequence, set=values)


def test_the_cause_is_the_condition_with_the_event_that_set_its_input() -> None:
    script = {1: event(11, threat=0.5), 2: event(12, go=True)}
    (change,) = records(soundtrack(layer(calm(), fight())), script, 4)
    assert causes(change) == [("go", True, 12)]


def test_of_alternatives_only_those_that_hold_are_causes() -> None:
    state = fight(when=Any(of=(GO, LATCH, is_on("go2"))))
    rules = soundtrack(layer(calm(), state), latches=[LATCH])
    (change,) = records(rules, {1: event(11, threat=0.7, go2=True)}, 3)
    assert causes(change) == [("threat", 0.7, 11), ("go2", True, 11)]


def test_a_state_that_ended_by_itself_names_what_ended_it() -> None:
    script = {1: event(11, go=True, go2=True), 3: event(12, go2=False)}
    both_flags = fight(when=All(of=(GO, is_on("go2"))))
    _, change = records(soundtrack(layer(calm(), both_flags)), script, 5)
    assert (change.from_state, change.to_state) == ("fight", "calm")
    assert causes(change) == [("go2", False, 12)]


def test_a_veto_is_the_cause_of_the_change_it_makes() -> None:
    script = {1: event(11, go=True), 3: event(12, stop=True)}
    _, change = records(soundtrack(layer(calm(), fight(unless=STOP))), script, 5)
    assert causes(change) == [("stop", True, 12)]


def test_triggers_and_states_can_be_causes() -> None:
    place = layer(calm(), fight(when=Fired(trigger="hit", frames=4)), name="place")
    mood = layer(calm(), fight(when=InState(layer="place", state="fight")), name="mood")
    first, second, *_ = records(soundtrack(place, mood), {2: Event(sequence=7, fire=("hit",))}, 5)
    assert causes(first) == [("hit", True, 7)]
    assert causes(second) == [("", "fight", -1)]


def test_a_default_value_is_a_cause_without_event() -> None:
    (change,) = records(soundtrack(layer(calm(), fight(when=Compare(input="go", op="==", value=False)))), {}, 2)
    assert causes(change) == [("go", False, -1)]


def test_every_other_state_has_its_reason() -> None:
    def state(name: str, **fields: AnyValue) -> LayerState:
        return fight(**({"name": name} | fields))

    rules = soundtrack(
        layer(
            calm(),
            state("winner", priority=5),
            state("low", priority=2),
            state("late"),
            state("tied", priority=5),
            state("vetoed", unless=STOP),
            state("slow", attack_frames=2 * FRAME_RATE),
            state("off", when=is_on("go2")),
        )
    )
    (change,) = records(rules, {1: event(0, go=True, stop=True)}, 3)
    assert reasons(change) == {
        "calm": "default, ranks below every other",
        "low": "priority 2 below 5",
        "late": "priority 0 below 5",
        "tied": "tie: later in the file",
        "vetoed": "vetoed by unless",
        "slow": "attack 2.0 s left",
        "off": "condition false",
    }


def test_a_state_in_its_cooldown_says_how_long_it_lasts() -> None:
    boss = LayerState(name="boss", when=is_on("go2"), mix={"brass": 1.0})
    rules = soundtrack(layer(calm(), fight(cooldown_frames=100), boss))
    script = {1: event(0, go=True), 3: event(1, go=False), 4: event(2, go=True), 23: event(3, go2=True)}
    assert reasons(records(rules, script, 25)[-1])["fight"] == "cooldown 3.2 s left"


def test_many_states_whose_condition_is_false_are_counted() -> None:
    others = [LayerState(name=f"s{i}", when=is_on("go2")) for i in range(9)]
    vetoed = fight(name="vetoed", when=GO, unless=STOP)
    plans = PLAY(soundtrack(layer(calm(), fight(), vetoed, *others)), {2: event(0, go=True, stop=True)}, 4)
    (entry,) = [entry for plan in plans for entry in timeline_entries(plan) if entry.kind == "change"]
    assert entry.why_not == (
        "not calm: default, ranks below every other",
        "not vetoed: vetoed by unless",
        "not 9 others: condition false",
    )


def test_a_withdrawn_change_keeps_its_causes() -> None:
    rules = soundtrack(layer(calm(), fight()), transitions=[Transition(at=ON_BAR)])
    scheduled, withdrawn = records(rules, {3: event(1, go=True), 5: event(2, go=False)}, 8)
    assert (scheduled.kind, withdrawn.kind) == ("scheduled", "withdrawn")
    assert causes(withdrawn) == causes(scheduled) == [("go", True, 1)]


def test_a_change_names_its_boundary_and_ramp() -> None:
    row = Transition(at=IMMEDIATE, ramp_frames=75)
    (change,) = records(soundtrack(layer(calm(), fight()), transitions=[row]), {2: event(0, go=True)}, 4)
    assert (change.layer, change.at, change.ramp_frames, change.decided, change.start) == (
        "action",
        "immediate",
        75,
        2,
        2,
    )


def texts(change: Change) -> list[str]:
    return [cause.text for cause in change.causes]


def test_causes_are_plain_sentences() -> None:
    between = All(of=(Compare(input="threat", op=">", value=0.5), Not(of=Compare(input="threat", op="==", value=1.0))))
    hit = Fired(trigger="hit", frames=2)
    states = (calm(), fight(when=Any(of=(between, hit))), fight(name="run", when=GO, priority=1))
    script = {1: event(11, threat=0.75), 3: event(12, threat=0.25), 5: event(13, go=True), 7: event(14, go=False)}
    changes = records(soundtrack(layer(*states)), script, 9)
    assert list(map(texts, changes)) == [
        ["threat is 0.75 (> 0.5)", "threat is 0.75, not 1"],
        ["threat is 0.25 (> 0.5 is not met)", "hit has not fired"],
        ["go is true"],
        ["go is false"],
    ]


def test_a_trigger_that_was_fired_before_is_a_cause_with_its_time() -> None:
    late = Not(of=Fired(trigger="hit", frames=10))
    states = (calm(), fight(when=All(of=(GO, late))), fight(name="run", when=Fired(trigger="hit", frames=4)))
    script = {1: Event(sequence=1, fire=("hit",)), 14: event(2, go=True)}
    changes = records(soundtrack(layer(*states)), script, 15)
    assert list(map(texts, changes)) == [
        ["hit fired"],
        ["hit fired 0.16 s ago"],
        ["go is true", "hit fired 0.52 s ago"],
    ]


def test_a_range_is_one_cause() -> None:
    middle = All(of=(Compare(input="threat", op=">=", value=0.25), Compare(input="threat", op="<=", value=0.75)))
    lately = All(of=(Not(of=Fired(trigger="hit", frames=5)), Fired(trigger="hit", frames=11)))
    states = (calm(), fight(when=middle), fight(name="run", when=lately, priority=1))
    script = {1: event(1, threat=0.5), 3: event(2, threat=1.0), 5: Event(sequence=3, fire=("hit",))}
    changes = records(soundtrack(layer(*states)), script, 30)
    assert list(map(texts, changes)) == [
        ["threat is 0.5 (0.25..0.75)"],
        ["threat is 1 (0.25..0.75 is not met)"],
        ["hit fired 0.2 s ago (200ms..400ms)"],
        ["hit fired 0.44 s ago (200ms..400ms is not met)"],
    ]


def test_the_causes_of_a_latch_name_the_comparison_that_decides() -> None:
    rules = soundtrack(layer(calm(), fight(when=LATCH, attack_frames=2, hold_frames=2)), latches=[LATCH])
    changes = records(rules, {1: event(11, threat=0.7)}, 5)
    changes += records(rules, {1: event(11, threat=0.7), 2: event(12, threat=0.4)}, 5)
    script = {1: event(11, threat=0.7), 4: event(12, threat=0.2)}
    changes += records(rules, script, 8)[1:]
    changes += records(rules, {**script, 5: event(13, threat=0.4)}, 8)[1:]
    assert list(map(texts, changes)) == [
        ["threat is 0.7 (enter >= 0.6 is met)"],
        ["threat is 0.4 (exit < 0.3 is not met)"],
        ["threat is 0.2 (exit < 0.3 is met)"],
        ["threat is 0.4 (enter >= 0.6 is not met)"],
    ]
