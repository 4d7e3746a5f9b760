"""What `segue play` shows: what is heard at a position, reaction times, the log and its reasons, reloads, faults."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.play.board import Board
from segue.play.heard import Heard
from segue.play.telling import clock_text, tell_said
from segue_sdk.client_events import (
    BeatHeard,
    Closed,
    ConnectionFailed,
    EventDelayed,
    InputRefused,
    Live,
    Lost,
    MusicArrived,
    StingerArrived,
    Underrun,
)
from segue_sdk.messages import Candidate, Cause, Change, Error, Receipt, Rules, Status, Welcome
from segue_sdk.playback import PlaybackPosition
from segue_sdk.vectors.examples import MINIMAL
from unit.play.playing_service import EMBERWOOD, MORE

WELCOME = replace(next(message for message in MINIMAL if isinstance(message, Welcome)), rules=EMBERWOOD)
CHANGE = Change(
    kind="started", layer="action", from_state="calm", to_state="combat", decided=10, start=12, audible=23_040,
    at="beat", causes=(Cause(text="threat is 0.9 (>= 0.6)"), Cause(text="enemies is 4 (>= 3)")),
    candidates=(Candidate(state="boss", reason="cooldown 3.2 s left"),),
)  # fmt: skip


def music(
    start: int, count: int = 19_200, *, take: int = 0, mix: dict[str, float], state: str = "calm"
) -> MusicArrived:
    return MusicArrived(
        start=start, count=count, take=take, generator="score", reason="extend",
        states={"action": state}, mix=mix, loudness_lufs=None,
    )  # fmt: skip


def board() -> Board:
    made = Board()
    made.take(Live(welcome=WELCOME, resumed=False))
    return made


def texts(made: Board) -> list[str]:
    return [line.text for line in made.lines]


# --- what is heard --------------------------------------------------------------------------------------------------


def test_the_mix_moves_from_the_end_of_a_chunk_to_the_end_of_the_next() -> None:
    heard = Heard()
    heard.music(music(0, mix={"a": 1.0}))
    heard.music(music(19_200, mix={"b": 1.0}, state="combat"))
    assert heard.mix(0) == {"a": 1.0}
    assert heard.mix(19_200 + 4_800) == {"a": 0.75, "b": 0.25}
    assert heard.mix(38_400) == {"a": 0.0, "b": 1.0}
    assert (heard.states(19_199)["action"], heard.states(19_200)["action"]) == ("calm", "combat")


def test_a_greater_take_stands_in_place_of_what_it_replaces() -> None:
    heard = Heard()
    for start in (0, 19_200, 38_400):
        heard.music(music(start, mix={"a": 1.0}))
    heard.music(music(24_960, 13_440, take=1, mix={"b": 1.0}, state="combat"))
    assert heard.states(24_959)["action"] == "calm"
    assert heard.states(60_000)["action"] == "combat", "the chunk at 38 400 was replaced"
    assert heard.mix(38_399)["b"] == pytest.approx(1, abs=1e-3)


def test_a_change_is_coming_until_it_is_heard_and_a_withdrawn_one_never_is() -> None:
    heard = Heard()
    heard.change(replace(CHANGE, kind="scheduled"))
    assert heard.coming("action", 0) is not None
    assert heard.reach(23_040) == [], "scheduled is not started"
    heard.change(CHANGE)
    assert heard.reach(23_039) == []
    assert heard.reach(23_040) == [CHANGE]
    assert heard.reach(23_041) == []
    heard.change(replace(CHANGE, decided=20, audible=90_000))
    heard.change(replace(CHANGE, decided=20, kind="withdrawn"))
    assert heard.coming("action", 0) is None
    assert heard.reach(100_000) == []


def test_little_is_remembered_of_what_is_past() -> None:
    heard = Heard()
    for number in range(2_000):
        heard.music(music(number * 19_200, mix={"a": 1.0}))
        heard.reach(number * 19_200)
    assert len(heard._music) <= 3


# --- the board ------------------------------------------------------------------------------------------------------


def test_a_session_shows_rules_layers_and_mix_in_the_files_order() -> None:
    made = board()
    made.take(music(0, mix={"battle": 0.25, "woodland": 0.75}, state="combat"))
    assert made.mix == [("woodland", 0.75), ("dread", 0), ("market", 0), ("battle", 0.25), ("fanfare", 0)]
    assert made.layers == [("place", "forest", None), ("action", "combat", None)]
    assert (made.connection, made.generator, made.lookahead_s) == ("live", "score", WELCOME.lookahead_ms / 1000)


def test_a_reaction_is_from_the_sample_heard_to_the_frame_that_obeys() -> None:
    made = board()
    made.moved(PlaybackPosition(played=96_000, committed=96_000, have=144_000))
    made.sent(1, "boss_dead!")
    made.sent(2, "")
    assert made.buffer_s == 1.0
    made.take(Receipt(seq=1, accepted=True, code="accepted", frame=53))
    assert made.reaction_ms == 120
    made.take(Receipt(seq=2, accepted=True, code="accepted", frame=52))
    assert made.reaction_ms == 80
    made.take(Receipt(seq=9, accepted=True, code="accepted", frame=99))
    assert texts(made) == ["boss_dead!, heard after 120 ms"], "a slider's event is worth no line"


def test_the_log_says_what_changed_why_and_why_not() -> None:
    made = board()
    made.take(CHANGE)
    assert texts(made) == []
    made.moved(PlaybackPosition(played=24_000, committed=24_000, have=24_000))
    (line,) = made.lines
    assert (line.at, line.text) == (23_040, "action: calm → combat at beat")
    assert line.details == (
        "because threat is 0.9 (>= 0.6); enemies is 4 (>= 3)",
        "not boss: cooldown 3.2 s left",
    )


def test_refusals_stingers_underruns_and_steps_of_the_ladder_are_told() -> None:
    made = board()
    made.take(Receipt(seq=1, accepted=False, code="unknown_input", frame=1, text="no input 'x'"))
    made.take(StingerArrived(id=1, name="victory", kind="scheduled", start=0, reason=""))
    made.take(StingerArrived(id=1, name="victory", kind="placed", start=0, reason=""))
    made.take(StingerArrived(id=2, name="victory", kind="dropped", start=0, reason="late"))
    made.take(Underrun(count=1))
    made.take(Status(rung=0, generator="score", headroom=5))
    made.take(Status(rung=1, generator="loop", headroom=1, reason="score is too slow"))
    made.take(Status(rung=1, generator="loop", headroom=1))
    assert texts(made) == [
        "refused: no input 'x'", "♪ victory", "♪ victory dropped", "the music ran dry", "loop plays now",
    ]  # fmt: skip
    assert made.lines[-1].details == ("score is too slow",)
    assert (made.rung, made.generator) == (1, "loop")


def test_a_bad_edit_is_told_line_by_line_and_a_good_one_brings_its_inputs() -> None:
    made = board()
    made.turn(made.dials["threat"].set_to(0.5))
    made.take(Rules(errors=("a.yaml:1:2: one", "a.yaml:3:4: two")))
    assert texts(made) == ["a.yaml:1:2: one", "a.yaml:3:4: two"]
    assert "weather" not in made.dials
    made.take(MORE)
    assert (made.dials["weather"].value, made.dials["threat"].value) == ("sun", 0.5)
    assert made.lines[-1].details == ("new inputs: weather",)


def test_the_ways_of_a_connection() -> None:
    made = Board()
    assert (made.connection, made.layers, made.mix) == ("waiting for the service", [], [])
    made.take(Live(welcome=WELCOME, resumed=False))
    made.take(Lost(reason="no message for 5 s"))
    assert made.connection == "lost"
    made.take(Live(welcome=WELCOME, resumed=True))
    made.take(Lost(reason="drain"))
    made.take(Live(welcome=WELCOME, resumed=False))
    made.take(Closed(reason="replaced", text="by another"))
    assert made.connection == "closed"
    assert texts(made) == [
        "the service is gone, the music goes on from the buffer", "the service is back",
        "the service is gone, the music goes on from the buffer", "another service goes on",
        "the session has ended: replaced",
    ]  # fmt: skip


def test_a_mistake_that_repeats_is_told_once_in_five_seconds() -> None:
    made = board()
    for played in range(0, 480_000, 4_800):
        made.moved(PlaybackPosition(played=played, committed=played, have=played))
        made.take(Error(code="out_of_range", text=f"at {played}"))
    assert texts(made) == ["out_of_range: at 0", "out_of_range: at 240000"]


def test_the_log_is_bounded_and_counts_on() -> None:
    made = board()
    for _ in range(2_000):
        made.take(Underrun(count=1))
    assert (len(made.lines), made.told) == (500, 2_000)


def test_texts_from_the_service_move_no_cursor() -> None:
    made = board()
    made.take(Rules(errors=("a.yaml:1:1: \x1b[2J\x07bell",)))
    assert texts(made) == ["a.yaml:1:1: [2Jbell"]


def test_beats_are_the_newest_heard() -> None:
    made = board()
    beat = BeatHeard(at=0, bar=3, beat=1, exact=True, tempo_bpm=96, meter=4)
    made.take(beat)
    assert made.beat == beat


def test_words_for_positions_and_events() -> None:
    positions = (0, 48_000 * 75 + 24_000, 48_000 * 60 - 1)
    assert [clock_text(position) for position in positions] == ["0:00.0", "1:15.5", "0:59.9"]
    assert tell_said({"threat": 0.25, "night": True, "region": "crypt"}, ("door",)) == (
        "threat 0.25, night on, region crypt, door!"
    )


def test_a_service_that_cannot_be_had_and_inputs_it_does_not_take_are_told() -> None:
    made = Board()
    made.take(ConnectionFailed(code="token_refused", text="the service at tcp://a:1 refuses the token"))
    made.take(InputRefused(name="theat", code="unknown_input", text="the rules declare no input 'theat'"))
    made.take(EventDelayed(seq=1, code="rate_limited", text="more than 100 events in a second"))
    assert texts(made) == [
        "the service at tcp://a:1 refuses the token",
        "unknown_input: the rules declare no input 'theat'",
        "rate_limited: more than 100 events in a second",
    ]
