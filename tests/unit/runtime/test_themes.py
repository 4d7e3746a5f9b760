"""Themes of rules on their way to the generator: in the bank, through reloads, and as indices."""

from __future__ import annotations

import dataclasses

from contract.generators import CaptionEncoder
from segue.contract import MODES, StyleBanks
from segue.runtime.planner import PlannedFrame, RulesVersion, generator_input
from segue.runtime.styles import read_styles
from segue.style.situations import CAPTIONS
from segue_rules.director import Director
from segue_rules.loading import load_text
from segue_rules.model import Rules

TEXT = f"""\
segue: 1
styles: {{calm: {{text: "{CAPTIONS["calm"][0]}"}}}}
themes:
  hero: {{notes: "C4 D4 E4"}}
  villain: {{notes: "E4:0.5 r D4", key: D dorian}}
layers:
  action: {{states: {{calm: {{default: true, mix: {{calm: 1}}, theme: {{villain: 0.5}}}}}}}}
"""


def version(text: str) -> RulesVersion:
    read = read_styles(load_text(text), [CaptionEncoder()])
    return RulesVersion(rules=read.rules, styles=read.styles)


def frame(number: int, made: RulesVersion) -> PlannedFrame:
    director = Director(made.rules)
    state = director.start()
    for at in range(number + 1):
        state, plan = director.step(state, at)
    return PlannedFrame(plan, made)


def banks_of(rules: Rules) -> StyleBanks:
    return read_styles(rules, [CaptionEncoder()]).styles


def test_a_bank_has_the_themes_of_its_rules() -> None:
    hero, villain = banks_of(load_text(TEXT)).of("").themes
    assert [note.pitch for note in hero.notes] == [60, 62, 64]
    assert (hero.name, hero.tonic) == ("hero", -1)
    assert [(note.start, note.beats) for note in villain.notes] == [(0.0, 0.5), (1.5, 1.0)]
    assert (villain.tonic, MODES[villain.mode]) == (2, "dorian")


def test_conditioning_counts_the_theme_and_says_its_strength() -> None:
    bank, asked = generator_input([frame(0, version(TEXT))], "")
    assert [bank.themes[index].name for index in asked.theme] == ["villain"]
    assert asked.theme_strength.tolist() == [0.5]


def test_conditioning_counts_the_theme_after_a_change() -> None:
    at_present = frame(0, version(TEXT))
    named, faint = (at_present.plan.theme._replace(name="hero", strength=strength) for strength in (1.0, 0.0))
    frames = [
        at_present,
        *(at_present._replace(plan=at_present.plan._replace(next_theme=one)) for one in (named, faint)),
    ]
    _, asked = generator_input(frames, "")
    assert asked.theme.tolist() == [1, 1, 1]
    assert asked.next_theme.tolist() == [1, 0, -1]


def test_frames_of_two_rules_versions_count_the_themes_of_both() -> None:
    edited = version(TEXT.replace("E4:0.5 r D4", "A4 B4").replace("  hero", "  other: {notes: C4}\n  hero"))
    bank, asked = generator_input([frame(0, version(TEXT)), frame(1, edited)], "")
    assert [theme.name for theme in bank.themes] == ["hero", "villain", "other", "hero", "villain"]
    assert asked.theme.tolist() == [1, 4]
    assert [note.pitch for note in bank.themes[4].notes] == [69, 71]


def test_rules_without_a_theme_count_none() -> None:
    plain = version(TEXT.replace(", theme: {villain: 0.5}", ""))
    _, asked = generator_input([frame(0, plain)], "")
    assert (asked.theme.tolist(), asked.theme_strength.tolist()) == ([-1], [0.0])


def test_an_edited_tune_makes_another_bank() -> None:
    rules = load_text(TEXT)
    assert banks_of(rules).same_as(banks_of(load_text(TEXT)))
    assert not banks_of(rules).same_as(banks_of(dataclasses.replace(rules, themes=rules.themes[::-1])))
