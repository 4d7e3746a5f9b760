"""The client's session against a scripted service: life cycle, events, restores, beats, invalid messages."""

from __future__ import annotations

import math
import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from segue_sdk.client_events import BeatHeard, Closed, Live, Lost, MessageRefused, Underrun
from segue_sdk.codec import encode
from segue_sdk.errors import ProtocolError
from segue_sdk.handshake import TRANSITIONS, ClientState, Signal
from segue_sdk.limits import FRAME_SIZE, MOST_SETTINGS, MOST_UNRECEIPTED, REPORT_S, RESTORE_AHEAD
from segue_sdk.messages import (
    Beat,
    Bye,
    Clock,
    Control,
    Error,
    Event,
    Hello,
    Playhead,
    Receipt,
    Restore,
    Save,
    Saved,
    Status,
    Stinger,
)
from segue_sdk.outbox import QueueFullError
from segue_sdk.session import ClientSession
from segue_sdk.vectors.examples import FULL, MINIMAL
from unit.sdk.peer import WELCOME, Peer, chunk, of_type, receipt

HELLO = Hello(versions=(1,), client="test", rules_name="emberwood.yaml", seed=7)
OTHER = replace(WELCOME, key=bytes(16), session="s-2")


def offline() -> Peer:
    return Peer(ClientSession(HELLO))


def live() -> Peer:
    peer = offline()
    peer.go_live()
    return peer


# --- life cycle -----------------------------------------------------------------------------------------------------


def test_hello_then_welcome_then_the_first_playhead() -> None:
    peer = offline()
    peer.session.connected(0.0)
    assert peer.sent() == [HELLO]
    peer.says(WELCOME)
    assert peer.session.state is ClientState.LIVE
    assert peer.client_events() == [Live(welcome=WELCOME, resumed=False)]
    assert peer.sent() == [Playhead(played=0, committed=0, have=0, paused=True)]


def test_hello_is_repeated_until_the_connection_counts_as_lost() -> None:
    peer = offline()
    peer.session.connected(0.0)
    for _ in range(49):
        peer.tick(0.1)
    assert len(of_type(Hello, peer.sent())) == 5
    peer.tick(0.11)
    assert of_type(Lost, peer.client_events()) == [Lost(reason="no message for 5 s")]
    assert peer.session.state is ClientState.OFFLINE


def test_the_playhead_is_sent_in_time_and_at_once_when_the_clock_stops_or_starts() -> None:
    peer = live()
    reports = []
    for i in range(100):
        peer.tick(0.016, played=i * 768, committed=i * 768 + 2_400, have=200_000, standing=False)
        reports += [peer.now_s for _ in of_type(Playhead, peer.sent())]
    assert reports[0] == pytest.approx(0.016)
    assert max(b - a for a, b in pairwise(reports)) <= REPORT_S
    peer.tick(0.001, standing=True, underruns=1)
    assert of_type(Playhead, peer.sent())[0].paused
    assert peer.client_events() == [Underrun(count=1)]


def test_a_silent_connection_is_lost_and_the_session_is_resumed() -> None:
    peer = live()
    peer.says(chunk(1, 0), chunk(2, 1_920))
    for _ in range(51):
        peer.tick(0.1)
    assert of_type(Lost, peer.client_events())
    peer.session.connected(peer.now_s)
    peer.sent()
    peer.session.connected(peer.now_s)
    assert peer.sent() == [], "one hello is enough"
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    assert peer.sent() == [replace(HELLO, resume=WELCOME.key, last_chunk=2)]
    peer.says(replace(WELCOME, resumed=True))
    assert peer.session.state is ClientState.LIVE
    assert not of_type(Restore, peer.sent())


def test_a_restarted_service_gets_the_first_cell_half_a_second_ahead() -> None:
    peer = live()
    peer.says(*(chunk(number + 1, number * FRAME_SIZE, cell=b"%d" % number) for number in range(60)))
    peer.tick(played=3 * FRAME_SIZE, committed=3 * FRAME_SIZE, standing=False)
    end = math.ceil((3 * FRAME_SIZE + RESTORE_AHEAD) / FRAME_SIZE)
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.sent()
    peer.says(OTHER)
    (first,) = of_type(Restore, peer.sent())
    assert first == Restore(id=1, at=end * FRAME_SIZE, take=0, cell=b"%d" % (end - 1))
    # What is sent again over another connection is the same message, however far the clock has run.
    peer.tick(0.5, played=20 * FRAME_SIZE, committed=20 * FRAME_SIZE)
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.sent()
    peer.says(replace(OTHER, resumed=True))
    assert of_type(Restore, peer.sent()) == [first]
    # Another service gets another request.
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.sent()
    peer.says(replace(OTHER, key=bytes(16)))
    (other,) = of_type(Restore, peer.sent())
    assert (other.id, other.cell) == (2, b"%d" % (end - 1 + 17))


