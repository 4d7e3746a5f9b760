"""Themes: which one a frame has (SEMANTICS 17)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from segue_rules.model import Burst, Rules, Theme, ThemeNote, ThemeUse, Transition
from segue_rules.plan import FramePlan
from unit.rules.playing import BAR, ON_BAR, Player, both, calm, fight, is_on, layer, soundtrack

HERO, VILLAIN = ThemeUse(name="hero", strength=0.75), ThemeUse(name="villain", strength=0.5)
NOTE = ThemeNote(start=Fraction(0), beats=Fraction(1), pitch=60, velocity=96)


def themed(rules: Rules) -> Rules:
    return replace(rules, themes=tuple(Theme(name=name, notes=(NOTE,)) for name in ("hero", "villain")))


def runs(plans: list[FramePlan]) -> list[tuple[int, str, float]]:
    """Return each run of one theme as (first frame, name, strength)."""
    found: list[tuple[int, str, float]] = []
    for plan in plans:
        if not found or found[-1][1:] != plan.theme:
            found.append((plan.frame, *plan.theme))
    return found


@both
def test_a_state_names_the_theme_and_its_layer_that_of_the_others(play: Player) -> None:
    rules = themed(soundtrack(layer(calm(), fight(theme=VILLAIN), theme=HERO)))
    plans = play(rules, {10: {"go": True}, 20: {"go": False}}, 30)
    assert runs(plans) == [(0, "hero", 0.75), (10, "villain", 0.5), (20, "hero", 0.75)]


@both
def test_the_last_layer_that_has_a_theme_and_a_weight_decides(play: Player) -> None:
    danger = layer(calm(), fight(when=is_on("go"), theme=VILLAIN), name="danger")
    rules = themed(soundtrack(layer(calm(theme=HERO), name="place"), danger, layer(calm(), name="weather")))
    assert runs(play(rules, {10: {"go": True}}, 20)) == [(0, "hero", 0.75), (10, "villain", 0.5)]
    silent = themed(soundtrack(layer(calm(theme=HERO), name="place"), replace(danger, weight=0.0)))
    assert runs(play(silent, {10: {"go": True}}, 20)) == [(0, "hero", 0.75)]


@both
def test_a_burst_has_its_theme_while_it_lasts(play: Player) -> None:
    burst = Burst(name="won", trigger="hit", mix={"brass": 1.0}, time_frames=8, ramp_frames=2, theme=VILLAIN)
    rules = themed(soundtrack(layer(calm(theme=HERO)), stingers=[burst]))
    assert runs(play(rules, {5: "hit"}, BAR)) == [(0, "hero", 0.75), (5, "villain", 0.5), (13, "hero", 0.75)]


@both
def test_the_next_theme_is_announced_with_the_change(play: Player) -> None:
    """The change waits for the bar line in frame BAR; without one that is known, the next theme is the present one."""
    waits = Transition(at=ON_BAR, ramp_frames=50)
    rules = themed(soundtrack(layer(calm(theme=HERO), fight(theme=VILLAIN)), transitions=[waits]))
    plans = play(rules, {5: {"go": True}}, BAR + 5)
    assert {plan.next_theme for plan in plans[:5]} == {("hero", 0.75)}
    assert {plan.next_theme for plan in plans[5:]} == {("villain", 0.5)}
    assert {plan.theme for plan in plans[:BAR]} == {("hero", 0.75)}
    assert {plan.theme for plan in plans[BAR:]} == {("villain", 0.5)}


@both
def test_without_a_named_theme_there_is_none(play: Player) -> None:
    assert runs(play(soundtrack(layer(calm(), fight())), {3: {"go": True}}, 10)) == [(0, "", 0.0)]
