"""Files become the model: conditions, controls, layers, transitions, stingers, warnings."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_rules.errors import RuleError
from segue_rules.loading import load, load_text
from segue_rules.model import (
    All,
    Any,
    At,
    Binding,
    Burst,
    Compare,
    Condition,
    Fired,
    InGroup,
    InState,
    Key,
    Latch,
    Music,
    Not,
    OneOf,
    Rules,
    Transition,
)

EXAMPLE = Path(__file__).parents[1] / "example" / "emberwood.yaml"
HEAD = """\
segue: 1
inputs:
  threat: {type: number, range: [0, 1]}
  enemies: {type: integer, range: [-2, 64]}
  region: {type: choice, of: [forest, crypt, town]}
  cutscene: {type: flag}
  boss_dead: {type: trigger}
styles: {woodland: {text: "calm woodland"}, battle: {text: "taiko drums"}}
"""
GROUPED = """\
layers:
  place: {states: {calm: {default: true, mix: {woodland: 1}}, crypt: {group: inside, when: {region: crypt}}}}
  action: {states: {calm: {default: true}, combat: {group: [fight, loud]}, boss: {group: [fight, inside]}}}
"""
LAYERS = """\
layers:
  place: {states: {calm: {default: true, mix: {woodland: 1}}, crypt: {when: {region: crypt}}}}
  action: {states: {calm: {default: true}, combat: {mix: {battle: 1}}, boss: {priority: 9}}}
