"""Bridges: what plays between two states, how long, and what breaks it off (SEMANTICS 20)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any as AnyValue

import pytest

from segue_rules.bridges import with_bridges
from segue_rules.director import Director, DirectorState, carry, pack, unpack
from segue_rules.errors import RuleError
from segue_rules.events import Event
from segue_rules.loading import load_text
from segue_rules.model import (
    At,
    Bridge,
    InState,
    LayerState,
    Music,
    MusicalTime,
    Piece,
    Rules,
    Theme,
    ThemeNote,
    ThemeUse,
    Transition,
)
from unit.rules.playing import (
    IMMEDIATE,
    ON_BAR,
    Player,
    both,
    calm,
    changes,
    fight,
    is_on,
    layer,
    play_director,
    soundtrack,
    states,
)

BRASS = Bridge(bars=2, mix={"brass": 1.0})
INTO_FIGHT = Transition(to_state="fight", at=ON_BAR, ramp_frames=10, curve="linear", bridge=BRASS)
AT_ONCE = Transition(at=IMMEDIATE, ramp_frames=0)
BOSS = LayerState(name="boss", when=is_on("go2"), priority=5, mix={"harp": 0.5, "drums": 0.5})


def bridged(*given: LayerState, rows: tuple[Transition, ...] = (INTO_FIGHT, AT_ONCE), **fields: AnyValue) -> Rules:
    written = layer(*(given or (calm(), fight())))
    return soundtrack(with_bridges(written, rows), transitions=rows, **fields)


@both
def test_a_bridge_plays_for_whole_bars_and_then_the_state(play: Player) -> None:
    plans = play(bridged(), {5: {"go": True}}, 140)
    assert states(plans) == [(0, "calm"), (40, "fight/from_any"), (120, "fight")]
    # Both ramps are the row's. The first bar line is that of the start.
    assert [plans[f].mix for f in (40, 45, 50, 120)] == [(1, 0, 0), (0.5, 0, 0.5), (0, 0, 1), (0, 0, 1)]
    assert [plans[f].mix for f in (125, 130)] == [(0, 0.5, 0.5), (0, 1, 0)]
    assert changes(plans) == [
        (5, "scheduled", "fight/from_any", 40),
        (40, "started", "fight/from_any", 40),
        (41, "scheduled", "fight", 120),
        (120, "started", "fight", 120),
    ]


@both
def test_a_bridge_that_begins_within_a_bar_counts_from_the_next_bar_line(play: Player) -> None:
    at_once = replace(INTO_FIGHT, at=IMMEDIATE)
    plans = play(bridged(rows=(at_once, AT_ONCE)), {15: {"go": True}}, 140)
    assert states(plans) == [(0, "calm"), (15, "fight/from_any"), (120, "fight")]


@both
def test_a_bridge_ends_on_its_bar_line_whatever_the_row_waits_for(play: Player) -> None:
    waits = replace(INTO_FIGHT, at=At(unit="bar", every=4), max_wait_frames=10, bridge=replace(BRASS, bars=1))
    plans = play(bridged(rows=(waits, AT_ONCE)), {75: {"go": True}}, 200)
    # max_wait shortens the wait before the bridge and not the bridge.
    assert states(plans) == [(0, "calm"), (85, "fight/from_any"), (160, "fight")]


@both
def test_the_ramp_of_a_bridge_may_be_longer_than_the_bridge(play: Player) -> None:
    slow = replace(INTO_FIGHT, ramp_frames=80, bridge=replace(BRASS, bars=1))
    plans = play(bridged(rows=(slow, AT_ONCE)), {5: {"go": True}}, 170)
    assert states(plans) == [(0, "calm"), (40, "fight/from_any"), (80, "fight")]
    assert [plans[f].mix for f in (80, 120, 160)] == [(0.5, 0, 0.5), (0.25, 0.5, 0.25), (0, 1, 0)]


@both
def test_the_state_is_entered_with_its_bridge(play: Player) -> None:
    """Its conditions and times count from the first frame of the bridge on."""
    seen = layer(
        calm(), fight(when=InState(layer="action", state="fight"), name="seen", mix={"harp": 1.0}), name="watch"
    )
    rows = (INTO_FIGHT, AT_ONCE)
    main = with_bridges(layer(calm(), fight(min_time_frames=30)), rows)
    plans = play(soundtrack(main, seen, transitions=rows), {5: {"go": True}, 50: {"go": False}}, 140)
    assert states(plans) == [(0, "calm"), (40, "fight/from_any"), (70, "calm")]
    assert states(plans, 1) == [(0, "calm"), (41, "seen"), (71, "calm")]


@both
def test_another_state_breaks_a_bridge_off_by_its_own_row(play: Player) -> None:
    into_boss = Transition(
        from_state="fight", to_state="boss", at=IMMEDIATE, ramp_frames=0, bridge=Bridge(bars=1, mix={"drums": 1.0})
    )
    rules = bridged(calm(), fight(), BOSS, rows=(INTO_FIGHT, into_boss, AT_ONCE))
    plans = play(rules, {5: {"go": True}, 50: {"go2": True}, 130: {"go2": False}}, 260)
    assert states(plans) == [
        (0, "calm"),
        (40, "fight/from_any"),
        (50, "boss/from_fight"),
        (120, "boss"),
        (160, "fight/from_any"),
        (240, "fight"),
    ]
    assert (50, "withdrawn", "fight", 120) in changes(plans)


def test_bridges_are_not_written_out_far_beyond_the_limit() -> None:
    """A bridge from each of 400 states into each of 400 states would be 160 000 states."""
    names = [f"s{n}" for n in range(400)]
    rows = tuple(Transition(from_state=name, bridge=BRASS) for name in names)
    written = layer(calm(), *(fight(name=name) for name in names))
    assert 512 < len(with_bridges(written, rows, 512).states) < 1_000
    listed = "".join(f"      {name}: {{mix: {{harp: 1}}}}\n" for name in names)
    given = "".join(f"  - {{from: {name}, bridge: {{bars: 1, mix: {{harp: 1}}}}}}\n" for name in names)
    head = "segue: 1\nstyles: {harp: {text: harp}}\nlayers:\n  action:\n    states:\n"
    with pytest.raises(RuleError, match="expected at most 512 states, pieces of playlists and bridges, got more; let"):
        load_text(f"{head}      calm: {{default: true, mix: {{harp: 1}}}}\n{listed}transitions:\n{given}")


@both
def test_the_most_specific_row_says_whether_there_is_a_bridge(play: Player) -> None:
    plain = Transition(from_state="boss", to_state="fight", at=IMMEDIATE, ramp_frames=0)
    rules = bridged(calm(), fight(), BOSS, rows=(INTO_FIGHT, plain, AT_ONCE))
    plans = play(rules, {0: {"go": True, "go2": True}, 30: {"go2": False}}, 60)
    assert states(plans) == [(0, "boss"), (30, "fight")]


@both
def test_a_bridge_has_controls_and_a_theme_of_its_own(play: Player) -> None:
    hero = Theme(name="hero", notes=(ThemeNote(start=Fraction(0), beats=Fraction(1), pitch=60, velocity=96),))
    use = ThemeUse(name="hero", strength=1.0)
    row = replace(INTO_FIGHT, ramp_frames=0, bridge=Bridge(bars=1, music=Music(intensity=0.9), theme=use))
    rules = bridged(calm(), fight(music=Music(intensity=0.2, gain_db=-3.0)), rows=(row, AT_ONCE))
    plans = play(replace(rules, themes=(hero,)), {5: {"go": True}}, 100)
    assert [plans[f].controls.intensity for f in (40, 41, 80, 81)] == [0.5, 0.9, 0.9, 0.2]
    assert [plans[f].controls.gain_db for f in (41, 81)] == [-3.0, -3.0]
    assert [plans[f].theme.name for f in (39, 40, 79, 80)] == ["", "hero", "hero", ""]
    # Without a mix of its own it plays that of the state.
    assert plans[41].mix == plans[81].mix == (0, 1, 0)


@both
def test_the_music_is_told_of_the_bridge_and_of_its_end(play: Player) -> None:
    plans = play(bridged(), {5: {"go": True}}, 140)
    assert (plans[30].to_change, plans[30].next_mix) == (10, (0, 0, 1))
    assert (plans[40].to_change, plans[40].next_mix) == (0, (0, 0, 1))
    assert (plans[100].to_change, plans[100].next_mix) == (20, (0, 1, 0))
    assert (plans[121].to_change, plans[121].next_mix) == (-1, plans[121].mix)


@both
def test_behind_a_bridge_a_playlist_begins(play: Player) -> None:
    pieces = tuple(
        replace(
            fight(),
            name=f"fight/{name}",
            mix={style: 1.0},
            piece=Piece(order="sequence", avoid_last=0, length=MusicalTime(count=Fraction(1), unit="bar")),
        )
        for name, style in (("a", "drums"), ("b", "harp"))
    )
    plans = play(bridged(calm(), *pieces), {5: {"go": True}}, 250)
    assert states(plans) == [
        (0, "calm"),
        (40, "fight/from_any"),
        (120, "fight/a"),
        (160, "fight/b"),
        (200, "fight/a"),
        (240, "fight/b"),
    ]


@both
def test_a_reset_ends_a_bridge(play: Player) -> None:
    plans = play(bridged(), {5: {"go": True}, 60: Event(sequence=1_000, reset=True)}, 140)
    assert states(plans) == [(0, "calm"), (40, "fight/from_any"), (60, "calm")]


def played(rules: Rules, frames: int) -> DirectorState:
    director = Director(rules)
    state = director.start()
    for frame in range(frames):
        state, _ = director.step(state, frame, [Event(sequence=1, set={"go": True})] if frame == 5 else [])
    return state


@pytest.mark.parametrize("frames", [39, 40, 41, 60, 119, 120, 121])
def test_a_saved_bridge_goes_on(frames: int) -> None:
    rules, state = bridged(), played(bridged(), frames)
    assert unpack(pack(state, rules), rules) == state


def after(rules: Rules, state: DirectorState) -> list[tuple[int, str]]:
    return states(span.plan for span in Director(rules).spans(state, 200))


def test_a_bridge_goes_on_under_edited_rules_by_name() -> None:
    rules, state = bridged(), played(bridged(), 60)
    longer = bridged(rows=(replace(INTO_FIGHT, bridge=replace(BRASS, bars=3)), AT_ONCE))
    assert after(longer, carry(state, rules, longer)) == [(60, "fight/from_any"), (160, "fight")]
    # Without the bridge its state goes on, and without the state the default.
    without = bridged(rows=(replace(INTO_FIGHT, bridge=None), AT_ONCE))
    assert after(without, carry(state, rules, without)) == [(60, "fight")]
    calm_alone = bridged(calm())
    assert after(calm_alone, carry(state, rules, calm_alone)) == [(60, "calm")]


@both
def test_the_end_of_a_bridge_is_at_a_bar_whatever_the_row_says(play: Player) -> None:
    waits = replace(INTO_FIGHT, at=At(unit="bar", every=4))
    plans = play(bridged(rows=(waits, AT_ONCE)), {5: {"go": True}}, 260)
    started = [change for plan in plans for change in plan.changes if change.kind == "started"]
    assert [(change.to_state, change.at) for change in started] == [("fight/from_any", "4 bars"), ("fight", "bar")]


def test_the_timeline_does_not_call_the_time_of_a_bridge_waiting() -> None:
    plans = Player(play_director)(bridged(), {5: {"go": True}}, 140)
    started = [change for plan in plans for change in plan.changes if change.kind == "started"]
    assert [(change.to_state, change.waited_frames) for change in started] == [("fight/from_any", 35), ("fight", 0)]
    assert started[1].decided < started[1].start


def test_the_timeline_says_why_a_bridge_plays() -> None:
    director = Director(bridged())
    state, told = director.start(), []
    for frame in range(130):
        state, plan = director.step(state, frame, [Event(sequence=1, set={"go": True})] if frame == 5 else [])
        told += [cause.text for change in plan.changes for cause in change.causes if change.kind == "started"]
    assert told == ["go is true", "fight/from_any is the bridge of its row, of 2 bars", "the bridge ends"]


@both
def test_a_row_between_groups_has_its_bridge_for_each_state_of_them(play: Player) -> None:
    row = Transition(from_state="quiet", to_state="loud", at=ON_BAR, ramp_frames=0, bridge=BRASS)
    town = LayerState(name="town", when=is_on("stop"), priority=-1, mix={"harp": 1.0}, groups=("quiet",))
    rules = bridged(
        calm(groups=("quiet",)), fight(groups=("loud",)), replace(BOSS, groups=("loud",)), town, rows=(row, AT_ONCE)
    )
    script = {5: {"go": True}, 130: {"go2": True}, 140: {"go": False, "go2": False, "stop": True}, 165: {"go2": True}}
    assert states(play(rules, script, 300)) == [
        (0, "calm"),
        (40, "fight/from_quiet"),
        (120, "fight"),
        (130, "boss"),
        (140, "town"),
        (200, "boss/from_quiet"),
        (280, "boss"),
    ]
