"""Playlists: which piece plays, when it ends, and what goes on meanwhile (SEMANTICS 19)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any as AnyValue

from segue_rules.director import Director, DirectorState, carry, pack, unpack
from segue_rules.director.chance import chance, drawn
from segue_rules.events import Event
from segue_rules.model import (
    At,
    InState,
    LayerState,
    Length,
    Music,
    MusicalTime,
    Piece,
    PlaylistOrder,
    Rules,
    TimeRange,
    Transition,
)
from unit.rules.playing import (
    AT_ONCE,
    BAR,
    IMMEDIATE,
    ON_BAR,
    Player,
    both,
    calm,
    changes,
    fight,
    layer,
    soundtrack,
    states,
)

STYLES = ("harp", "drums", "brass")


def playlist(
    state: LayerState,
    *lengths: Length | TimeRange | None,
    order: PlaylistOrder = "sequence",
    avoid_last: int = 1,
    between: Length | TimeRange | None = None,
    weights: tuple[float, ...] = (1.0, 1.0, 1.0),
) -> tuple[LayerState, ...]:
    """The pieces a, b, c of a state, with a style each, and what plays between them."""
    pieces = []
    for name, length, weight, style in zip("abc", lengths, weights, STYLES, strict=False):
        piece = Piece(order=order, avoid_last=min(avoid_last, len(lengths) - 1), weight=weight, length=length)
        pieces.append(replace(state, name=f"{state.name}/{name}", mix={style: 1.0}, piece=piece))
    if between is not None:
        quiet = Piece(order=order, avoid_last=1, length=between, between=True)
        silence = Music(gain_db=-96.0)
        pieces.append(replace(state, name=f"{state.name}/between", mix={}, music=silence, piece=quiet))
    return tuple(pieces)


def bars(count: int) -> MusicalTime:
    return MusicalTime(count=Fraction(count), unit="bar")


def beats(count: int) -> MusicalTime:
    return MusicalTime(count=Fraction(count), unit="beat")


def course(rules: Rules, frames: int, seed: int | None = None) -> list[str]:
    """The pieces of the first layer in the order in which they play."""
    director = Director(rules, seed)
    plans = [span.plan for span in director.spans(director.start(), frames)]
    return [name.partition("/")[2] for _, name in states(plans)]


@both
def test_a_sequence_goes_round(play: Player) -> None:
    plans = play(soundtrack(layer(*playlist(calm(), 30, 50))), {}, 200)
    assert states(plans) == [
        (0, "calm/a"),
        (30, "calm/b"),
        (80, "calm/a"),
        (110, "calm/b"),
        (160, "calm/a"),
        (190, "calm/b"),
    ]
    assert plans[100].mix == (1.0, 0.0, 0.0)
    assert plans[120].mix == (0.0, 1.0, 0.0)


@both
def test_a_piece_without_a_length_stays(play: Player) -> None:
    plans = play(soundtrack(layer(*playlist(calm(), 30, None, 10))), {}, 400)
    assert states(plans) == [(0, "calm/a"), (30, "calm/b")]


@both
def test_a_length_in_bars_ends_at_the_bar_line_exactly(play: Player) -> None:
    # At 140 bpm neither a beat nor a bar has a whole number of frames: no bar may be lost by rounding.
    rules = soundtrack(
        layer(*playlist(calm(), bars(2), bars(1))), transitions=[Transition(at=ON_BAR, ramp_frames=0)], tempo_bpm=140.0
    )
    plans = play(rules, {}, 700)
    begun = [plan for before, plan in pairwise(plans) if before.states != plan.states]
    assert [plan.bar_start >= 0 for plan in begun] == [True] * len(begun)
    opened = [plan.clock.bar + (plan.clock.ticks != plan.clock.bar_ticks) for plan in begun]
    assert opened == [2, 3, 5, 6, 8, 9, 11, 12, 14, 15]


@both
def test_a_length_in_beats_counts_from_the_next_beat(play: Player) -> None:
    pieces = playlist(fight(), beats(4), beats(2))
    plans = play(soundtrack(layer(calm(), *pieces)), {5: {"go": True}}, 120)
    # Begun in the middle of a beat; its four beats are those from 10 to 50.
    assert states(plans)[:4] == [(0, "calm"), (5, "fight/a"), (50, "fight/b"), (70, "fight/a")]


@both
def test_the_change_of_piece_is_known_two_bars_ahead(play: Player) -> None:
    rules = soundtrack(layer(*playlist(calm(), 200, 200)), transitions=[Transition(at=ON_BAR, ramp_frames=0)])
    plans = play(rules, {}, 230)
    notice = 200 - 2 * BAR
    assert changes(plans) == [(notice, "scheduled", "calm/b", 200), (200, "started", "calm/b", 200)]
    assert [plan.to_change for plan in plans[notice - 1 : notice + 2]] == [-1, 2 * BAR, 2 * BAR - 1]
    assert plans[notice].next_mix == (0.0, 1.0, 0.0)


@both
def test_a_piece_waits_for_the_boundary_of_the_row_from_its_state_to_itself(play: Player) -> None:
    rows = [
        Transition(from_state="calm", to_state="calm", at=At(unit="bar", every=2), ramp_frames=20),
        Transition(at=IMMEDIATE, ramp_frames=0, max_wait_frames=None),
    ]
    plans = play(soundtrack(layer(*playlist(calm(), 50, 50), fight()), transitions=rows), {100: {"go": True}}, 120)
    assert states(plans) == [(0, "calm/a"), (2 * BAR, "calm/b"), (100, "fight")]
    assert plans[2 * BAR + 10].mix == (0.5, 0.5, 0.0)


@both
def test_max_wait_does_not_end_a_piece(play: Player) -> None:
    rows = [Transition(at=ON_BAR, ramp_frames=0, max_wait_frames=1)]
    plans = play(soundtrack(layer(*playlist(calm(), 50, 50)), transitions=rows), {}, 100)
    assert states(plans) == [(0, "calm/a"), (2 * BAR, "calm/b")]


@both
def test_what_plays_between_follows_every_piece(play: Player) -> None:
    plans = play(soundtrack(layer(*playlist(calm(), 30, 30, between=20))), {}, 140)
    assert states(plans) == [
        (0, "calm/a"),
        (30, "calm/between"),
        (50, "calm/b"),
        (80, "calm/between"),
        (100, "calm/a"),
        (130, "calm/between"),
    ]
    assert plans[40].controls.gain_db == -96.0
    assert [plan.silent for plan in plans[28:32]] == [False, False, True, True]
    # Nothing to play is no mistake where the rules want silence.
    assert plans[40].warnings == ()


@both
def test_a_state_that_comes_back_begins_its_sequence_again_or_resumes_it(play: Player) -> None:
    script = {5: {"go": True}, 15: {"go": False}, 25: {"go": True}}
    pieces = playlist(fight(), 100, 100)
    plans = play(soundtrack(layer(calm(), *pieces)), script, 40)
    assert [name for _, name in states(plans)] == ["calm", "fight/a", "calm", "fight/a"]
    pieces = playlist(fight(on_return="resume"), 100, 100)
    plans = play(soundtrack(layer(calm(), *pieces)), script, 40)
    assert [name for _, name in states(plans)] == ["calm", "fight/a", "calm", "fight/b"]


@both
def test_conditions_and_times_belong_to_the_state_whichever_piece_plays(play: Player) -> None:
    pieces = playlist(fight(min_time_frames=50, cooldown_frames=60), 20, 20)
    plans = play(soundtrack(layer(calm(), *pieces)), {5: {"go": True}, 6: {"go": False}, 60: {"go": True}}, 150)
    # On for 50 frames though its pieces have 20; its cooldown of 60 runs from 55.
    assert states(plans)[:5] == [(0, "calm"), (5, "fight/a"), (25, "fight/b"), (45, "fight/a"), (55, "calm")]
    assert states(plans)[5] == (115, "fight/a")


@both
def test_a_change_of_state_takes_the_place_of_a_change_of_piece(play: Player) -> None:
    rows = [Transition(at=ON_BAR, ramp_frames=0)]
    plans = play(soundtrack(layer(*playlist(calm(), 50, 50), fight()), transitions=rows), {60: {"go": True}}, 90)
    assert changes(plans)[1:] == [
        (60, "withdrawn", "calm/b", 80),
        (60, "scheduled", "fight", 80),
        (80, "started", "fight", 80),
    ]


@both
def test_a_state_condition_holds_with_every_piece(play: Player) -> None:
    echo = LayerState(name="echo", when=InState(layer="action", state="fight"), mix={"brass": 1.0})
    pieces = playlist(fight(), 10, 10)
    rules = soundtrack(layer(calm(), *pieces), layer(calm(), echo, name="mood"))
    plans = play(rules, {5: {"go": True}, 45: {"go": False}}, 60)
    assert states(plans, 1) == [(0, "calm"), (6, "echo"), (46, "calm")]


@both
def test_a_reset_begins_a_playlist_anew(play: Player) -> None:
    rules = soundtrack(layer(*playlist(calm(), 30, 50)))
    plans = play(rules, {40: Event(sequence=0, reset=True)}, 80)
    assert states(plans) == [(0, "calm/a"), (30, "calm/b"), (40, "calm/a"), (70, "calm/b")]


def test_equal_seeds_give_equal_courses() -> None:
    rules = soundtrack(layer(*playlist(calm(), 5, 5, 5, order="random")))
    courses = {seed: tuple(course(rules, 300, seed)) for seed in range(20)}
    assert courses == {seed: tuple(course(rules, 300, seed)) for seed in range(20)}
    assert len(set(courses.values())) == 20


def test_no_piece_is_drawn_again_within_the_last_ones() -> None:
    for seed in range(8):
        played = course(soundtrack(layer(*playlist(calm(), 5, 5, 5, order="random", avoid_last=2))), 300, seed)
        assert all(len(set(three)) == 3 for three in zip(played, played[1:], played[2:], strict=False))


def test_weights_decide_how_often_a_piece_is_drawn() -> None:
    rules = soundtrack(layer(*playlist(calm(), 2, 2, 2, order="random", avoid_last=0, weights=(6.0, 3.0, 1.0))))
    count: Counter[str] = Counter()
    director = Director(rules)
    for span in director.spans(director.start(), 3_000):
        count.update(change.to_state[-1] for change in span.plan.changes if change.kind == "started")
    total = sum(count.values())
    assert total >= 1_400
    # Five standard deviations of a share of 0.6 in 1 400 draws are 0.065.
    assert all(abs(count[name] / total - share) < 0.065 for name, share in zip("abc", (0.6, 0.3, 0.1), strict=True))


def test_a_shuffle_plays_every_piece_once_in_each_pass() -> None:
    passes = set()
    for seed in range(8):
        played = course(soundtrack(layer(*playlist(calm(), 5, 5, 5, order="shuffle"))), 300, seed)
        rounds = [tuple(played[i : i + 3]) for i in range(0, len(played) - 2, 3)]
        assert {frozenset(each) for each in rounds} == {frozenset("abc")}
        assert all(before[-1] != after[0] for before, after in pairwise(rounds))
        passes |= set(rounds)
    assert len(passes) > 3


def test_lengths_are_drawn_from_their_whole_range() -> None:
    lengths = set()
    for seed in range(60):
        director = Director(soundtrack(layer(*playlist(calm(), TimeRange(low=10, high=14), 100))), seed)
        plans = [span.plan for span in director.spans(director.start(), 20)]
        lengths.add(states(plans)[1][0])
    assert lengths == {10, 11, 12, 13, 14}


def test_a_draw_takes_the_piece_in_whose_share_the_number_lies() -> None:
    assert [drawn((1.0, 2.0, 1.0), u) for u in (0.0, 0.24, 0.25, 0.74, 0.75, 0.999)] == [0, 0, 1, 1, 2, 2]
    # Computed with sha256sum: printf 7/place/calm/piece/0 | sha256sum
    assert chance(7, "place", "calm", "piece", 0) == int("af9d4b24618f", 16) / 2**48


def played(rules: Rules, frames: int) -> DirectorState:
    director = Director(rules)
    state = director.start()
    for span in director.spans(state, frames):
        state = span.state
    return state


def test_a_saved_course_goes_on() -> None:
    rules = soundtrack(layer(*playlist(calm(), 5, 7, 9, order="shuffle", between=3)))
    director = Director(rules)
    for frames in range(1, 60, 7):
        state = played(rules, frames)
        again = unpack(pack(state, rules), rules)
        assert again == state
        ours, theirs = (
            [name for _, name in states(span.plan for span in director.spans(each, frames + 100))]
            for each in (state, again)
        )
        assert ours == theirs


def test_an_edited_playlist_goes_on_by_name() -> None:
    rules = soundtrack(layer(*playlist(calm(), 50, 50, 50)))
    state = played(rules, 60)
    edited: tuple[AnyValue, ...] = tuple(piece for piece in rules.layers[0].states if piece.name != "calm/a")
    without = replace(rules, layers=(layer(*edited),))
    carried = carry(state, rules, without)
    assert without.layers[0].states[carried.layers[0].active].name == "calm/b"
    plans = [span.plan for span in Director(without).spans(carried, 260)]
    assert states(plans) == [(60, "calm/b"), (100, "calm/c"), (150, "calm/b"), (200, "calm/c"), (250, "calm/b")]
    # Without its piece a state goes on with the first that it has, and without a playlist as a whole.
    of_c = replace(rules, layers=(layer(edited[1]),))
    assert of_c.layers[0].states[carry(state, rules, of_c).layers[0].active].name == "calm/c"
    whole = soundtrack(layer(calm()))
    assert whole.layers[0].states[carry(state, rules, whole).layers[0].active].name == "calm"
    back = carry(played(whole, 30), whole, rules)
    assert rules.layers[0].states[back.layers[0].active].name == "calm/a"
    assert states(span.plan for span in Director(rules).spans(back, 90)) == [(30, "calm/a"), (80, "calm/b")]


def test_the_timeline_says_why_a_piece_was_chosen() -> None:
    rules = soundtrack(layer(*playlist(calm(), 20, 20, order="random", between=10), fight()), transitions=(AT_ONCE,))
    director = Director(rules)
    found = [change for span in director.spans(director.start(), 40) for change in span.plan.changes]
    texts = [cause.text for change in found if change.kind == "started" for cause in change.causes]
    assert texts[0] == "calm/between plays between two pieces"
    assert texts[1].startswith(("calm/a is drawn", "calm/b is drawn"))
    assert " as piece 2 of its random playlist, with weight 1, after calm/" in texts[1]
