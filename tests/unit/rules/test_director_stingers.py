"""Stingers and bursts (section 11 of SEMANTICS.md)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any as AnyValue

import pytest

from segue_rules.director import Director, pack, unpack
from segue_rules.events import Event
from segue_rules.model import FRAME_SIZE, At, AudioStinger, Burst, Duck, Music, MusicalTime, Stinger, TriggerInput
from segue_rules.plan import FramePlan
from unit.rules.playing import (
    BAR,
    BEAT,
    IMMEDIATE,
    INPUTS,
    ON_BAR,
    ON_BEAT,
    Player,
    both,
    calm,
    cues,
    fight,
    layer,
    soundtrack,
)

CALM = layer(calm())


def sting(**fields: AnyValue) -> AudioStinger:
    given_or_default: dict[str, AnyValue] = {"name": "victory", "trigger": "hit", "audio": Path("v.wav")} | fields
    return AudioStinger(**given_or_default)


def burst(**fields: AnyValue) -> Burst:
    given_or_default: dict[str, AnyValue] = {"name": "triumph", "trigger": "hit", "mix": {"drums": 1.0}} | fields
    return Burst(**({"time_frames": 12, "ramp_frames": 4} | given_or_default))


def envelope(plans: list[FramePlan]) -> list[float]:
    """The burst's envelope: its share e/(1 + e) beside a layer of weight 1."""
    return [plan.mix[1] / plan.mix[0] for plan in plans]


@both
@pytest.mark.parametrize(
    ("at", "fired", "start"),
    [
        (IMMEDIATE, 3, 3),
        (ON_BEAT, 3, BEAT),
        (ON_BEAT, BEAT, BEAT),
        (ON_BAR, 3, BAR),
        (At(unit="bar", every=2), BAR, 2 * BAR),
    ],
)
def test_a_stinger_waits_for_its_boundary(play: Player, at: At, fired: int, start: int) -> None:
    plans = play(soundtrack(CALM, stingers=[sting(at=at)]), {fired: "hit"}, start + 2)
    started = (start, "started", "victory", start * FRAME_SIZE)
    scheduled = (fired, "scheduled", "victory", start * FRAME_SIZE)
    assert cues(plans) == ([started] if fired == start else [scheduled, started])


@both
def test_a_stinger_starts_at_the_exact_sample_of_its_beat(play: Player) -> None:
    # 140 bpm: the third beat falls on sample 822 of frame 21.
    plans = play(soundtrack(CALM, stingers=[sting(at=ON_BEAT)], tempo_bpm=140.0), {15: "hit"}, 25)
    sample = 21 * FRAME_SIZE + 822
    assert cues(plans) == [(15, "scheduled", "victory", sample), (21, "started", "victory", sample)]


@both
def test_a_stinger_waits_for_the_first_frame_that_can_still_change(play: Player) -> None:
    firsts = dict.fromkeys(range(30), 14)
    rules = soundtrack(CALM, stingers=[sting(), sting(name="fanfare", at=ON_BEAT)])
    assert cues(play(rules, {3: "hit"}, 30, firsts)) == [
        (3, "scheduled", "victory", 14 * FRAME_SIZE),
        (3, "scheduled", "fanfare", 20 * FRAME_SIZE),
        (14, "started", "victory", 14 * FRAME_SIZE),
        (20, "started", "fanfare", 20 * FRAME_SIZE),
    ]


@both
def test_a_cue_carries_what_the_mixer_needs(play: Player) -> None:
    duck = Duck(depth_db=-8.0, fade_out_samples=2400, recovery_samples=48000, fade_in_samples=19200)
    plans = play(soundtrack(CALM, stingers=[sting(gain_db=-3.0, if_late="play", duck=duck)]), {0: "hit"}, 1)
    cue = plans[0].stingers[0]
    assert (cue.gain_db, cue.if_late, cue.duck) == (-3.0, "play", duck)


@both
def test_a_stinger_in_its_cooldown_is_dropped(play: Player) -> None:
    script = {1: "hit", 3: "hit", 5: "hit", 6: "hit"}
    plans = play(soundtrack(CALM, stingers=[sting(cooldown_frames=5)]), script, 8)
    assert [(frame, kind) for frame, kind, _, _ in cues(plans)] == [
        (1, "started"),
        (3, "dropped"),
        (5, "dropped"),
        (6, "started"),
    ]


@both
def test_the_cooldown_runs_from_the_start_not_from_the_trigger(play: Player) -> None:
    script = {3: "hit", BEAT + 4: "hit", BEAT + 5: "hit"}
    plans = play(soundtrack(CALM, stingers=[sting(at=ON_BEAT, cooldown_frames=5)]), script, 25)
    kinds = [(frame, kind) for frame, kind, _, _ in cues(plans)]
    assert kinds == [(3, "scheduled"), (BEAT, "started"), (BEAT + 4, "dropped"), (15, "scheduled"), (20, "started")]


