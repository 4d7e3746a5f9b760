"""What an edit changes: what happens otherwise, aligned by time, and when states, mix and controls differ."""

from __future__ import annotations

import pytest

from segue_rules.comparison import PAIRED_WITHIN, Comparison, Interval, compare, declared
from segue_rules.events import Event, ScriptedEvent
from segue_rules.loading import load_text
from segue_rules.model import FRAME_RATE, InputValue
from segue_yaml.nodes import NOWHERE

# A bar lasts 2 s, a beat 0.5 s.
RULES = """segue: 1
music: {tempo: 120bpm}
inputs: {cave: {type: flag}, won: {type: trigger}}
styles: {grass: {text: "meadow"}, stone: {text: "cave"}}
layers:
  place:
    states:
      field: {default: true, mix: {grass: 1}}
      cave: {when: {cave: true}, mix: {stone: 1}, music: {intensity: 0.9}}
transitions: [{from: any, to: any, at: bar, ramp: 0s}]
stingers: {cheer: {trigger: won, mix: {grass: 1}, time: 2s, ramp: 0s, at: beat}}
"""


def script(*events: tuple[float, dict[str, InputValue] | str]) -> list[ScriptedEvent]:
    built = []
    for number, (at_s, what) in enumerate(events):
        fired = (what,) if isinstance(what, str) else ()
        event = Event(sequence=number, set={} if isinstance(what, str) else what, fire=fired)
        built.append(ScriptedEvent(at_s=at_s, frame=round(at_s * FRAME_RATE), event=event, mark=NOWHERE))
    return built


INTO_THE_CAVE = script((1, {"cave": True}), (9, {"cave": False}), (12.1, "won"))


def compared(edit: tuple[str, str], seconds: float = 16, events: list[ScriptedEvent] = INTO_THE_CAVE) -> Comparison:
    assert edit[0] in RULES
    return compare(load_text(RULES), load_text(RULES.replace(*edit)), events, round(seconds * FRAME_RATE))


def spans(found: Comparison, kind: str) -> list[tuple[float, float]]:
    return [(each.start / FRAME_RATE, each.end / FRAME_RATE) for each in found.intervals if each.kind == kind]


def test_equal_rules_have_no_difference() -> None:
    found = compared(("segue: 1", "segue: 1\ntitle: The same"))
    assert found.equal
    assert found == Comparison(pairs=(), intervals=())


def test_a_change_at_another_time_is_one_pair_with_its_shift() -> None:
    found = compared(("at: bar", "at: immediate"))
    moved = [(pair.frame / FRAME_RATE, pair.shift / FRAME_RATE) for pair in found.pairs]
    assert moved == [(1.0, -1.0), (9.0, -1.0)]
    assert spans(found, "state") == [(1.0, 2.0), (9.0, 10.0)]
    (state, *_) = [each for each in found.intervals if each.kind == "state"]
    assert [tuple(value) for value in state.values] == [("place", "field", "cave")]


def test_a_change_that_no_longer_happens_has_no_other_side() -> None:
    never = ("cave: true}, mix", "cave: true}, unless: {cave: true}, mix")
    found = compared(never, events=script((1, {"cave": True})), seconds=4)
    assert [(pair.before is None, pair.after is None) for pair in found.pairs] == [(False, True)]
    assert [pair.shift for pair in found.pairs] == [0]


def test_reasons_alone_are_a_difference() -> None:
    events = script((1, {"deep": 1.0}))
    rules = RULES.replace("cave: {type: flag}", "deep: {type: number, range: [0, 1]}")
    before = rules.replace("{cave: true}", '{deep: ">= 0.5"}')
    after = rules.replace("{cave: true}", '{deep: ">= 0.6"}')
    found = compare(load_text(before), load_text(after), events, 4 * FRAME_RATE)
    assert found.intervals == ()
    (pair,) = found.pairs
    assert pair.before is not None
    assert pair.after is not None
    assert [each.entry.why for each in (pair.before, pair.after)] == [
        ("because deep is 1 (>= 0.5)",),
        ("because deep is 1 (>= 0.6)",),
    ]


def test_changes_too_far_apart_are_not_the_same() -> None:
    late = ("when: {cave: true}, mix", "when: {cave: true}, attack: 12s, mix")
    found = compared(late, events=script((1, {"cave": True})), seconds=20)
    sides = [(pair.before is None, pair.after is None, pair.frame) for pair in found.pairs]
    assert sides == [(False, True, 2 * FRAME_RATE), (True, False, 14 * FRAME_RATE)]
    assert sides[1][2] - sides[0][2] > PAIRED_WITHIN


