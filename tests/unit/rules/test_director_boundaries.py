"""When a change starts: pending, `at`, max_wait, `earliest`, rows, and the musical clock (sections 7, 8 and 14)."""

from __future__ import annotations

import pytest

from segue_rules.model import At, LayerState, Music, Transition
from unit.rules.playing import (
    BAR,
    BEAT,
    IMMEDIATE,
    ON_BAR,
    ON_BEAT,
    Player,
    both,
    calm,
    changes,
    fight,
    is_on,
    layer,
    soundtrack,
    states,
)

FIGHT = layer(calm(), fight())


@both
@pytest.mark.parametrize(
    ("at", "decided", "start"),
    [
        (IMMEDIATE, 3, 3),
        (ON_BEAT, 3, BEAT),
        (ON_BEAT, BEAT, BEAT),
        (ON_BEAT, BEAT + 1, 2 * BEAT),
        (ON_BAR, 3, BAR),
        (ON_BAR, BAR, BAR),
        (At(unit="bar", every=2), 3, 2 * BAR),
        (At(unit="bar", every=3), 2 * BAR + 1, 3 * BAR),
        (At(unit="bar", every=3), 0, 0),
    ],
)
def test_a_change_waits_for_its_boundary(play: Player, at: At, decided: int, start: int) -> None:
    plans = play(soundtrack(FIGHT, transitions=[Transition(at=at)]), {decided: {"go": True}}, start + 2)
    expected = [(decided, "started", "fight", start)]
    if start > decided:
        expected = [(decided, "scheduled", "fight", start), (start, "started", "fight", start)]
    assert changes(plans) == expected


@both
@pytest.mark.parametrize(
    ("at", "earliest", "start"), [(IMMEDIATE, 7, 7), (ON_BEAT, BEAT, BEAT), (ON_BEAT, BEAT + 1, 2 * BEAT)]
)
def test_nothing_starts_before_earliest(play: Player, at: At, earliest: int, start: int) -> None:
    firsts = dict.fromkeys(range(30), earliest)
    plans = play(soundtrack(FIGHT, transitions=[Transition(at=at)]), {3: {"go": True}}, 30, firsts)
    assert changes(plans) == [(3, "scheduled", "fight", start), (start, "started", "fight", start)]


@both
@pytest.mark.parametrize(("max_wait", "start"), [(0, 3), (5, 8), (20, 23), (100, BAR)])
def test_max_wait_ends_the_wait_for_a_bar(play: Player, max_wait: int, start: int) -> None:
    row = Transition(at=ON_BAR, max_wait_frames=max_wait)
    plans = play(soundtrack(FIGHT, transitions=[row]), {3: {"go": True}}, BAR + 1)
    assert changes(plans)[-1] == (start, "started", "fight", start)


@both
@pytest.mark.parametrize(("first", "start"), [(0, 4 * BAR), (1, 5 * BAR), (2, 2 * BAR), (3, 3 * BAR)])
def test_a_change_waits_for_a_bar_of_the_form(play: Player, first: int, start: int) -> None:
    row = Transition(at=At(unit="bar", every=4, first=first))
    plans = play(soundtrack(FIGHT, transitions=[row]), {BAR + 3: {"go": True}}, 5 * BAR + 1)
    assert changes(plans) == [(BAR + 3, "scheduled", "fight", start), (start, "started", "fight", start)]
    assert plans[start].changes[0].at == ("4 bars" if first == 0 else f"bar {first + 1} of 4")


@both
def test_max_wait_does_not_start_before_earliest(play: Player) -> None:
    row = Transition(at=ON_BAR, max_wait_frames=2)
    plans = play(soundtrack(FIGHT, transitions=[row]), {3: {"go": True}}, 20, dict.fromkeys(range(20), 9))
    assert changes(plans) == [(3, "scheduled", "fight", 9), (9, "started", "fight", 9)]


@both
def test_a_winner_that_loses_before_its_boundary_is_withdrawn(play: Player) -> None:
    plans = play(soundtrack(FIGHT, transitions=[Transition(at=ON_BAR)]), {3: {"go": True}, 9: {"go": False}}, BAR + 1)
    assert changes(plans) == [(3, "scheduled", "fight", BAR), (9, "withdrawn", "fight", BAR)]
    assert states(plans) == [(0, "calm")]