@both
def test_a_second_trigger_while_pending_changes_nothing(play: Player) -> None:
    plans = play(soundtrack(CALM, stingers=[sting(at=ON_BEAT)]), {3: "hit", 6: "hit"}, 25)
    assert [(frame, kind) for frame, kind, _, _ in cues(plans)] == [(3, "scheduled"), (BEAT, "started")]


@both
def test_all_stingers_of_a_trigger_start_in_file_order(play: Player) -> None:
    other = TriggerInput(name="other")
    stingers: list[Stinger] = [sting(name="b"), sting(name="a"), sting(name="c", trigger="other"), burst()]
    rules = soundtrack(CALM, stingers=stingers, inputs=[*INPUTS, other])
    assert [cue[2] for cue in cues(play(rules, {1: "hit"}, 3))] == ["b", "a", "triumph"]


@both
def test_firing_twice_in_a_frame_counts_once(play: Player) -> None:
    twice = Event(sequence=0, fire=("hit", "hit"))
    assert len(cues(play(soundtrack(CALM, stingers=[sting()]), {1: twice}, 3))) == 1


@both
def test_a_burst_rises_stays_and_falls_within_its_time(play: Player) -> None:
    plans = play(soundtrack(CALM, stingers=[burst()]), {2: "hit"}, 17)
    expected = [0, 0, 0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0]
    assert envelope(plans) == pytest.approx(expected)


@both
def test_a_burst_without_ramp_has_full_weight_throughout(play: Player) -> None:
    plans = play(soundtrack(CALM, stingers=[burst(ramp_frames=0, time_frames=3)]), {2: "hit"}, 7)
    assert envelope(plans) == [0, 0, 1, 1, 1, 0, 0]


@both
def test_a_burst_in_beats_has_the_length_of_the_tempo_at_its_start(play: Player) -> None:
    beats = burst(time_frames=MusicalTime(count=Fraction(2), unit="beat"), ramp_frames=4)
    faster = layer(calm(), fight(music=Music(tempo_bpm=300.0)))
    plans = play(soundtrack(faster, stingers=[beats]), {2: "hit", 6: {"go": True}, 40: "hit"}, 60)
    # 20 frames at 150 bpm, though the tempo is twice as fast from the seventh on; then 10.
    shares = [plan.mix[1] if plan.states == ("calm",) else None for plan in plans]
    assert [cue.frames for plan in plans for cue in plan.stingers] == [20, 10]
    assert shares[:7] == pytest.approx([0, 0, 0, 0.2, 1 / 3, 3 / 7, None])


@both
def test_a_ramp_longer_than_half_of_the_burst_is_half_of_it(play: Player) -> None:
    short = burst(time_frames=MusicalTime(count=Fraction(1, 2), unit="beat"), ramp_frames=4)
    plans = play(soundtrack(CALM, stingers=[short]), {2: "hit"}, 9)
    assert envelope(plans) == pytest.approx([0, 0, 0, 0.5, 1, 1, 0.5, 0, 0])


def test_a_burst_in_beats_keeps_its_length_in_a_packed_state() -> None:
    rules = soundtrack(CALM, stingers=[burst(time_frames=MusicalTime(count=Fraction(2), unit="beat"))])
    director = Director(rules)
    state, _ = director.step(director.start(), 0, [Event(sequence=0, fire=("hit",))])
    assert state.stingers[0].time == 20
    assert unpack(pack(state, rules), rules) == state


@both
def test_a_retriggered_burst_rises_from_its_level_and_runs_its_whole_time_again(play: Player) -> None:
    plans = play(soundtrack(CALM, stingers=[burst()]), {2: "hit", 12: "hit"}, 27)
    # Frame 12 is the second of the way down: 0.5, and from there up to 1 in four frames.
    assert envelope(plans)[11:] == pytest.approx(
        [0.75, 0.5, 0.625, 0.75, 0.875, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25, 0, 0, 0]
    )


@both
def test_a_burst_at_full_weight_does_not_dip_when_retriggered(play: Player) -> None:
    plans = play(soundtrack(CALM, stingers=[burst()]), {2: "hit", 8: "hit"}, 22)
    assert envelope(plans)[6:] == pytest.approx([1] * 11 + [0.75, 0.5, 0.25, 0, 0])


@both
def test_a_burst_adds_its_weights_before_normalisation(play: Player) -> None:
    plans = play(soundtrack(CALM, stingers=[burst(ramp_frames=0, mix={"drums": 2.0, "brass": 1.0})]), {0: "hit"}, 1)
    assert plans[0].mix == pytest.approx((0.25, 0.5, 0.25))


@both
def test_a_burst_starts_with_its_frame_even_where_the_beat_falls_inside(play: Player) -> None:
    plans = play(soundtrack(CALM, stingers=[burst(at=ON_BEAT)], tempo_bpm=140.0), {15: "hit"}, 25)
    assert cues(plans)[-1] == (21, "started", "triumph", 21 * FRAME_SIZE)