def test_the_mix_is_compared_by_the_names_of_styles() -> None:
    found = compared(("mix: {stone: 1}", "mix: {stone: 3, grass: 1}"))
    (mix,) = [each for each in found.intervals if each.kind == "mix"]
    assert (mix.start, mix.end) == (2 * FRAME_RATE, 10 * FRAME_RATE)
    assert {tuple(value) for value in mix.values} == {("stone", 1.0, 0.75), ("grass", 0.0, 0.25)}
    grass, stone = 'grass: {text: "meadow"}', 'stone: {text: "cave"}'
    swapped = (f"{grass}, {stone}", f"{stone}, {grass}")
    assert compared(swapped).equal


def test_a_style_of_one_side_alone_has_no_share_on_the_other() -> None:
    found = compared(("stone", "rock"))
    (mix,) = [each for each in found.intervals if each.kind == "mix"]
    assert {tuple(value) for value in mix.values} == {("stone", 1.0, 0.0), ("rock", 0.0, 1.0)}
    assert spans(found, "state") == []


def test_controls_are_compared_within_their_tolerance() -> None:
    assert compared(("intensity: 0.9", "intensity: 0.901")).equal
    (control,) = compared(("intensity: 0.9", "intensity: 0.8")).intervals
    # A ramp of 0 counts as one frame for a continuous control (SEMANTICS, continuous controls).
    assert (control.kind, control.start, control.end) == ("control", 2 * FRAME_RATE + 1, 10 * FRAME_RATE + 1)
    assert [tuple(value) for value in control.values] == [("intensity", 0.9, 0.8)]
    (key,) = compared(("music: {intensity: 0.9}", "music: {intensity: 0.9, key: D minor}")).intervals
    assert [tuple(value) for value in key.values] == [("key", "auto", "D minor")]


def test_stingers_are_paired_by_name() -> None:
    found = compared(("time: 2s, ramp: 0s, at: beat", "time: 2s, ramp: 0s, at: bar"))
    (pair,) = found.pairs
    assert (pair.frame / FRAME_RATE, pair.shift / FRAME_RATE) == (12.48, 1.52)


def test_an_event_that_one_side_refuses_is_a_difference() -> None:
    before = load_text(RULES)
    after = load_text(RULES.replace("cave: {type: flag}", "hole: {type: flag}").replace("{cave: true}", "{hole: true}"))
    found = compare(before, after, INTO_THE_CAVE, 4 * FRAME_RATE)
    first = found.pairs[0]
    assert first.before is not None
    assert first.after is not None
    assert [each.entry.kind for each in (first.before, first.after)] == ["event", "refused"]


def test_a_layer_of_one_side_alone_differs_all_along() -> None:
    more = RULES.replace("transitions:", "  mood: {states: {plain: {default: true}}}\ntransitions:")
    found = compare(load_text(RULES), load_text(more), INTO_THE_CAVE, 10 * FRAME_RATE)
    (interval,) = found.intervals
    assert interval == Interval(kind="state", start=0, end=10 * FRAME_RATE, values=interval.values)
    assert [tuple(value) for value in interval.values] == [("mood", None, "plain")]


@pytest.mark.parametrize("seconds", [0.04, 3.0, 16.0])
def test_comparing_is_symmetric(seconds: float) -> None:
    edited = RULES.replace("at: bar", "at: beat").replace("mix: {stone: 1}", "mix: {stone: 1, grass: 1}")
    rules = [load_text(RULES), load_text(edited)]
    there = compare(*rules, INTO_THE_CAVE, round(seconds * FRAME_RATE))
    back = compare(*reversed(rules), INTO_THE_CAVE, round(seconds * FRAME_RATE))
    assert [(pair.frame, pair.shift) for pair in there.pairs] == [(pair.frame, -pair.shift) for pair in back.pairs]
    assert [(each.kind, each.start, each.end) for each in there.intervals] == [
        (each.kind, each.start, each.end) for each in back.intervals
    ]


def test_everything_that_is_declared_has_a_name() -> None:
    assert list(declared(load_text(RULES))) == [
        'input "cave"',
        'input "won"',
        'style "grass"',
        'style "stone"',
        'layer "place"',
        'layer "place", state "field"',
        'layer "place", state "cave"',
        'stinger "cheer"',
    ]
