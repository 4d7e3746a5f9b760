"""Templates are written out as if their copies had been written by hand, and states take over what they extend."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue_rules.errors import RuleError
from segue_rules.loading import load, load_text
from segue_rules.model import LayerState, Rules

HEAD = """\
segue: 1
inputs:
  region: {type: choice, of: [forest, crypt]}
  enemies: {type: integer, range: [0, 9]}
styles:
  woods: {text: "calm woodland"}
  fight: {text: "battle drums"}
"""
CALM = "      calm: {default: true, mix: {woods: 1}}\n"


def with_states(states: str, more: str = "") -> Rules:
    return load_text(f"{HEAD}layers:\n  place:\n    states:\n{CALM}{states}{more}")


def state(rules: Rules, name: str) -> LayerState:
    return next(state for state in rules.layers[0].states if state.name == name)


def test_a_template_is_what_its_copies_would_be_by_hand() -> None:
    template = """\
      <region>_<mood>:
        for_each:
          region: {forest: {tempo: 90bpm, mix: {woods: 2}}, crypt: {tempo: 60bpm, mix: {woods: 1, fight: 3}}}
          mood: [calm, battle]
        when: {region: <region>, enemies: ">= 1"}
        priority: 3
        mix: <region.mix>
        music: {tempo: <region.tempo>}
transitions:
  - {for_each: {region: [forest, crypt]}, from: <region>_calm, to: <region>_battle, at: bar}
"""
    copies = "".join(
        f'      {region}_{mood}: {{when: {{region: {region}, enemies: ">= 1"}}, priority: 3, mix: {mix}, '
        f"music: {{tempo: {tempo}}}}}\n"
        for region, tempo, mix in (("forest", "90bpm", "{woods: 2}"), ("crypt", "60bpm", "{woods: 1, fight: 3}"))
        for mood in ("calm", "battle")
    )
    rows = "".join(f"  - {{from: {region}_calm, to: {region}_battle, at: bar}}\n" for region in ("forest", "crypt"))
    assert with_states(template) == with_states(copies, f"transitions:\n{rows}")


def test_every_named_thing_may_be_a_template() -> None:
    rules = load_text("""\
segue: 1
inputs:
  <boss>_health: {for_each: {boss: [wolf, troll]}, type: number, range: [0, 100]}
  <boss>_dead: {for_each: {boss: [wolf, troll]}, type: trigger}
styles:
  <boss>: {for_each: {boss: {wolf: {text: "fast drums"}, troll: {text: "slow brass"}}}, text: <boss.text>}
themes:
  <boss>: {for_each: {boss: {wolf: {notes: "E4 F4"}, troll: {notes: "C2 D2"}}}, notes: <boss.notes>}
layers:
  <boss>:
    for_each: {boss: [wolf, troll]}
    theme: <boss>
    states:
      away: {default: true, mix: {<boss>: 1}}
      <phase>:
        for_each: {phase: {first: {limit: 100}, last: {limit: 30}}}
        when: {<boss>_health: "< <phase.limit>"}
        mix: {<boss>: 2}
stingers:
  <boss>_end: {for_each: {boss: [wolf, troll]}, trigger: <boss>_dead, mix: {<boss>: 1}, time: 2s}
""")
    assert [each.name for each in rules.inputs] == ["wolf_health", "troll_health", "wolf_dead", "troll_dead"]
    assert [each.prompts[0].text for each in rules.styles] == ["fast drums", "slow brass"]
    assert [(layer.name, [each.name for each in layer.states]) for layer in rules.layers] == [
        ("wolf", ["away", "first", "last"]),
        ("troll", ["away", "first", "last"]),
    ]
    assert [each.name for each in rules.themes] == ["wolf", "troll"]
    assert [each.name for each in rules.stingers] == ["wolf_end", "troll_end"]


def test_text_outside_templates_stays_as_it_is() -> None:
    layers = "layers: {l: {states: {a: {default: true, mix: {odd: 1}}}}}\n"
    rules = load_text(f'{HEAD}  odd: {{text: "calm <region> music"}}\n{layers}')
    assert rules.styles[-1].prompts[0].text == "calm <region> music"


def test_a_number_in_a_longer_text_is_read_as_a_number() -> None:
    rules = with_states("      s<n>: {for_each: {n: [1, 2]}, when: {enemies: <n>}, priority: <n>0, mix: {fight: 1}}\n")
    assert [state(rules, name).priority for name in ("s1", "s2")] == [10, 20]


def test_a_state_takes_over_what_it_does_not_say() -> None:
    rules = with_states(
        """\
      fight:
        when: {enemies: ">= 1"}
        priority: 5
        hold: 2s
        mix: {fight: 1}
        music: {tempo: 120bpm, key: D minor}
        mute: []
      brawl: {extends: feud, priority: 7, music: {tempo: 150bpm}}
      feud: {extends: fight, mix: {woods: 1}}
