"""What a bake finds in a rule file: its decisions as data, its scenes and loops, and what it refuses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from segue.bake.machine import machine
from segue.bake.scenes import KEEP, SILENCE, BakeError, Scenes, find_scenes
from segue_rules.errors import RuleError
from segue_rules.loading import load
from segue_rules.model import At, AudioStinger, Rules, Transition

BODY = """\
segue: 1
music: {tempo: 120bpm}
inputs:
  loud: {type: flag}
  level: {type: number, range: [0, 10], default: 0}
  count: {type: integer, range: [0, 9], default: 0}
  hit: {type: trigger}
styles:
  soft: {text: "calm piano"}
  hard: {text: "battle drums"}
layers:
"""


def rules_of(tmp_path: Path, layers: str, *, more: str = "") -> Rules:
    path = tmp_path / "music.yaml"
    path.write_text(BODY + layers + more)
    return load(path)


def scenes_of(
    tmp_path: Path,
    layers: str,
    *,
    baked: Sequence[str] | None = None,
    inputs: Mapping[str, Sequence[float]] | None = None,
) -> Scenes:
    return find_scenes(rules_of(tmp_path, layers), layers=baked, inputs=inputs)


TWO_LAYERS = """\
  place:
    states:
      outside: {default: true, mix: {soft: 1}}
      inside: {when: {loud: true}, mix: {hard: 1}}
  mood:
    weight: {from: level, curve: [[2, 0], [8, 1]]}
    states:
      calm: {default: true}
      tense: {when: {count: ">= 3"}, mix: {hard: 1}}
"""


def test_scenes_that_sound_alike_share_a_loop(tmp_path: Path) -> None:
    scenes = scenes_of(tmp_path, TWO_LAYERS)
    assert scenes.layers == ("place", "mood")
    assert [(each.name, each.points) for each in scenes.sampled] == [("level", (2.0, 8.0))]
    # place, then mood, then level: only a tense mood that is heard changes anything, and inside its style is the same.
    assert scenes.loops == (0, 0, 0, 1, 2, 2, 2, 2)
    assert [sound.label for sound in scenes.sounds] == ["outside", "tense", "inside"]
    assert [tuple(sound.plan.mix) for sound in scenes.sounds] == [(1.0, 0.0), (0.5, 0.5), (0.0, 1.0)]


def test_layers_and_inputs_can_be_held(tmp_path: Path) -> None:
    scenes = scenes_of(tmp_path, TWO_LAYERS, baked=["mood"], inputs={"level": [5]})
    assert scenes.layers == ("mood",)
    assert [tuple(sound.plan.mix) for sound in scenes.sounds] == [(1.0, 0.0), pytest.approx((2 / 3, 1 / 3))]


def test_silent_scenes_have_no_loop_and_empty_ones_keep_what_plays(tmp_path: Path) -> None:
    layers = """\
  action:
    states:
      calm: {default: true, mix: {soft: 1}}
      mute: {when: {loud: true}, mix: {soft: 1}, music: {gain: -96dB}}
      none: {when: {count: 5}}
"""
    assert scenes_of(tmp_path, layers).loops == (0, SILENCE, KEEP)


def test_rules_that_are_silent_have_nothing_to_bake(tmp_path: Path) -> None:
    layers = "  action:\n    states:\n      calm: {default: true, mix: {soft: 1}, music: {gain: -96dB}}\n"
    with pytest.raises(BakeError, match=r"^no state is heard: there is nothing to bake$"):
        scenes_of(tmp_path, layers)


@pytest.mark.parametrize(
    ("baked", "inputs", "problem"),
    [
        (["plase"], {}, "--layers: no layer 'plase'; did you mean 'place'?"),
        (None, {"levle": [1]}, "--input: no input 'levle'; did you mean 'level'?"),
        (None, {"count": [1]}, "--input: no weight and no control of the baked layers follows count; leave it out"),
        (None, {"level": [11]}, "--input: level is from 0 to 10, got 11"),
    ],
)
def test_what_is_not_there_is_refused(
    tmp_path: Path, baked: list[str] | None, inputs: dict[str, list[float]], problem: str
) -> None:
    with pytest.raises(BakeError) as caught:
        scenes_of(tmp_path, TWO_LAYERS, baked=baked, inputs=inputs)
    assert str(caught.value) == problem


def test_too_many_scenes_are_refused_with_what_makes_them(tmp_path: Path) -> None:
    states = "".join(f"      s{i}: {{when: {{count: {i}}}, mix: {{hard: 1}}}}\n" for i in range(9))
    layer = "    states:\n      calm: {default: true, mix: {soft: 1}}\n" + states
    layers = "".join(f"  layer{i}:\n{layer}" for i in range(4))
    with pytest.raises(BakeError) as caught:
        scenes_of(tmp_path, layers)
    assert str(caught.value) == (
        "10 states of layer0, 10 states of layer1, 10 states of layer2, 10 states of layer3 make 10000 scenes, "
        "expected at most 4096; bake fewer with --layers NAME,… or hold inputs with --input NAME=VALUE"
    )


def test_decisions_that_are_drawn_are_refused_with_their_places(tmp_path: Path) -> None:
    layers = """\
  action:
    states:
      calm: {default: true, mix: {soft: 1}}
      fight: {when: {loud: true}, mix: {hard: 1}}