def test_the_last_cell_is_kept_however_old_and_music_then_continues_at_the_clock() -> None:
    peer = live()
    peer.says(chunk(1, 0, cell=b"old"), chunk(2, 1_920))
    peer.tick(played=3_000, committed=3_000, have=3_840, standing=False)
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.says(OTHER)
    assert of_type(Restore, peer.sent()) == [Restore(id=1, at=3_000, take=0, cell=b"old")]


def test_a_restarted_service_gets_no_cell_of_replaced_music() -> None:
    peer = live()
    peer.says(chunk(1, 0, cell=b"old"), chunk(2, 1_920, cell=b"bed"), chunk(3, 1_920, take=4, cell=b"new", mixed=True))
    peer.session.set("threat", 1.0)
    peer.tick(played=500, committed=960, have=3_840, standing=False)
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.sent()
    peer.says(OTHER)
    assert peer.session.state is ClientState.RESTORING
    restore, report = peer.sent()
    assert restore == Restore(id=1, at=3_840, take=4, cell=b"new")
    assert isinstance(report, Playhead)
    assert report.last_chunk == 0
    peer.tick()
    assert not of_type(Event, peer.sent()), "events wait for the restore"
    peer.says(chunk(1, 3_840, take=5))
    peer.says(Status(level=0, generator="score", headroom=2.0, restore=1, restored="all"))
    assert peer.session.state is ClientState.LIVE
    assert [event.events[0].set for event in of_type(Event, peer.sent())] == [{"threat": 1.0}]


def test_without_a_cell_the_restore_asks_for_new_music() -> None:
    peer = live()
    peer.says(chunk(1, 0), chunk(2, 1_920))
    peer.tick(played=500, committed=960, have=3_840, standing=False)
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.says(OTHER)
    assert of_type(Restore, peer.sent()) == [Restore(id=1, at=960, take=0)]
    peer.says(Error(code="restore_refused", about="restore", seq=1))
    assert peer.session.state is ClientState.LIVE


def test_a_service_restarted_behind_the_connection_receives_hello_again() -> None:
    peer = live()
    peer.says(Error(code="no_session"))
    assert peer.session.state is ClientState.GREETING
    assert peer.sent() == [replace(HELLO, resume=WELCOME.key)]
    peer.says(Error(code="no_session"), Error(code="no_session"))
    assert (peer.sent(), peer.client_events()) == ([], []), "answers to what was on its way"
    peer.says(chunk(9, 0))
    assert (peer.sent(), peer.client_events()) == ([], []), "ignored before welcome, without an error"


def test_what_is_no_blob_is_refused_before_anything_changes() -> None:
    peer = live()
    peer.session.reset()
    with pytest.raises(ProtocolError):
        peer.session.restore(b"")
    assert peer.session.save() == 1
    peer.tick()
    assert [item.reset for event in of_type(Event, peer.sent()) for item in event.events] == [True]


def test_samples_that_cannot_be_played_are_answered_and_told_ten_times_a_second() -> None:
    peer = live()
    error = ProtocolError("not_finite", "payload: a value that is not finite")
    sound = Stinger(id=7, name="victory", kind="placed", start=0, total=1, count=1, pcm=bytes(8))
    for message in (chunk(3, 0), sound):
        peer.session.refuse_samples(message, error)
    assert [(sent.code, sent.about, sent.seq) for sent in of_type(Error, peer.sent())] == [
        ("not_finite", "chunk", 3),
        ("not_finite", "stinger", 7),
    ]
    for _ in range(20):
        peer.session.refuse_samples(sound, error)
    assert len(of_type(Error, peer.sent())) == 8
    assert len(of_type(MessageRefused, peer.client_events())) == 22