@both
def test_another_winner_replaces_the_pending_one_and_waits_for_its_own_boundary(play: Player) -> None:
    boss = LayerState(name="boss", when=is_on("go2"), priority=1, mix={"brass": 1.0})
    row = Transition(at=ON_BAR, max_wait_frames=8)
    script = {3: {"go": True}, 9: {"go2": True}}
    plans = play(soundtrack(layer(calm(), fight(), boss), transitions=[row]), script, 20)
    assert changes(plans) == [
        (3, "scheduled", "fight", 11),
        (9, "withdrawn", "fight", 11),
        (9, "scheduled", "boss", 17),
        (17, "started", "boss", 17),
    ]


@both
def test_hold_does_not_count_while_the_state_is_only_pending(play: Player) -> None:
    rules = soundtrack(layer(calm(), fight(hold_frames=50)), transitions=[Transition(at=ON_BEAT)])
    assert states(play(rules, {3: {"go": True}, 6: {"go": False}}, 30)) == [(0, "calm")]


@both
def test_min_time_counts_from_the_boundary(play: Player) -> None:
    rows = [Transition(to_state="fight", at=ON_BEAT), Transition(at=IMMEDIATE)]
    rules = soundtrack(layer(calm(), fight(min_time_frames=7)), transitions=rows)
    plans = play(rules, {3: {"go": True}, BEAT + 1: {"go": False}}, 30)
    assert states(plans) == [(0, "calm"), (BEAT, "fight"), (BEAT + 7, "calm")]


@both
def test_a_state_that_recovers_while_its_end_is_pending_stays_without_cooldown(play: Player) -> None:
    rows = [Transition(from_state="fight", at=ON_BAR), Transition(at=IMMEDIATE)]
    rules = soundtrack(layer(calm(), fight(cooldown_frames=100)), transitions=rows)
    plans = play(rules, {3: {"go": True}, 10: {"go": False}, 15: {"go": True}}, BAR + 5)
    assert states(plans) == [(0, "calm"), (3, "fight")]
    assert changes(plans)[1:] == [(10, "scheduled", "calm", BAR), (15, "withdrawn", "calm", BAR)]


@both
def test_a_cooldown_runs_from_the_boundary_not_from_the_end_of_the_condition(play: Player) -> None:
    rows = [Transition(from_state="fight", at=ON_BAR), Transition(at=IMMEDIATE)]
    rules = soundtrack(layer(calm(), fight(cooldown_frames=12)), transitions=rows)
    plans = play(rules, {3: {"go": True}, 10: {"go": False}, BAR + 1: {"go": True}}, BAR + 20)
    assert states(plans) == [(0, "calm"), (3, "fight"), (BAR, "calm"), (BAR + 12, "fight")]


ROWS = {
    "both": Transition(from_state="calm", to_state="fight", ramp_frames=1),
    "layer_both": Transition(layer="action", from_state="calm", to_state="fight", ramp_frames=2),
    "to": Transition(to_state="fight", ramp_frames=3),
    "layer_to": Transition(layer="action", to_state="fight", ramp_frames=4),
    "from": Transition(from_state="calm", ramp_frames=5),
    "layer_from": Transition(layer="action", from_state="calm", ramp_frames=6),
    "any": Transition(ramp_frames=7),
    "layer": Transition(layer="action", ramp_frames=8),
    "other_layer": Transition(layer="place", from_state="calm", to_state="fight", ramp_frames=9),
    "other_way": Transition(from_state="fight", to_state="calm", ramp_frames=10),
}
RANKING = ("layer_both", "both", "layer_to", "to", "layer_from", "from", "layer", "any")


@both
@pytest.mark.parametrize("best", range(len(RANKING)))
def test_the_most_specific_row_applies(play: Player, best: int) -> None:
    given = [ROWS[name] for name in (*reversed(RANKING[best:]), "other_layer", "other_way")]
    plans = play(soundtrack(FIGHT, transitions=given), {0: {"go": True}}, 1)
    assert plans[0].changes[0].ramp_frames == ROWS[RANKING[best]].ramp_frames


@both
def test_without_a_row_a_change_takes_the_beat_and_two_seconds(play: Player) -> None:
    rows = [ROWS["other_layer"], ROWS["other_way"]]
    change = play(soundtrack(FIGHT, transitions=rows), {3: {"go": True}}, 5)[3].changes[0]
    assert (change.at, change.ramp_frames, change.start) == ("beat", 50, BEAT)