"""
    rows = "transitions:\n  - {from: any, to: fight, at: bar, chance: 0.5}\n"
    text = (BODY + layers + rows).replace("hit: {type: trigger}", "hit: {type: trigger, every: 1s..3s}")
    path = tmp_path / "music.yaml"
    path.write_text(text)
    with pytest.raises(RuleError) as caught:
        machine(load(path))
    assert [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems] == [
        "7:3: input \"hit\": its 'every' is a range, which is drawn by chance, and a bake draws nothing; "
        "write one time",
        "17:5: transitions: the row from action.any to action.fight has a chance, and a bake draws nothing; "
        "remove 'chance', or the row",
    ]


def test_what_is_not_heard_of_a_bake_is_listed(tmp_path: Path) -> None:
    layers = """\
  action:
    states:
      calm:
        default: true
        playlist: {order: random, pieces: {one: {mix: {soft: 1}, for: 8s}, two: {mix: {hard: 1}, for: 8s}}}
      fight: {when: {loud: true}, mix: {hard: 1}}
"""
    more = """\
transitions:
  - {from: calm, to: fight, at: bar, bridge: {bars: 1, mix: {soft: 1}}}
stingers:
  shine: {trigger: hit, mix: {hard: 1}, time: 2s}
"""
    found = machine(rules_of(tmp_path, layers, more=more))
    assert [f"{each.where}: {each.text}" for each in found.left_out] == [
        'layer "action", state "calm": of its playlist of 2 pieces only the first is baked, \'calm/one\'',
        "transitions: the bridge of the row from action.calm to action.fight is left out; the change goes without it",
        'stinger "shine": it is a burst of style, which a bake leaves out; a sound file (audio:) is baked',
    ]
    assert [state["name"] for state in found.data["layers"][0]["states"]] == ["calm", "fight"]


def test_conditions_and_times_are_written_as_data(tmp_path: Path) -> None:
    layers = """\
  action:
    states:
      calm: {default: true, mix: {soft: 1}}
      fight:
        when: {all: [{level: {enter: ">= 6", exit: "< 3"}}, {not: {state: {action: calm}}}, {hit: {for: 1s}}]}
        hold: 2 bars
        attack: 100ms
        mix: {hard: 1}
"""
    data = machine(rules_of(tmp_path, layers)).data
    fight = data["layers"][0]["states"][1]
    assert data["latches"] == [[["compare", 1, ">=", 6.0], ["compare", 1, "<", 3.0]]]
    assert fight["when"] == ["all", ["latch", 0], ["not", ["in", 0, [0]]], ["fired", 3, 25]]
    assert (fight["hold"], fight["attack"]) == ({"count": [2, 1], "unit": "bar"}, 3)
    # A state does not lead to itself; the built-in row is the last.
    assert data["layers"][0]["rows"] == [[-1, 0], [0, -1]]
    assert data["rows"][0]["at"] == {"unit": "beat", "every": 1, "first": 0}


def test_rules_that_wait_for_the_cue_of_a_clip_are_refused(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, "  action:\n    states:\n      calm: {default: true, mix: {soft: 1}}\n")
    mark = rules.layers[0].mark
    rows = (Transition(to_state="calm", at=At(unit="cue"), mark=mark),)
    stingers = (AudioStinger(name="gong", trigger="hit", audio=Path("gong.wav"), at=At(unit="cue"), mark=mark),)
    with pytest.raises(RuleError) as caught:
        machine(replace(rules, transitions=rows, stingers=stingers))
    waits = "waits for the cue of a clip, and a bake plays none; write a beat or a bar"
    assert [f"{each.where}: {each.text}" for each in caught.value.problems] == [
        f'stinger "gong": it {waits}',
        f"transitions: the row from any to calm {waits}",
    ]