def test_a_second_welcome_is_ignored() -> None:
    peer = live()
    peer.says(WELCOME)
    assert (peer.client_events(), peer.sent(), peer.session.state) == ([], [], ClientState.LIVE)


def test_bye_with_and_without_retry_ms() -> None:
    peer = live()
    peer.says(Bye(reason="drain", retry_ms=500))
    assert peer.client_events() == [Lost(reason="drain", retry_ms=500)]
    peer.go_live(replace(WELCOME, resumed=True))
    peer.says(Bye(reason="replaced", text="by another"))
    assert peer.client_events() == [Closed(reason="replaced", text="by another")]
    peer.session.connected(peer.now_s)
    assert (peer.session.state, peer.sent()) == (ClientState.CLOSED, [])


def test_a_version_that_hello_did_not_offer_ends_the_session() -> None:
    peer = offline()
    peer.session.connected(0.0)
    peer.says(replace(WELCOME, version=2))
    assert peer.session.state is ClientState.CLOSED
    assert [bye.reason for bye in of_type(Bye, peer.sent())] == ["refused"]
    (closed,) = peer.client_events()
    assert isinstance(closed, Closed)
    assert (closed.reason, closed.code) == ("unsupported_version", "unsupported_version")
    assert "version 2" in closed.text
    assert "install the one that belongs to the service" in closed.text


@pytest.mark.parametrize("code", ["unknown_rules", "malformed", "unauthorised", "an unknown code"])
def test_a_hello_that_is_refused_without_bye_is_repeated_twice(code: str) -> None:
    peer = offline()
    peer.session.connected(0.0)
    refusal = Error(code=code, text="no", about="hello")
    hellos = len(of_type(Hello, peer.sent()))
    for _ in range(2):
        peer.says(refusal)
        assert peer.session.state is ClientState.GREETING
        # Another error is no answer to hello.
        peer.says(Error(code=code, about=""))
        peer.tick(1.0)
        hellos += len(of_type(Hello, peer.sent()))
    peer.client_events()
    peer.says(refusal)
    assert peer.client_events() == [refusal, Closed(reason="refused", text="no", code=code)]
    for _ in range(3):
        peer.tick(1.0)
        hellos += len(of_type(Hello, peer.sent()))
    assert hellos == 3


def test_a_hello_that_is_refused_for_lack_of_room_is_repeated_as_often_as_the_service_says() -> None:
    peer = offline()
    for _ in range(5):
        peer.session.connected(peer.now_s)
        peer.says(Error(code="too_many_sessions", about="hello"), Bye(reason="refused", retry_ms=100))
        assert peer.session.state is ClientState.OFFLINE
    peer.go_live()
    assert peer.session.state is ClientState.LIVE


def test_close_says_bye_once() -> None:
    peer = live()
    peer.session.close()
    peer.session.close()
    assert peer.sent() == [Bye(reason="quit")]
    assert peer.client_events() == [Closed(reason="quit")]


def test_the_state_table_is_that_of_the_protocol_page() -> None:
    page = (Path(__file__).parents[3] / "engine_sdk" / "PROTOCOL.md").read_text("utf-8")
    section = page[page.index("## 3 Life cycle") : page.index("## 4 Events")]
    told = set()
    for froms, then in re.findall(r"^\| (.+?) \| .+? \| `(\w+)` \|", section, re.MULTILINE):
        named = [ClientState(name) for name in re.findall(r"`(\w+)`", froms)]
        if froms.startswith("any but"):
            named = [state for state in ClientState if state not in named]
        told |= {(state, ClientState(then)) for state in named}
    ours = {(state, then) for (state, _), then in TRANSITIONS.items()}
    assert told - {(ClientState.GREETING, ClientState.GREETING)} == ours
    assert {trigger for _, trigger in TRANSITIONS} == set(Signal)


# --- events ---------------------------------------------------------------------------------------------------------


def test_a_frame_is_one_event_with_the_last_value_of_each_input() -> None:
    peer = live()
    for value in (0.1, 0.2, 0.3):
        peer.session.set("threat", value)
    peer.session.set("region", "crypt")
    peer.session.fire("boss_dead")
    peer.session.fire("boss_dead")
    peer.tick(played=4_800, committed=4_800, have=4_800)
    (event,) = of_type(Event, peer.sent())
    (item,) = event.events
    assert (item.seq, item.at) == (1, 4_800)
    assert item.set == {"threat": 0.3, "region": "crypt"}
    assert item.fire == ("boss_dead", "boss_dead")
    peer.tick()
    assert not of_type(Event, peer.sent())


