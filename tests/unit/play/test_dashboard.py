"""The state behind `segue play`: mix and states at a position, reaction times, the log, reloads, errors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.play.audible import AudibleState
from segue.play.dashboard import Dashboard, event_text, played_text
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
from unit.play.playing_service import EMBERWOOD, MORE, SWITCHED

WELCOME = replace(next(message for message in MINIMAL if isinstance(message, Welcome)), rules=EMBERWOOD)
CHANGE = Change(
    kind="rendered", layer="action", from_state="calm", to_state="combat", decided=10, start=12, audible=23_040,
    at="beat", causes=(Cause(text="threat is 0.9 (>= 0.6)"), Cause(text="enemies is 4 (>= 3)")),
    candidates=(Candidate(state="boss", reason="cooldown 3.2 s left"),),
)  # fmt: skip


def music(
    start: int, count: int = 19_200, *, take: int = 0, mix: dict[str, float], state: str = "calm"
) -> MusicArrived:
    return MusicArrived(
        start=start, count=count, take=take, generator="score", reason="extend",
        states={"action": state}, mix=mix,
    )  # fmt: skip


def dashboard() -> Dashboard:
    made = Dashboard()
    made.handle(Live(welcome=WELCOME, resumed=False))
    return made


def texts(made: Dashboard) -> list[str]:
    return [line.text for line in made.lines]


# --- what is heard --------------------------------------------------------------------------------------------------


def test_the_mix_moves_from_the_end_of_a_chunk_to_the_end_of_the_next() -> None:
    audible = AudibleState()
    audible.add_music(music(0, mix={"a": 1.0}))
    audible.add_music(music(19_200, mix={"b": 1.0}, state="combat"))
    assert audible.mix(0) == {"a": 1.0}
    assert audible.mix(19_200 + 4_800) == {"a": 0.75, "b": 0.25}
    assert audible.mix(38_400) == {"a": 0.0, "b": 1.0}
    assert (audible.states(19_199)["action"], audible.states(19_200)["action"]) == ("calm", "combat")


def test_a_later_take_replaces_the_music_from_its_start_on() -> None:
    audible = AudibleState()
    for start in (0, 19_200, 38_400):
        audible.add_music(music(start, mix={"a": 1.0}))
    audible.add_music(music(24_960, 13_440, take=1, mix={"b": 1.0}, state="combat"))
    assert audible.states(24_959)["action"] == "calm"
    assert audible.states(60_000)["action"] == "combat", "the chunk at 38 400 was replaced"
    assert audible.mix(38_399)["b"] == pytest.approx(1, abs=1e-3)


def test_a_change_is_next_until_it_is_heard_and_a_withdrawn_change_never() -> None:
    audible = AudibleState()
    audible.add_change(replace(CHANGE, kind="decided"))
    assert audible.next_change("action", 0) is not None
    assert audible.move_to(23_040) == [], "decided is not rendered"
    audible.add_change(CHANGE)
    assert audible.move_to(23_039) == []
    assert audible.move_to(23_040) == [CHANGE]
    assert audible.move_to(23_041) == []
    audible.add_change(replace(CHANGE, decided=20, audible=90_000))
    audible.add_change(replace(CHANGE, decided=20, kind="withdrawn"))
    assert audible.next_change("action", 0) is None
    assert audible.move_to(100_000) == []


def test_past_music_is_forgotten() -> None:
    audible = AudibleState()
    for number in range(2_000):
        audible.add_music(music(number * 19_200, mix={"a": 1.0}))
        audible.move_to(number * 19_200)
    assert len(audible._music) <= 3


# --- the dashboard --------------------------------------------------------------------------------------------------


def test_switches_that_mute_layers_are_neither_inputs_nor_layers() -> None:
    made = Dashboard()
    made.handle(Live(welcome=replace(WELCOME, rules=SWITCHED.declaration or EMBERWOOD), resumed=False))
    assert set(made.dials) == {each.name for each in EMBERWOOD.inputs}
    assert [layer.name for layer in made.layers] == ["place", "action"]
    assert made.switches == ("place", "action")


@pytest.mark.parametrize(
    ("beat", "played", "near"),
    [
        (3, 98_400, True),
        (3, 96_100, True),
        (3, 100_700, True),
        (3, 95_900, False),
        (2, 98_400, False),
        (3, 101_000, False),
    ],
)
def test_a_bar_line_is_near_when_what_is_asked_for_now_is_heard_at_it(beat: int, played: int, near: bool) -> None:
    made = Dashboard()
    assert not made.is_bar_near()
    made.reaction_ms = 200.0
    # 120 bpm: a beat has 24 000 samples, and the reaction 9 600.
    made.handle(BeatHeard(at=84_000, bar=0, beat=beat, exact=True, tempo_bpm=120.0, meter=4))
    made.move_to(PlaybackPosition(played=played))
    assert made.is_bar_near() == near


def test_an_event_that_is_sent_ahead_says_nothing_of_the_reaction_time() -> None:
    made = dashboard()
    made.move_to(PlaybackPosition(played=48_000))
    made.event_sent(1, "threat 1", 96_000)
    made.handle(Receipt(seq=1, accepted=True, code="accepted", frame=50))
    assert made.reaction_ms is None
    assert made.lines[-1].text == "threat 1, heard after 0 ms"
    made.event_sent(2, "threat 0")
    made.handle(Receipt(seq=2, accepted=True, code="accepted", frame=30))
    assert made.reaction_ms == 200


def test_layers_and_mix_are_shown_in_the_order_of_the_rule_file() -> None:
    made = dashboard()
    made.handle(music(0, mix={"battle": 0.25, "woodland": 0.75}, state="combat"))
    assert made.mix == [("woodland", 0.75), ("dread", 0), ("market", 0), ("battle", 0.25), ("fanfare", 0)]
    assert made.layers == [("place", "forest", "", None), ("action", "combat", "", None)]
    assert (made.connection, made.generator, made.lookahead_s) == ("live", "score", WELCOME.lookahead_ms / 1000)


def test_reaction_time_runs_from_the_heard_sample_to_the_frame_that_obeys() -> None:
    made = dashboard()
    made.move_to(PlaybackPosition(played=96_000, committed=96_000, have=144_000))
    made.event_sent(1, "boss_dead!")
    made.event_sent(2, "")
    assert made.buffer_s == 1.0
    made.handle(Receipt(seq=1, accepted=True, code="accepted", frame=53))
    assert made.reaction_ms == 120
    made.handle(Receipt(seq=2, accepted=True, code="accepted", frame=52))
    assert made.reaction_ms == 80
    made.handle(Receipt(seq=9, accepted=True, code="accepted", frame=99))
    assert texts(made) == ["boss_dead!, heard after 120 ms"], "a slider's event is worth no line"


def test_the_log_shows_changes_their_causes_and_why_other_states_did_not_win() -> None:
    made = dashboard()
    made.handle(CHANGE)
    assert texts(made) == []
    made.move_to(PlaybackPosition(played=24_000, committed=24_000, have=24_000))
    (line,) = made.lines
    assert (line.at, line.text) == (23_040, "action: calm → combat at beat")
    assert line.details == (
        "because threat is 0.9 (>= 0.6); enemies is 4 (>= 3)",
        "not boss: cooldown 3.2 s left",
    )


def test_the_log_shows_refusals_stingers_underruns_and_fallbacks() -> None:
    made = dashboard()
    made.handle(Receipt(seq=1, accepted=False, code="unknown_input", frame=1, text="no input 'x'"))
    made.handle(StingerArrived(id=1, name="victory", kind="scheduled", start=0, reason=""))
    made.handle(StingerArrived(id=1, name="victory", kind="placed", start=0, reason=""))
    made.handle(StingerArrived(id=2, name="victory", kind="dropped", start=0, reason="late"))
    made.handle(Underrun(count=1))
    made.handle(Status(level=0, generator="score", headroom=5))
    made.handle(Status(level=1, generator="loop", headroom=1, reason="score is too slow"))
    made.handle(Status(level=1, generator="loop", headroom=1))
    assert texts(made) == [
        "refused: no input 'x'", "♪ victory", "♪ victory dropped",
        "the buffer ran empty", "the generator loop plays now",
    ]  # fmt: skip
    assert made.lines[-1].details == ("score is too slow",)
    assert (made.level, made.generator) == (1, "loop")


def test_doubts_about_styles_are_shown_at_the_start_and_after_every_edit_that_plays() -> None:
    said = iter([["style \"a\": 'nior' steers nothing"], []])
    made = Dashboard(lambda: next(said))
    made.handle(Live(welcome=WELCOME, resumed=False))
    made.handle(Live(welcome=WELCOME, resumed=True))
    made.handle(Rules(declaration=None, errors=("a mistake",)))
    made.handle(Rules(declaration=WELCOME.rules))
    assert texts(made) == ["warning: style \"a\": 'nior' steers nothing", "a mistake", "new rules are playing"]


def test_where_files_are_compared_the_log_names_the_one_that_plays() -> None:
    made = dashboard()
    made.file = "other.yaml"
    made.handle(Rules(declaration=WELCOME.rules))
    assert texts(made) == ["new rules are playing: other.yaml"]


def test_a_bad_edit_is_shown_line_by_line_and_a_good_one_adds_its_inputs() -> None:
    made = dashboard()
    made.set_dial(made.dials["threat"].set_to(0.5))
    made.handle(Rules(errors=("a.yaml:1:2: one", "a.yaml:3:4: two")))
    assert texts(made) == ["a.yaml:1:2: one", "a.yaml:3:4: two"]
    assert "weather" not in made.dials
    made.handle(MORE)
    assert (made.dials["weather"].value, made.dials["threat"].value) == ("sun", 0.5)
    assert made.lines[-1].details == ("new inputs: weather",)


def test_the_log_shows_the_states_of_the_connection() -> None:
    made = Dashboard()
    assert (made.connection, made.layers, made.mix) == ("waiting for the service", [], [])
    made.handle(Live(welcome=WELCOME, resumed=False))
    made.handle(Lost(reason="no message for 5 s"))
    assert made.connection == "lost"
    made.handle(Live(welcome=WELCOME, resumed=True))
    made.handle(Lost(reason="drain"))
    made.handle(Live(welcome=WELCOME, resumed=False))
    made.handle(Closed(reason="replaced", text="by another"))
    assert made.connection == "closed"
    assert texts(made) == [
        "the connection is lost; the buffered music plays on", "the service is back",
        "the connection is lost; the buffered music plays on", "another service continues the session",
        "the session has ended: replaced",
    ]  # fmt: skip


def test_a_repeated_error_is_shown_once_in_five_seconds() -> None:
    made = dashboard()
    for played in range(0, 480_000, 4_800):
        made.move_to(PlaybackPosition(played=played, committed=played, have=played))
        made.handle(Error(code="out_of_range", text=f"at {played}"))
    assert texts(made) == ["out_of_range: at 0", "out_of_range: at 240000"]


def test_the_log_keeps_500_lines_and_counts_all() -> None:
    made = dashboard()
    for _ in range(2_000):
        made.handle(Underrun(count=1))
    assert (len(made.lines), made.num_lines) == (500, 2_000)


def test_control_characters_from_the_service_are_removed() -> None:
    made = dashboard()
    made.handle(Rules(errors=("a.yaml:1:1: \x1b[2J\x07bell",)))
    assert texts(made) == ["a.yaml:1:1: [2Jbell"]


def test_the_newest_beat_is_shown() -> None:
    made = dashboard()
    beat = BeatHeard(at=0, bar=3, beat=1, exact=True, tempo_bpm=96, meter=4)
    made.handle(beat)
    assert made.beat == beat


def test_positions_and_events_in_words() -> None:
    positions = (0, 48_000 * 75 + 24_000, 48_000 * 60 - 1)
    assert [played_text(position) for position in positions] == ["0:00.0", "1:15.5", "0:59.9"]
    assert event_text({"threat": 0.25, "night": True, "region": "crypt"}, ("door",)) == (
        "threat 0.25, night on, region crypt, door!"
    )


def test_the_log_shows_failed_connections_and_refused_inputs() -> None:
    made = Dashboard()
    made.handle(ConnectionFailed(code="token_refused", text="the service at tcp://a:1 refuses the token"))
    made.handle(InputRefused(name="theat", code="unknown_input", text="the rules declare no input 'theat'"))
    made.handle(EventDelayed(seq=1, code="rate_limited", text="more than 100 events in a second"))
    assert texts(made) == [
        "the service at tcp://a:1 refuses the token",
        "unknown_input: the rules declare no input 'theat'",
        "rate_limited: more than 100 events in a second",
    ]