"""


def with_condition(condition: str) -> Rules:
    return load_text(
        f"{HEAD}layers:\n  action:\n    states:\n      calm: {{default: true, mix: {{woodland: 1}}}}\n"
        f"      combat: {{when: {condition}, mix: {{battle: 1}}}}\n"
        "  place: {states: {crypt: {default: true}, town: {group: out}, forest: {group: [out, green]}}}\n"
    )


def condition(text: str) -> Condition | None:
    return with_condition(text).layers[0].states[1].when


def rows(*lines: str) -> tuple[Transition, ...]:
    return load_text(f"{HEAD}{LAYERS}transitions:\n" + "".join(f"  - {{{line}}}\n" for line in lines)).transitions


def test_the_example_loads_without_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    rules = load(EXAMPLE)
    assert rules.warnings == ()
    assert (rules.title, rules.seed, rules.files) == ("Emberwood", 7, (EXAMPLE.resolve(),))
    assert (rules.music.tempo_bpm, rules.music.key, rules.music.guidance) == (96.0, Key(tonic=2, mode="minor"), 3.0)
    assert (rules.music.drums, rules.music.intensity, rules.music.gain_db) == ("auto", 0.5, 0.0)
    combat = rules.layers[1].states[1]
    frames = (combat.attack_frames, combat.hold_frames, combat.min_time_frames, combat.cooldown_frames)
    assert frames == (8, 150, 200, 125)
    assert combat.music == Music(tempo_bpm=140.0, drums="on", intensity=Binding(input="threat", curve=((0, 0), (1, 1))))
    assert rules.layers[1].weight == Binding(input="threat", curve=((0, 1), (1, 3)))
    assert rules.transitions[1] == Transition(
        layer="action", from_state="combat", at=At(unit="bar"), max_wait_frames=100, ramp_frames=75, curve="smooth"
    )
    burst = rules.stingers[1]
    assert isinstance(burst, Burst)
    assert (burst.mix, burst.time_frames, burst.ramp_frames) == ({"fanfare": 2.0}, 100, 5)
    monkeypatch.chdir(EXAMPLE.parent)
    assert load("emberwood.yaml") == rules
    assert str(load("emberwood.yaml").layers[1].states[1].mark) == "emberwood.yaml:30:7"


def test_a_small_file_gets_every_default() -> None:
    rules = load_text("segue: 1\nstyles: {a: {text: a}}\nlayers: {l: {states: {s: {default: true, mix: {a: 2}}}}}\n")
    assert (rules.title, rules.seed, rules.files, rules.transitions) == ("untitled", 0, (), ())
    assert rules.layers[0].weight == 1.0
    assert rules.layers[0].weight_ramp_frames == 5
    assert rules.music.tempo_bpm == "auto"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{threat: 1}", Compare(input="threat", op="==", value=1.0)),
        ('{threat: "<0.5"}', Compare(input="threat", op="<", value=0.5)),
        ('{enemies: "!= -2"}', Compare(input="enemies", op="!=", value=-2)),
        ('{enemies: ">= 2.5"}', Compare(input="enemies", op=">=", value=2.5)),
        ("{enemies: 3.0}", Compare(input="enemies", op="==", value=3)),
        ("{region: crypt}", Compare(input="region", op="==", value="crypt")),
        ('{region: "!= crypt"}', Compare(input="region", op="!=", value="crypt")),
        ("{region: [crypt, town]}", OneOf(input="region", values=("crypt", "town"))),
        ("{cutscene: false}", Compare(input="cutscene", op="==", value=False)),
        ('{cutscene: "!= true"}', Compare(input="cutscene", op="!=", value=True)),
        ("{boss_dead: true}", Fired(trigger="boss_dead", frames=1)),
        ("{boss_dead: {for: 2s}}", Fired(trigger="boss_dead", frames=50)),
        ("{boss_dead: {for: 50ms}}", Fired(trigger="boss_dead", frames=2)),
        ("{state: {action: calm}}", InState(layer="action", state="calm")),
        (
            "{state: {action: [calm, combat]}}",
            Any(of=(InState(layer="action", state="calm"), InState(layer="action", state="combat"))),
        ),
        ("{state: {place: out}}", InGroup(layer="place", group="out")),
        (
            "{state: {place: [out, crypt]}}",
            Any(of=(InGroup(layer="place", group="out"), InState(layer="place", state="crypt"))),
        ),
        ("{not: {cutscene: true}}", Not(of=Compare(input="cutscene", op="==", value=True))),
        (
            '{threat: "> 0.5", region: town}',
            All(of=(Compare(input="threat", op=">", value=0.5), Compare(input="region", op="==", value="town"))),
        ),
        ("{any: [{region: town}]}", Any(of=(Compare(input="region", op="==", value="town"),))),
        ("{all: [{region: town}]}", All(of=(Compare(input="region", op="==", value="town"),))),
    ],
)
def test_conditions(text: str, expected: Condition) -> None:
    assert condition(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{state: menu}", Compare(input="state", op="==", value="menu")),
        ('{state: "!= menu"}', Compare(input="state", op="!=", value="menu")),
        ("{state: [menu, game]}", OneOf(input="state", values=("menu", "game"))),
        ("{state: {l: a}}", InState(layer="l", state="a")),
        (
            "{all: [{state: {l: a}}, {state: game}]}",
            All(of=(InState(layer="l", state="a"), Compare(input="state", op="==", value="game"))),
        ),
    ],
)
def test_an_input_may_be_called_state(text: str, expected: Condition) -> None:
    rules = load_text(
        "segue: 1\ninputs: {state: {type: choice, of: [menu, game, end]}}\nstyles: {a: {text: a}}\n"
        f"layers: {{l: {{states: {{a: {{default: true, mix: {{a: 1}}}}, b: {{when: {text}}}}}}}}}\n"
    )
    assert rules.layers[0].states[1].when == expected


def test_a_range_may_have_exponents() -> None:
    low, high = Compare(input="threat", op=">=", value=0.001), Compare(input="threat", op="<=", value=0.5)
    assert condition("{threat: 1e-3..5E-1}") == All(of=(low, high))


@pytest.mark.parametrize("text", ["{enemies: -1..3}", '{enemies: "-1 .. 3"}'])
def test_a_range_has_both_its_ends(text: str) -> None:
    low, high = Compare(input="enemies", op=">=", value=-1), Compare(input="enemies", op="<=", value=3)
    assert condition(text) == All(of=(low, high))


@pytest.mark.parametrize(
    ("curve", "silent"),
    [
        ("[[0, 0], [1, 3]]", False),
        ("[[0, 0], [0.6, 0], [1, 3]]", True),
        ("[[0.6, 0], [1, 3]]", True),
        ("[[0, 3], [0.4, 0]]", True),
        ("[[0, 3], [0.4, 1]]", False),
    ],
)
def test_the_first_mix_follows_the_default_of_a_bound_input(curve: str, silent: bool) -> None:
    text = (
        "segue: 1\ninputs: {threat: {type: number, range: [0, 1], default: 0.5}}\nstyles: {a: {text: a}}\nlayers:\n"
        f"  l: {{weight: {{from: threat, curve: {curve}}}, states: {{s: {{default: true, mix: {{a: 1}}}}}}}}\n"
    )
    if silent:
        with pytest.raises(RuleError, match="expected a style or a clip to begin with, got none"):
            load_text(text)
    else:
        assert isinstance(load_text(text).layers[0].weight, Binding)


def test_latches_are_numbered_in_the_order_of_the_file() -> None:
    rules = with_condition(
        '{any: [{threat: {enter: ">= 0.6", exit: "< 0.3"}}, {region: {enter: crypt, exit: town}}]}, '
        "unless: {cutscene: {enter: true, exit: false}}"
    )
    assert [latch.index for latch in rules.latches] == [0, 1, 2]
    assert [latch.enter.input for latch in rules.latches] == ["threat", "region", "cutscene"]
    when = rules.layers[0].states[1].when
    assert isinstance(when, Any)
    assert when.of[1] == Latch(
        index=1,
        enter=Compare(input="region", op="==", value="crypt"),
        exit=Compare(input="region", op="==", value="town"),
    )


@pytest.mark.parametrize(("enter", "leave"), [(">= 0.6", "< 0.6"), ("> 0.5", "<= 0.5"), ("== 1", "== 0")])
def test_enter_and_exit_may_touch(enter: str, leave: str) -> None:
    assert isinstance(condition(f'{{threat: {{enter: "{enter}", exit: "{leave}"}}}}'), Latch)


@pytest.mark.parametrize(
    ("source", "enter", "leave", "at"),
    [
        ("threat", ">= 0.6", "!= 0.7", "0.6"),
        ("threat", "> 0.5", "< 0.6", "0.55"),
        ("threat", ">= 0.6", "<= 0.6", "0.6"),
        ("enemies", "> 2", "< 4", "3"),
        ("region", "!= town", "!= crypt", "forest"),
        ("cutscene", "true", "!= false", "True"),
    ],
)
def test_enter_and_exit_may_not_overlap(source: str, enter: str, leave: str, at: str) -> None:
    enter = enter if source == "cutscene" else f'"{enter}"'
    with pytest.raises(RuleError, match=f"both hold at {at}$"):
        condition(f'{{{source}: {{enter: {enter}, exit: "{leave}"}}}}')


def test_neighbouring_integers_do_not_overlap() -> None:
    assert isinstance(condition('{enemies: {enter: "> 2", exit: "< 3"}}'), Latch)


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("", (None, None, None)),
        ("from: any, to: any", (None, None, None)),
        ("to: combat", ("action", None, "combat")),
        ("from: action.any", ("action", None, None)),
        ("to: place.any", ("place", None, None)),
        ("from: action.calm", ("action", "calm", None)),
        ("from: calm, to: combat", ("action", "calm", "combat")),
        # Both layers have a state calm.
        ("to: calm", (None, None, "calm")),
        ("from: calm", (None, "calm", None)),
        ("from: action.any, to: calm", ("action", None, "calm")),
        ("from: combat, to: action.boss", ("action", "combat", "boss")),
    ],
)
def test_transition_patterns(line: str, pattern: tuple[str | None, str | None, str | None]) -> None:
    (row,) = rows(line)
    assert (row.layer, row.from_state, row.to_state) == pattern
    assert (row.at, row.ramp_frames, row.curve, row.max_wait_frames) == (At(unit="beat"), 50, "smooth", None)


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("to: fight", ("action", None, "fight")),
        ("from: loud", ("action", "loud", None)),
        # Both layers have a state in it.
        ("to: inside", (None, None, "inside")),
        ("to: place.inside", ("place", None, "inside")),
        ("from: calm, to: inside", (None, "calm", "inside")),
        ("from: fight, to: fight", ("action", "fight", "fight")),
    ],
)
def test_rows_may_name_groups(line: str, pattern: tuple[str | None, str | None, str | None]) -> None:
    (row,) = load_text(f"{HEAD}{GROUPED}transitions:\n  - {{{line}}}\n").transitions
    assert (row.layer, row.from_state, row.to_state) == pattern


def test_a_change_may_wait_for_a_bar_of_the_form() -> None:
    found = [row.at for row in rows("to: combat, at: bar 5 of 8", "to: boss, at: bar 1 of 8", "to: calm, at: 8 bars")]
    assert found == [At(unit="bar", every=8, first=4), At(unit="bar", every=8), At(unit="bar", every=8)]
    assert str(found[0]) == "bar 5 of 8"


def test_fades_are_those_of_the_ramp_where_they_are_left_out() -> None:
    found = [row.fades for row in rows("to: combat, ramp: 1s", "to: boss, fade_in: 400ms", "to: calm, fade_out: 0s")]
    assert found == [None, (50, 10), (0, 50)]


def test_a_binding_without_a_curve_is_the_input_itself() -> None:
    rules = load_text(f"{HEAD}music: {{intensity: {{from: threat}}}}\n{LAYERS}")
    assert rules.music.intensity == Binding(input="threat", curve=((0.0, 0.0), (1.0, 1.0)))


def test_curves_have_the_units_of_what_they_bind() -> None:
    music = (
        "{tempo: {from: threat, curve: [[0, 90bpm], [1, 140bpm]]}, gain: {from: threat, curve: [[0, -20dB], [1, 0dB]]}}"
    )
    rules = load_text(f"{HEAD}music: {music}\n{LAYERS}")
    assert rules.music.tempo_bpm == Binding(input="threat", curve=((0.0, 90.0), (1.0, 140.0)))
    assert rules.music.gain_db == Binding(input="threat", curve=((0.0, -20.0), (1.0, 0.0)))


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ('{threat: ">= 0"}', "when, threat: always true: 'threat' is a number from 0 to 1"),
        ('{threat: "> 1"}', "when, threat: never true: 'threat' is a number from 0 to 1"),
        ("{threat: 0.5}", 'when, threat: true only at exactly 0.5, which a number rarely is; did you mean ">= 0.5"?'),
        ("{enemies: 2.5}", "when, enemies: never true: 'enemies' is an integer from -2 to 64"),
        ('{enemies: "> -3"}', "when, enemies: always true: 'enemies' is an integer from -2 to 64"),
        ("{region: [forest, crypt, town]}", "when, region: always true: 'region' is one of forest, crypt or town"),
        ("{threat: 0..1}", "when, threat: always true: 'threat' is a number from 0 to 1"),
        ("{enemies: 2.2..2.8}", "when, enemies: never true: 'enemies' is an integer from -2 to 64"),
        (
            '{threat: {enter: "> 1", exit: "< 0.3"}}',
            "when, threat, enter: never true: 'threat' is a number from 0 to 1",
        ),
    ],
)
def test_doubtful_comparisons_give_warnings(text: str, warning: str) -> None:
    (found,) = with_condition(text).warnings
    assert (found.mark.file, found.mark.line) == ("<text>", 13)
    assert f"{found.where}: {found.text}" == f'layer "action", state "combat", {warning}'


@pytest.mark.parametrize(
    "text",
    [
        "{threat: 0}",
        "{threat: 0..0.5}",
        '{enemies: "1..3"}',
        '{threat: "!= 0.5"}',
        '{enemies: ">= 64"}',
        '{region: "!= town"}',
    ],
)
def test_comparisons_that_can_be_true_or_false_give_none(text: str) -> None:
    assert with_condition(text).warnings == ()


def test_curve_points_beyond_the_input_give_warnings() -> None:
    rules = load_text(f"{HEAD}music: {{intensity: {{from: threat, curve: [[0, 0], [50, 0.5], [100, 1]]}}}}\n{LAYERS}")
    assert list(map(str, rules.warnings)) == [
        "<text>:9:42: music, intensity, curve: points at 50 and 100 lie beyond the range of 'threat', 0 to 1",
    ]


@pytest.mark.parametrize(
    ("state", "warned"),
    [
        ("{mix: {woodland: 1}, playlist: {pieces: {one: {mix: {battle: 1}, for: 1 bar}}}}", True),
        ("{mix: {woodland: 1}, playlist: {pieces: {one: {mix: {battle: 1}, for: 1 bar}, two: {for: 1 bar}}}}", False),
        ("{mix: {woodland: 1}, playlist: {pieces: {one: {mix: {battle: 1}, for: 1 bar}}, between: {for: 1s}}}", False),
        ("{playlist: {pieces: {one: {mix: {battle: 1}, for: 1 bar}}}}", False),
        # The playlist comes from the state that is extended.
        ("{extends: pool, mix: {woodland: 1}}", True),
    ],
)
def test_a_mix_that_no_piece_plays_gives_a_warning(state: str, warned: bool) -> None:
    pool = "pool: {mix: {woodland: 1}, playlist: {pieces: {one: {mix: {battle: 1}, for: 1 bar}}}}"
    states = (
        f"calm: {{default: true, mix: {{woodland: 1}}}}, {pool.replace('mix: {woodland: 1}, ', '', 1)}, here: {state}"
    )
    text = f"{HEAD}layers: {{place: {{states: {{{states}}}}}}}\n"
    assert [found.where for found in load_text(text).warnings] == ['layer "place", state "here", mix'] * warned