def test_events_are_sent_again_until_their_receipt_and_receipts_count_once() -> None:
    peer = live()
    for number in range(1, 101):
        peer.session.fire("door")
        peer.tick()
        if number in (1, 3, 100):
            peer.says(receipt(number))
    peer.says(receipt(3), receipt(555))
    assert [answer.seq for answer in of_type(Receipt, peer.client_events())] == [1, 3, 100]
    peer.session.disconnected()
    peer.session.fire("window")
    peer.tick()
    peer.sent()
    peer.session.connected(peer.now_s)
    peer.says(replace(WELCOME, resumed=True))
    came: list[int] = []
    for _ in range(200):
        items = [item.seq for event in of_type(Event, peer.sent()) for item in event.events]
        came += items
        peer.says(*(receipt(seq) for seq in items))
        peer.tick()
    assert came == [2, *range(4, 100), 101]
    assert peer.session.waiting == 0


def test_calls_before_the_first_welcome_are_kept() -> None:
    peer = offline()
    peer.session.fire("door")
    peer.tick()
    peer.session.connected(peer.now_s)
    peer.says(WELCOME)
    assert of_type(Event, peer.sent())[0].events[0].fire == ("door",)


def test_queues_are_bounded_and_raise_when_full() -> None:
    peer = offline()
    for i in range(MOST_SETTINGS):
        peer.session.set(f"i{i}", 0)
    peer.session.set("i0", 1)
    with pytest.raises(QueueFullError, match="256"):
        peer.session.set("one_more", 0)
    for _ in range(MOST_UNRECEIPTED):
        peer.tick(0.001)
        peer.session.fire("x")
    peer.tick(0.001)
    with pytest.raises(QueueFullError, match="1024"):
        peer.session.fire("x")


@pytest.mark.parametrize("value", [float("nan"), 2**60, "a" * 65, None, [1]])
def test_values_that_no_message_can_carry_are_refused_at_the_call(value: object) -> None:
    peer = live()
    with pytest.raises(ProtocolError):
        peer.session.set("threat", value)  # type: ignore[arg-type]
    peer.tick()
    assert not of_type(Event, peer.sent())


# --- save, restore, pause, beats ------------------------------------------------------------------------------------


def test_saves_and_restores_are_repeated_after_an_outage_and_answered_once() -> None:
    peer = live()
    first, second = peer.session.save(), peer.session.restore(b"SGS1")
    assert peer.sent() == [Save(id=first), Restore(id=second, at=0, take=0, blob=b"SGS1")]
    peer.session.disconnected()
    peer.client_events()
    peer.session.connected(peer.now_s)
    peer.says(replace(WELCOME, resumed=True))
    assert of_type(Save, peer.sent()) == [Save(id=first)]
    saved = Saved(id=first, position=0, blob=b"x")
    peer.client_events()
    peer.says(saved, saved)
    assert peer.client_events() == [saved]
    peer.says(Error(code="restore_refused", about="restore", seq=second))
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.says(replace(WELCOME, resumed=True))
    assert not of_type(Restore, peer.sent())


@pytest.mark.parametrize("resumed", [True, False])
def test_every_welcome_is_followed_by_what_the_game_has_changed(resumed: bool) -> None:
    peer = live()
    assert of_type(Control, peer.sent()) == []
    peer.session.pause()
    assert peer.sent() == [Control(op="pause")]
    peer.session.control(Control(op="volume", gain_db=-6.0, ramp_ms=500))
    peer.session.disconnected()
    assert not peer.session.control(Control(op="mute")), "nobody to tell"
    peer.session.connected(peer.now_s)
    peer.sent()
    peer.says(replace(WELCOME, key=WELCOME.key if resumed else bytes(16), resumed=resumed))
    now = [Control(op="volume", gain_db=-6.0), Control(op="mute")]
    assert of_type(Control, peer.sent()) == [Control(op="pause"), *now]
    peer.session.resume()
    assert peer.sent() == [Control(op="resume")]
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.says(replace(WELCOME, resumed=True))
    assert of_type(Control, peer.sent()) == [Control(op="resume"), *now]


