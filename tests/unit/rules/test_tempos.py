"""`auto`: tempo and meter from the styles of a state, unless rules say them."""

from __future__ import annotations

import pytest

from segue_rules import load_text
from segue_rules.director import Director, pack, unpack
from segue_rules.events import Event
from segue_rules.model import Rules
from segue_rules.tempos import StyleTempo, of_mix, uses_auto, with_tempos

TEMPOS = {"waltz": StyleTempo(150.0, 3), "jungle": StyleTempo(172.0, 4), "dub": StyleTempo(70.0, 4)}
STYLES = 'styles: {waltz: {text: "waltz"}, jungle: {text: "jungle"}, dub: {text: "dub"}}\n'


def rules(music: str, place: str = "", action: str = "") -> Rules:
    """Rules of two layers: a place that plays a waltz, and an action that plays jungle while `on` holds."""
    text = (
        f"segue: 1\n{music}{STYLES}inputs: {{on: {{type: flag, default: true}}}}\nlayers:\n"
        f"  place: {{states: {{hall: {{default: true, mix: {{waltz: 1}}{place}}}}}}}\n"
        f"  action: {{states: {{off: {{default: true}}, on: {{when: {{on: true}}, mix: {{jungle: 1}}{action}}}}}}}\n"
    )
    return with_tempos(load_text(text), TEMPOS)


@pytest.mark.parametrize(
    ("music", "place", "action", "tempo", "meter", "source"),
    [
        ("", "", "", 172.0, 4, "action"),
        ("music: {tempo: 96bpm}\n", "", "", 96.0, 4, "music"),
        ("music: {meter: 5}\n", "", "", 172.0, 5, "action"),
        ("", ", music: {tempo: 90bpm, meter: 3}", "", 90.0, 3, "place"),
        ("music: {tempo: 96bpm}\n", "", ", music: {tempo: auto}", 172.0, 4, "action"),
        ("music: {tempo: auto}\n", "", ", music: {tempo: 120bpm, meter: 6}", 120.0, 6, "action"),
        ("music: {tempo: 96bpm}\n", ", music: {tempo: auto}", "", 150.0, 4, "place"),
    ],
)
def test_what_is_written_outranks_the_styles(
    music: str, place: str, action: str, tempo: float, meter: int, source: str
) -> None:
    soundtrack = rules(music, place, action)
    director = Director(soundtrack)
    _, plan = director.step(director.start(), 0)
    assert plan.controls.tempo_mbpm == round(tempo * 1000)
    assert plan.controls.meter == meter
    assert plan.controls.sources[0] == source


def test_where_no_style_sounds_auto_is_100_bpm_in_four() -> None:
    layer = "{weight: {from: level, ramp: 0ms}, states: {hall: {default: true, mix: {waltz: 1}}}}"
    inputs = "inputs: {level: {type: number, range: [0, 1], default: 1}}\n"
    director = Director(with_tempos(load_text(f"segue: 1\n{STYLES}{inputs}layers: {{place: {layer}}}\n"), TEMPOS))
    state, first = director.step(director.start(), 0)
    assert (first.controls.tempo_mbpm, first.controls.meter, first.controls.sources[0]) == (150_000, 3, "place")
    for frame in range(1, 200):
        events = (Event(sequence=1, set={"level": 0}),) if frame == 1 else ()
        state, last = director.step(state, frame, events)
    assert (last.controls.tempo_mbpm, last.controls.meter, last.controls.sources[0]) == (100_000, 4, "music")


@pytest.mark.parametrize(
    ("level", "tempo", "source"), [(0.5, 172.0, "action"), (1, 150.0, "place"), (2, 150.0, "place")]
)
def test_the_heaviest_layer_gives_the_tempo(level: float, tempo: float, source: str) -> None:
    place = "{weight: {from: level}, states: {hall: {default: true, mix: {waltz: 1}}}}"
    action = "{states: {rush: {default: true, mix: {jungle: 1}}}}"
    inputs = f"inputs: {{level: {{type: number, range: [0, 2], default: {level}}}}}\n"
    text = f"segue: 1\n{STYLES}{inputs}layers: {{action: {action}, place: {place}}}\n"
    director = Director(with_tempos(load_text(text), TEMPOS))
    _, plan = director.step(director.start(), 0)
    assert (plan.controls.tempo_mbpm, plan.controls.sources[0]) == (round(tempo * 1000), source)


def test_a_style_in_groups_gives_its_groups() -> None:
    soundtrack = with_tempos(rules(""), {"jungle": StyleTempo(172.0, (2, 2, 3))})
    _, plan = Director(soundtrack).step(Director(soundtrack).start(), 0)
    assert (plan.controls.meter, plan.controls.groups) == (7, (2, 2, 3))
    assert (plan.clock.meter, plan.clock.groups) == (7, (2, 2, 3))
    written = with_tempos(rules("music: {meter: 7}\n"), {"jungle": StyleTempo(172.0, (2, 2, 3))})
    _, plan = Director(written).step(Director(written).start(), 0)
    assert (plan.controls.meter, plan.controls.groups) == (7, ())


def test_a_state_in_a_style_of_groups_packs_and_goes_on() -> None:
    soundtrack = with_tempos(rules(""), {"jungle": StyleTempo(172.0, (3, 3))})
    director = Director(soundtrack)
    state, _ = director.step(director.start(), 0)
    restored = unpack(pack(state, soundtrack), soundtrack)
    assert director.step(restored, 1)[1] == director.step(state, 1)[1]


def test_a_mix_has_the_mean_tempo_in_the_octave_of_its_heaviest_style() -> None:
    styles = {style.name: style for style in rules("").styles}
    assert of_mix({"jungle": 1.0}, styles) == StyleTempo(172.0, 4)
    assert of_mix({"waltz": 1.0, "jungle": 1.0}, styles) == StyleTempo(pytest.approx((150 * 172) ** 0.5, abs=1e-3), 3)
    # 70 bpm is nearest to 172 as 140.
    assert of_mix({"dub": 1.0, "jungle": 3.0}, styles) == StyleTempo(
        pytest.approx(172 * (140 / 172) ** 0.25, abs=1e-3), 4
    )


def test_styles_are_asked_only_where_something_is_left_open() -> None:
    assert uses_auto(rules(""))
    assert uses_auto(rules("music: {tempo: 96bpm}\n"))
    assert not uses_auto(rules("music: {tempo: 96bpm, meter: 4}\n"))
    assert uses_auto(rules("music: {tempo: 96bpm, meter: 4}\n", action=", music: {meter: auto}"))


def test_the_tempo_of_styles_is_held_to_what_a_tempo_may_be() -> None:
    soundtrack = with_tempos(rules(""), {"jungle": StyleTempo(900.0, 40)})
    director = Director(soundtrack)
    _, plan = director.step(director.start(), 0)
    assert (plan.controls.tempo_mbpm, plan.controls.meter) == (300_000, 16)
