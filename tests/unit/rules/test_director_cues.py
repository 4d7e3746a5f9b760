"""Cues at which changes start and clips come in, and pre-entries before a state (SEMANTICS 8 and 21)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from segue_rules.director import Director, pack, unpack
from segue_rules.events import Event
from segue_rules.loading.clips import with_leader
from segue_rules.model import (
    DEFAULT_MUSIC,
    FRAME_SIZE,
    At,
    Clip,
    ClipUse,
    Compare,
    Cue,
    FlagInput,
    Layer,
    LayerState,
    Music,
    Prompt,
    Rules,
    Style,
    Transition,
)
from segue_rules.plan import FramePlan
from unit.rules.playing import Player, both

BEAT = 24_000
"""Samples of a beat at 120 bpm."""
THEME = Clip(
    name="theme",
    audio=Path("theme.wav"),
    tempo_mbpm=120_000,
    meter=4,
    intro=Fraction(4 * BEAT),
    loop=Fraction(16 * BEAT),
    cues=(Cue("first", Fraction(0)), Cue("rest", Fraction(6 * BEAT)), Cue("hit", Fraction(10 * BEAT + 1_000))),
)
FIGHT = Clip(
    name="fight",
    audio=Path("fight.wav"),
    tempo_mbpm=120_000,
    meter=4,
    pre_entry=Fraction(BEAT),
    loop=Fraction(8 * BEAT),
    cues=(Cue("first", Fraction(0)), Cue("second", Fraction(4 * BEAT))),
)
CLIPS = {clip.name: clip for clip in (THEME, FIGHT)}


def rules(*rows: Transition, calm: str = "theme", **fields: Any) -> Rules:
    """A calm state that plays the theme, or nothing, and a fight at 120 bpm while the flag `on` is set."""
    states = (
        LayerState(
            name="calm",
            default=True,
            mix={"harp": 1.0},
            clips=(ClipUse(clip=calm),) if calm else (),
            music=Music(tempo_bpm=120.0),
        ),
        LayerState(
            name="fight",
            when=Compare(input="on", op="==", value=True),
            **({"clips": (ClipUse(clip="fight", gain_db=-6.0),)} | fields),
        ),
    )
    return Rules(
        title="cues",
        seed=1,
        music=DEFAULT_MUSIC,
        inputs=(FlagInput(name="on"), FlagInput(name="off")),
        styles=(Style(name="harp", prompts=(Prompt(text="harp"),)),),
        layers=(Layer(name="action", states=tuple(with_leader(state, CLIPS) for state in states)),),
        clips=tuple(CLIPS.values()),
        transitions=rows,
    )


def row(at: At, ramp: int = 0, **fields: Any) -> Transition:
    return Transition(at=at, ramp_frames=ramp, curve="linear", **fields)


def cue(name: str = "") -> At:
    return At(unit="cue", cue=name)


def changed(plans: list[FramePlan]) -> list[tuple[int, str]]:
    return [(plan.frame, change.to_state) for plan in plans for change in plan.changes if change.kind == "started"]


def begun(plans: list[FramePlan], name: str) -> list[tuple[int, int]]:
    """Where a clip begins and where it comes in, once for each time."""
    return list(dict.fromkeys((each.start, each.begin) for plan in plans for each in plan.clips if each.clip == name))


@both
@pytest.mark.parametrize(
    ("at", "asked", "sample"),
    [
        (cue(), 10, 6 * BEAT),
        (cue("rest"), 10, 6 * BEAT),
        (cue("hit"), 10, 10 * BEAT + 1_000),
        (cue("rest"), 120, 22 * BEAT),
        (cue(), 120, 10 * BEAT + 1_000),
        # In the intro, which is over: the next bar line.
        (cue("first"), 30, 4 * BEAT),
        (cue("first"), 120, 12 * BEAT),
    ],
)
def test_a_change_starts_at_the_next_cue_of_the_clip(play: Player, at: At, asked: int, sample: int) -> None:
    plans = play(rules(row(at)), {asked: {"on": True}}, 420)
    ((frame, _),) = changed(plans)
    assert frame == sample // FRAME_SIZE
    scheduled = [change.start for plan in plans for change in plan.changes if change.kind == "scheduled"]
    assert scheduled in ([frame], [])
    # The ticks of a frame are whole, so that a line is at most a sample off.
    came_in = next(plan for plan in plans if plan.frame == frame).clips[-1]
    assert abs(max(came_in.start, came_in.begin) - sample) <= 1


@both
def test_the_name_of_a_cue_is_told_by_the_change(play: Player) -> None:
    plans = play(rules(row(cue("hit"))), {10: {"on": True}}, 200)
    assert {change.at for plan in plans for change in plan.changes} == {"cue hit"}


@both
def test_without_a_clip_or_a_cue_of_that_name_a_change_waits_for_the_bar(play: Player) -> None:
    for soundtrack in (rules(row(cue()), calm=""), rules(row(cue("second")))):
        plans = play(soundtrack, {10: {"on": True}}, 100)
        assert changed(plans) == [(50, "fight")]


@both
def test_a_longest_wait_ends_the_wait_for_a_cue(play: Player) -> None:
    plans = play(rules(row(cue("hit"), max_wait_frames=20)), {10: {"on": True}}, 100)
    assert changed(plans) == [(30, "fight")]


@both
def test_a_state_comes_in_at_the_cue_that_it_names(play: Player) -> None:
    plans = play(rules(row(At(unit="bar")), enter="cue", cue="second"), {10: {"on": True}}, 100)
    ((start, begin),) = begun(plans, "fight")
    assert (begin, begin - start) == (4 * BEAT, 4 * BEAT)


@both
def test_an_upbeat_plays_before_its_state_and_goes_on_in_it(play: Player) -> None:
    plans = play(rules(row(At(unit="bar"), ramp=25)), {10: {"on": True}}, 120)
    assert changed(plans) == [(50, "fight")]
    assert begun(plans, "fight") == [(4 * BEAT, 3 * BEAT)]
    heard = {plan.frame: clip.gain for plan in plans for clip in plan.clips if clip.clip == "fight"}
    # From its first sample on at its whole level, while the state before it plays on.
    assert min(heard) == 3 * BEAT // FRAME_SIZE
    assert {round(gain, 6) for gain in heard.values()} == {round(10 ** (-6 / 20), 6)}
    assert plans[49].states == ("calm",)
    # The music beside it gives way from the beginning of the state on.
    assert plans[49].music == 1.0
    assert plans[119].music == 0.0
    beats = [plan.frame * FRAME_SIZE + plan.beat for plan in plans[51:] if plan.beat >= 0]
    assert beats == [(5 + i) * BEAT for i in range(len(beats))]


@both
def test_what_is_left_of_an_upbeat_plays_where_a_change_is_known_late(play: Player) -> None:
    plans = play(rules(row(At(unit="bar"))), {44: {"on": True}}, 120)
    assert begun(plans, "fight") == [(4 * BEAT, 44 * FRAME_SIZE)]


@both
def test_an_upbeat_does_not_begin_before_what_can_be_changed(play: Player) -> None:
    plans = play(rules(row(At(unit="bar"))), {30: {"on": True}}, 120, dict.fromkeys(range(45), 45))
    assert begun(plans, "fight") == [(4 * BEAT, 45 * FRAME_SIZE)]


@both
@pytest.mark.parametrize(
    "soundtrack",
    [
        rules(row(At(unit="immediate"))),
        rules(row(At(unit="bar")), enter="cue"),
        rules(row(At(unit="bar")), enter="same"),
        rules(row(At(unit="beat", every=1)), calm=""),
    ],
    ids=["at once", "at a cue", "where the clip before it was", "within a bar"],
)
def test_no_upbeat_plays_before_other_entries(play: Player, soundtrack: Rules) -> None:
    plans = play(soundtrack, {20: {"on": True}}, 120)
    ((frame, _),) = changed(plans)
    assert all(clip.clip != "fight" for plan in plans[:frame] for clip in plan.clips)


@both
def test_an_upbeat_of_a_change_that_is_withdrawn_fades_out(play: Player) -> None:
    plans = play(rules(row(At(unit="bar"))), {10: {"on": True}, 42: {"on": False}}, 120)
    assert changed(plans) == []
    gains = [clip.gain for plan in plans for clip in plan.clips if clip.clip == "fight"]
    ((start, begin),) = begun(plans, "fight")
    assert (start, begin) == (4 * BEAT, 3 * BEAT)
    # 37 to 41 at its level, then over 200 ms.
    assert len(gains) == 10
    assert gains[5:] == sorted(gains[5:], reverse=True)
    assert gains[-1] == 0.0


def test_a_packed_upbeat_goes_on() -> None:
    state_frame = 40
    soundtrack = rules(row(At(unit="bar")))
    director = Director(soundtrack)
    state, plans = director.start(), {}
    for frame in range(80):
        events = [Event(sequence=1, set={"on": True})] if frame == 10 else []
        state, plan = director.step(state, frame, events)
        plans[frame] = plan.clips
        if frame == state_frame - 1:
            packed = pack(state, soundtrack)
    again = Director(soundtrack)
    state = unpack(packed, soundtrack)
    assert [voice.part for voice in state.clips.voices] == ["on", "pre"]
    for frame in range(state_frame, 80):
        state, plan = again.step(state, frame)
        assert plan.clips == plans[frame]
    without = replace(soundtrack, clips=tuple(replace(clip, pre_entry=Fraction(0)) for clip in CLIPS.values()))
    state = unpack(packed, without)
    for frame in range(state_frame, 80):
        state, _ = Director(without).step(state, frame)
    assert [voice.part for voice in state.clips.voices] == ["on"]


@pytest.mark.parametrize(
    ("place", "position", "expected"),
    [
        (0, 0, 0),
        (0, 1, None),
        (4, 0, 4),
        (4, 5, 14),
        (4, 14, 14),
        (13, 14, 23),
        (13, 10**9, 10**9 + 3),
    ],
)
def test_a_cue_of_the_loop_comes_again_in_each_pass(place: int, position: int, expected: int | None) -> None:
    clip = replace(THEME, intro=Fraction(4), loop=Fraction(10))
    assert clip.cue_from(Cue("", Fraction(place)), position) == expected
    passes: Mapping[int, int | None] = {at: clip.cue_from(Cue("", Fraction(place)), at) for at in range(60)}
    assert all(found is None or found >= at for at, found in passes.items())