def clock(start: int, end: int, *positions: int) -> Clock:
    beats = tuple(Beat(at=at, bar=at // 400, beat=at // 100 % 4) for at in positions)
    return Clock(start=start, end=end, tempo_bpm=120, meter=4, exact=True, beats=beats)


def test_the_first_beat_is_reported_though_the_clock_stood_there_before() -> None:
    peer = live()
    peer.tick(played=0)
    peer.says(clock(0, 1_000, 0, 100))
    peer.tick(played=0)
    assert of_type(BeatHeard, peer.client_events()) == []
    peer.tick(played=0, standing=False)
    assert [beat.at for beat in of_type(BeatHeard, peer.client_events())] == [0]
    peer.says(clock(0, 1_000, 0, 100))
    peer.tick(played=99)
    assert of_type(BeatHeard, peer.client_events()) == []


def test_beats_are_reported_once_in_order_and_replaced_by_newer_clocks() -> None:
    peer = live()
    peer.says(clock(0, 1_000, 0, 100, 200, 300, 400))
    peer.tick(played=150, committed=150, have=150, standing=False)
    assert [(beat.at, beat.bar, beat.beat) for beat in of_type(BeatHeard, peer.client_events())] == [
        (0, 0, 0),
        (100, 0, 1),
    ]
    peer.says(clock(120, 1_000, 130, 250, 350))
    peer.tick(played=400, committed=400, have=400)
    assert [beat.at for beat in of_type(BeatHeard, peer.client_events())] == [250, 350]


# --- bad input ------------------------------------------------------------------------------------------------------


def test_invalid_messages_are_answered_reported_and_survived() -> None:
    peer = live()
    peer.raw(b"\xc1")
    peer.raw(encode(Save(id=1))[0], b"\x00")
    peer.raw(b"\x83\xa1v\x01\xa1t\xa4sing\xa3seq\x07")
    peer.raw()
    assert [refused.code for refused in of_type(MessageRefused, peer.client_events())] == [
        "malformed", "payload_mismatch", "unknown_type", "payload_mismatch",
    ]  # fmt: skip
    answers = of_type(Error, peer.sent())
    assert [(error.code, error.about, error.seq) for error in answers][2] == ("unknown_type", "sing", 7)
    peer.says(receipt(1))
    assert peer.session.state is ClientState.LIVE


def test_a_clients_message_from_the_service_is_unexpected() -> None:
    peer = live()
    peer.says(Save(id=3))
    assert of_type(Error, peer.sent()) == [Error(code="unexpected", text="not while live", about="save", seq=3)]


def test_errors_are_not_answered_with_errors_and_never_more_than_ten_a_second() -> None:
    peer = live()
    peer.raw(b"\x82\xa1v\x01\xa1t\xa5error")
    assert peer.sent() == []
    peer.now_s = 10.0
    for _ in range(50):
        peer.raw(b"\xc1")
    assert len(of_type(Error, peer.sent())) == 10


@pytest.mark.parametrize("seed", range(20))
def test_no_message_raises_in_any_state_valid_or_not(seed: int) -> None:
    chance = random.Random(seed)
    peer = offline()
    for _ in range(300):
        parts = [bytes(part) for part in encode(chance.choice([*MINIMAL, *FULL]))]
        if chance.random() < 0.4:
            header = bytearray(parts[0])
            header[chance.randrange(len(header))] = chance.randrange(256)
            parts[0] = bytes(header[: chance.randint(0, len(header))])
        if chance.random() < 0.3:
            peer.session.connected(peer.now_s)
        peer.raw(*parts)
        peer.tick(chance.choice([0.01, 0.2]))
        peer.sent()
        peer.client_events()
    assert peer.session.state in ClientState


def test_an_event_is_meant_for_the_sample_heard_when_its_frame_ends() -> None:
    peer = live()
    peer.tick(played=9_600, committed=12_000, have=48_000)
    peer.sent()
    positions = []
    for played in (14_400, 4_800):  # later than at the last tick, and earlier
        peer.session.set("threat", played)
        peer.session.end_frame(played)
        peer.session.tick(peer.now_s, peer.position)
        positions += [item.at for event in of_type(Event, peer.sent()) for item in event.events]
    assert positions == [14_400, 9_600]
