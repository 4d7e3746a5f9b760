"""Times in beats and bars, and starts on eighths (Durations and section 8 of SEMANTICS.md)."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Literal

import pytest

from segue_rules.director import Director, pack, unpack
from segue_rules.events import Event
from segue_rules.model import At, AudioStinger, Binding, Music, MusicalTime, Transition
from unit.rules.playing import (
    BAR,
    BEAT,
    IMMEDIATE,
    Player,
    both,
    calm,
    changes,
    cues,
    fight,
    is_on,
    layer,
    soundtrack,
    states,
)

EIGHTH = BEAT // 2


def time(count: float, unit: Literal["beat", "bar"] = "beat") -> MusicalTime:
    return MusicalTime(count=Fraction(count), unit=unit)


@pytest.mark.parametrize(
    ("length", "tempo_mbpm", "meter", "frames"),
    [
        (time(1), 150_000, 4, 10),
        (time(2, "bar"), 150_000, 3, 60),
        (time(1), 140_000, 4, 11),
        (time(0.5), 96_700, 4, 8),
        (time(0.25), 300_000, 1, 2),
    ],
)
def test_frames_are_rounded_up(length: MusicalTime, tempo_mbpm: int, meter: int, frames: int) -> None:
    assert length.frames(tempo_mbpm, meter) == frames


@both
def test_attack_hold_and_min_time_count_beats(play: Player) -> None:
    struck = fight(attack_frames=time(1), hold_frames=time(2), min_time_frames=time(1, "bar"))
    plans = play(soundtrack(layer(calm(), struck)), {2: {"go": True}, 20: {"go": False}}, 60)
    # On after a beat; off after the bar that it lasts at least, which is longer than the two beats of hold.
    assert states(plans) == [(0, "calm"), (2 + BEAT, "fight"), (2 + BEAT + BAR, "calm")]
    plans = play(soundtrack(layer(calm(), struck)), {2: {"go": True}, 80: {"go": False}}, 110)
    assert states(plans)[-1] == (80 + 2 * BEAT, "calm")


@both
def test_a_cooldown_counts_bars_from_the_end(play: Player) -> None:
    struck = fight(cooldown_frames=time(2, "bar"))
    plans = play(soundtrack(layer(calm(), struck)), {0: {"go": True}, 5: {"go": False}, 6: {"go": True}}, 100)
    assert states(plans) == [(0, "fight"), (5, "calm"), (5 + 2 * BAR, "fight")]


@both
def test_a_ramp_has_the_length_of_its_beats_where_it_starts(play: Player) -> None:
    row = Transition(at=IMMEDIATE, ramp_frames=time(2), curve="linear")
    rules = soundtrack(layer(calm(), fight(music=Music(tempo_bpm=300.0))), transitions=[row])
    plans = play(rules, {10: {"go": True}}, 40)
    assert plans[10].changes[0].ramp_frames == 2 * BEAT
    # The tempo doubles meanwhile; the ramp keeps its 20 frames.
    assert [plan.mix[1] for plan in plans[10:32:5]] == pytest.approx([0.0, 0.25, 0.5, 0.75, 1.0])
    assert [plan.controls.tempo_mbpm for plan in plans[10:32:10]] == [150_000, 225_000, 300_000]


@both
def test_a_max_wait_counts_beats(play: Player) -> None:
    row = Transition(at=At(unit="bar", every=8), max_wait_frames=time(1), ramp_frames=0)
    plans = play(soundtrack(layer(calm(), fight()), transitions=[row]), {3: {"go": True}}, 20)
    assert changes(plans) == [(3, "scheduled", "fight", 3 + BEAT), (3 + BEAT, "started", "fight", 3 + BEAT)]


@both
def test_bars_count_by_the_meter_of_the_frame_before(play: Player) -> None:
    struck = fight(hold_frames=time(1, "bar"))
    rules = soundtrack(
        layer(calm(), struck), layer(calm(), fight(when=is_on("go2"), music=Music(meter=2)), name="waltz")
    )
    # The meter is 2 from the bar line of frame 40 on.
    plans = play(rules, {2: {"go": True, "go2": True}, 50: {"go": False}}, 80)
    assert states(plans) == [(0, "calm"), (2, "fight"), (50 + 2 * BEAT, "calm")]


@both
def test_a_time_follows_the_tempo_while_it_runs(play: Player) -> None:
    faster = Binding(input="threat", curve=((0.0, 150.0), (1.0, 300.0)))
    rules = soundtrack(layer(calm(), fight(hold_frames=time(4))), tempo_bpm=faster)
    plans = play(rules, {0: {"go": True}, 10: {"go": False}, 20: {"threat": 1.0}}, 60)
    # Four beats are 40 frames at 150 bpm and 20 at 300.
    assert states(plans) == [(0, "fight"), (30, "calm")]


@both
def test_a_change_starts_on_an_eighth(play: Player) -> None:
    row = Transition(at=At(unit="eighth"), ramp_frames=0)
    plans = play(soundtrack(layer(calm(), fight()), transitions=[row]), {1: {"go": True}, 6: {"go": False}}, 20)
    assert changes(plans) == [
        (1, "scheduled", "fight", EIGHTH),
        (EIGHTH, "started", "fight", EIGHTH),
        (6, "scheduled", "calm", BEAT),
        (BEAT, "started", "calm", BEAT),
    ]


@both
def test_a_stinger_starts_on_an_eighth_and_cools_down_for_bars(play: Player) -> None:
    toll = AudioStinger(
        name="toll", trigger="hit", audio=Path("t.wav"), at=At(unit="eighth"), cooldown_frames=time(1, "bar")
    )
    plans = play(soundtrack(layer(calm()), stingers=(toll,)), {1: "hit", 40: "hit", 46: "hit"}, 60)
    assert [(frame, kind) for frame, kind, _, _ in cues(plans)] == [
        (1, "scheduled"),
        (EIGHTH, "started"),
        (40, "dropped"),
        (46, "scheduled"),
        (50, "started"),
    ]


def test_a_ramp_in_beats_goes_on_after_it_was_packed() -> None:
    row = Transition(at=IMMEDIATE, ramp_frames=time(2), curve="linear")
    rules = soundtrack(layer(calm(), fight(cooldown_frames=time(4))), transitions=[row])
    director = Director(rules)
    state = director.start()
    for frame in range(20):
        event = (Event(sequence=1, set={"go": True}),) if frame == 10 else ()
        state, _ = director.step(state, frame, event)
    assert unpack(pack(state, rules), rules) == state