""".replace("        mute: []\n", "")
    )
    brawl = state(rules, "brawl")
    assert (brawl.when, brawl.priority, brawl.hold_frames) == (state(rules, "fight").when, 7, 50)
    assert brawl.mix == {"woods": 1.0}
    assert (brawl.music.tempo_bpm, str(brawl.music.key)) == (150.0, "D minor")


def test_a_default_state_takes_over_no_condition() -> None:
    rules = load_text(
        f"{HEAD}layers:\n  place:\n    states:\n      rest: {{extends: fight, default: true}}\n"
        '      fight: {when: {enemies: ">= 1"}, priority: 4, hold: 2s, mix: {fight: 1}}\n'
        "      again: {extends: rest, when: {enemies: 2}}\n"
    )
    rest = state(rules, "rest")
    assert (rest.default, rest.when, rest.priority, rest.hold_frames, rest.mix) == (True, None, 0, 0, {"fight": 1.0})
    assert not state(rules, "again").default


def test_solo_replaces_a_mute_that_is_extended() -> None:
    rules = with_states(
        "      first: {when: {enemies: 1}, mute: other}\n      second: {extends: first, solo: true}\n",
        f"  other:\n    states:\n{CALM}",
    )
    assert (state(rules, "second").mute, state(rules, "second").solo) == ((), True)


def test_a_state_may_extend_one_of_another_layer_and_file(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text(
        "segue: 1\nlayers: {more: {states: {brawl: {extends: place.fight, when: {enemies: 3}}}}}\n"
    )
    main = tmp_path / "main.yaml"
    main.write_text(
        f"{HEAD}include: [more.yaml]\nlayers:\n  place:\n    states:\n{CALM}"
        "      fight: {when: {enemies: 2}, mix: {fight: 2}}\n"
        f"  more:\n    states:\n{CALM}"
    )
    assert load(main).layers[1].states[1].mix == {"fight": 2.0}


def test_an_alias_cannot_make_a_template_costly() -> None:
    names = ", ".join(f"n{each}" for each in range(32))
    parts = ", ".join(["<a.big>"] * 100)
    big = ", ".join(["1"] * 400)
    elements = ", ".join(f"{each}: {{big: *big}}" for each in ("x", "y"))
    lists = f"{{a: {{{elements}}}, b: [{names}]}}"
    template = f"      <a>_<b>: {{for_each: {lists}, when: [{parts}]}}\n"
    with pytest.raises(RuleError, match="at most 50000 values in a file, got more with its templates written out"):
        load_text(f"{HEAD}extra: &big [{big}]\nlayers:\n  l:\n    states:\n{CALM}{template}")


def test_states_may_extend_each_other_through_many_layers() -> None:
    """1 500 states, each of which extends the next: more than Python's calls may be deep."""
    layers = ""
    for layer in range(3):
        layers += f"  l{layer}:\n    states:\n{CALM}"
        layers += "".join(f"      s{n}: {{extends: s{n + 1}}}\n" for n in range(499))
        layers += f"      s499: {{{f'extends: l{layer + 1}.s0' if layer < 2 else 'mix: {fight: 2}'}}}\n"
    rules = load_text(f"{HEAD}layers:\n{layers}")
    assert state(rules, "s0").mix == {"fight": 2}