@both
def test_beats_and_bars_fall_on_their_samples(play: Player) -> None:
    # 140 bpm: a beat is 10.714 frames; the third falls 0.428 of a frame into frame 21, the first bar 0.857 into 42.
    plans = play(soundtrack(layer(calm()), tempo_bpm=140.0), {}, 45)
    assert [(p.frame, p.beat) for p in plans if p.beat >= 0] == [(0, 0), (10, 1371), (21, 822), (32, 274), (42, 1645)]
    assert [(p.frame, p.bar_start) for p in plans if p.bar_start >= 0] == [(0, 0), (42, 1645)]
    assert [plans[f].clock.bar for f in (0, 41, 42, 43)] == [0, 0, 0, 1]


@both
def test_a_bar_keeps_the_meter_it_began_with(play: Player) -> None:
    waltz = fight(music=Music(meter=3))
    plans = play(soundtrack(layer(calm(), waltz)), {15: {"go": True}, 2 * BAR + 5: {"go": False}}, 200)
    # Decided in bar 0, taken at bar 1 (frame 40); given up in bar 2 (frames 70-99), so bar 3 has four beats again.
    assert [(p.frame, p.clock.meter) for p in plans if p.bar_start >= 0] == [
        (0, 4),
        (40, 3),
        (70, 3),
        (100, 4),
        (140, 4),
        (180, 4),
    ]
    assert [p.controls.meter for p in plans[38:42]] == [4, 4, 3, 3]


@both
def test_a_bar_that_begins_inside_a_frame_takes_the_meter_of_that_frame(play: Player) -> None:
    # 140 bpm: bar 1 begins 0.857 into frame 42; a bar of three is 32.143 frames.
    waltz = fight(music=Music(meter=3))
    plans = play(soundtrack(layer(calm(), waltz), tempo_bpm=140.0), {15: {"go": True}}, 76)
    assert [(plans[f].clock.bar, plans[f].clock.meter) for f in (42, 43, 74, 75)] == [(0, 4), (1, 3), (1, 3), (2, 3)]
    assert [p.frame for p in plans if p.bar_start >= 0] == [0, 42, 75]


@both
def test_a_change_at_every_second_bar_takes_the_bar_that_opens_inside_its_frame(play: Player) -> None:
    # 140 bpm: bar 1 begins inside frame 42, bar 2 inside frame 85.
    rules = soundtrack(FIGHT, transitions=[Transition(at=At(unit="bar", every=2))], tempo_bpm=140.0)
    assert changes(play(rules, {3: {"go": True}}, 90)) == [(3, "scheduled", "fight", 85), (85, "started", "fight", 85)]


@both
def test_bars_count_on_through_changes_of_meter(play: Player) -> None:
    waltz = fight(music=Music(meter=3))
    rows = [Transition(to_state="fight", at=IMMEDIATE), Transition(at=At(unit="bar", every=4))]
    plans = play(soundtrack(layer(calm(), waltz), transitions=rows), {15: {"go": True}, 50: {"go": False}}, 200)
    # Bars begin at 0, 40, 70, 100, 130: the fourth boundary is bar 4.
    assert states(plans) == [(0, "calm"), (15, "fight"), (130, "calm")]


@both
def test_the_clock_runs_by_the_tempo_of_the_frame(play: Player) -> None:
    fast = fight(music=Music(tempo_bpm=300.0))
    plans = play(
        soundtrack(layer(calm(), fast), transitions=[Transition(at=IMMEDIATE, ramp_frames=4)]), {2: {"go": True}}, 9
    )
    tempos = [p.controls.tempo_mbpm for p in plans]
    assert tempos == [150_000, 150_000, 150_000, 173_438, 225_000, 276_562, 300_000, 300_000, 300_000]
    assert [p.clock.ticks for p in plans] == [sum(tempos[:f]) for f in range(9)]


@both
def test_no_line_is_lost_or_doubled_when_the_tempo_jumps(play: Player) -> None:
    fast = fight(music=Music(tempo_bpm=300.0))
    script = {frame: {"go": frame % 2 == 1} for frame in range(1, 60)}
    plans = play(soundtrack(layer(calm(), fast)), script, 60)
    beats = [p.clock.ticks + p.beat * p.controls.tempo_mbpm // 1920 for p in plans if p.beat >= 0]
    # A line's sample is rounded down, so the ticks computed back from it may fall short by one sample.
    assert [round(ticks / 1_500_000) for ticks in beats] == list(range(len(beats)))
    assert len(beats) == plans[-1].clock.ticks // 1_500_000 + 1
