"""What a client may rely on, over a real socket: music up to its lookahead, receipts, changes, and reconnecting."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from segue.audio.files import read_audio
from segue.service.server import Service
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import (
    Bye,
    Change,
    Chunk,
    Clock,
    Control,
    Error,
    Event,
    EventItem,
    Hello,
    Receipt,
    Rules,
    Status,
    Stinger,
    Welcome,
)
from service.peer import PATIENCE_S, Peer, lay, play_deep
from service.serving import serving

LOOKAHEAD = 2 * SAMPLE_RATE
LIBRARY = Path(__file__).parents[2] / "rules" / "library"


def again(service: Service, peer: Peer, welcome: Welcome, last_chunk: int) -> tuple[Peer, Welcome]:
    """Return the same client on a new connection."""
    peer.vanish()
    back = Peer(service.addresses[0])
    return back, back.greet(resume=welcome.key, last_chunk=last_chunk)


def test_the_welcome_contains_the_declaration(peer: Peer) -> None:
    welcome = peer.greet(seed=5)
    assert not welcome.resumed
    assert welcome.seed == 5
    assert welcome.lookahead_ms == 2_000
    assert [(one.name, one.type) for one in welcome.rules.inputs] == [
        ("deep", "flag"),
        ("level", "number"),
        ("ping", "trigger"),
    ]
    assert [layer.states for layer in welcome.rules.layers] == [("shore", "depth"), ("silent", "heard")]
    assert welcome.generator.name == "score"
    assert welcome.generator.model


def test_music_starts_with_the_first_playhead_and_ends_at_the_lookahead(peer: Peer) -> None:
    peer.greet()
    assert not any(isinstance(message, Chunk) for message in peer.quiet(0.3))
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    peer.quiet(0.3)
    chunk = 10 * FRAME_SIZE
    assert LOOKAHEAD <= peer.end < LOOKAHEAD + chunk
    peer.playhead(SAMPLE_RATE)
    peer.fill(LOOKAHEAD + SAMPLE_RATE)
    peer.quiet(0.3)
    assert peer.end < LOOKAHEAD + SAMPLE_RATE + chunk
    assert [one.seq for one in peer.chunks] == list(range(1, len(peer.chunks) + 1))
    music = peer.music()
    assert np.abs(music).max() > 0.01
    assert {one.take for one in peer.chunks} == {0}


def test_two_sessions_with_one_seed_get_the_same_music_independently(service: Service) -> None:
    with Peer(service.addresses[0]) as one, Peer(service.addresses[0]) as other:
        first, second = one.greet(seed=3), other.greet(seed=3)
        assert first.key != second.key
        for peer in (one, other):
            peer.playhead(0)
        for peer in (one, other):
            peer.fill(LOOKAHEAD)
        assert np.array_equal(one.music()[:LOOKAHEAD], other.music()[:LOOKAHEAD])


def test_beats_come_with_the_music(peer: Peer) -> None:
    peer.greet()
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    clocks = [message for message in peer.seen if isinstance(message, Clock)]
    beats = [beat.at for clock in clocks for beat in clock.beats]
    assert clocks[0].start == 0
    assert all(left.end == right.start for left, right in pairwise(clocks))
    assert len(beats) >= 2
    # 72 beats a minute
    assert set(np.diff(beats)) <= {39_999, 40_000, 40_001}


def test_an_event_gets_a_receipt_music_and_an_explanation(peer: Peer) -> None:
    peer.greet()
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    peer.send(1, deep=True)
    receipt = peer.expect(Receipt)
    assert (receipt.seq, receipt.accepted, receipt.code) == (1, True, "accepted")
    change = peer.expect(Change, lambda one: one.kind == "rendered")
    assert (change.layer, change.from_state, change.to_state) == ("water", "shore", "depth")
    assert change.causes[0].seq == 1
    assert receipt.frame * FRAME_SIZE <= change.audible < LOOKAHEAD
    new = peer.expect(Chunk, lambda one: one.take == 1)
    assert new.start <= change.audible
    assert new.mixed
    assert new.reason == "replace"
    assert peer.expect(Chunk, lambda one: one.take == 1).states["water"] == "depth"
    before = lay([one for one in peer.chunks if one.take == 0])
    assert np.array_equal(peer.music()[: new.start], before[: new.start])


def test_a_stinger_that_starts_on_a_beat_is_sent_ahead_of_the_client() -> None:
    emberwood = LIBRARY / "emberwood" / "emberwood.yaml"
    with serving(rules={"emberwood": emberwood}, default_rules="emberwood") as service:
        with Peer(service.addresses[0]) as peer:
            assert "victory" in peer.greet().rules.stingers
            peer.playhead(0)
            peer.fill(4 * SAMPLE_RATE)
            peer.send(1, fire=["boss_dead"])
            first = peer.expect(Stinger, lambda one: one.kind == "placed" and one.name == "victory")
            sound = read_audio(emberwood.parent / "stings" / "victory.ogg", max_seconds=60.0)

            def parts() -> list[Stinger]:
                return [one for one in peer.seen if isinstance(one, Stinger) and one.pcm is not None]

            def samples() -> NDArray[np.float32]:
                return np.concatenate([np.frombuffer(bytes(one.pcm or b""), "<f4") for one in parts()]).reshape(-1, 2)

            def beats() -> set[int]:
                return {beat.at for one in peer.seen if isinstance(one, Clock) for beat in one.beats}

            peer.wait(lambda: first.start in beats(), "the beat it is placed on")
            # Parts are sent 4 s ahead.
            assert first.start < SAMPLE_RATE
            assert len(sound) < 4 * SAMPLE_RATE
            peer.playhead(first.start)
            peer.wait(lambda: len(samples()) >= len(sound), "the whole stinger")
        assert np.array_equal(samples(), sound)
        assert {(part.id, part.name, part.total) for part in parts()} == {(first.id, "victory", len(sound))}
        assert 0 < first.start < 4 * SAMPLE_RATE
        assert first.duck is not None
        assert (first.gain_db, first.duck.depth_db) == (-3.0, -6.0)


def test_a_repeated_event_gets_the_same_receipt(peer: Peer) -> None:
    peer.greet()
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    peer.send(1, deep=True)
    first = peer.expect(Receipt)
    peer.send(2, depth=1)
    assert peer.expect(Receipt).code == "unknown_input"
    peer.send(3, deep="yes")
    assert peer.expect(Receipt).code == "wrong_type"
    peer.send(4, fire=["ping"], level=7.5)
    clamped = peer.expect(Receipt)
    assert (clamped.accepted, clamped.code) == (True, "clamped")
    peer.send(1, deep=True)
    assert peer.expect(Receipt) == first
    peer.wait(lambda: any(isinstance(one, Change) and one.layer == "water" for one in peer.seen), "the change")
    peer.quiet(1.0)
    changes = [one for one in peer.seen if isinstance(one, Change) and one.kind == "rendered" and one.layer == "water"]
    assert len(changes) == 1


def test_a_client_that_reconnects_misses_nothing(service: Service, peer: Peer) -> None:
    welcome = peer.greet()
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    peer.send(1, deep=True)
    peer.expect(Receipt)
    peer.expect(Chunk, lambda one: one.take == 1)
    peer.fill(LOOKAHEAD)
    peer.quiet(0.2)
    sent = {one.seq: one for one in peer.chunks}
    back, resumed = again(service, peer, welcome, last_chunk=2)
    with back:
        assert resumed.resumed
        assert resumed.session == welcome.session
        back.wait(lambda: len(back.chunks) >= len(sent) - 2, "the chunks it lacks")
        assert [one.seq for one in back.chunks] == sorted(sent)[2:]
        assert all(bytes(one.pcm) == bytes(sent[one.seq].pcm) and one.take == sent[one.seq].take for one in back.chunks)
        back.send(1, deep=True)
        assert back.expect(Receipt).frame == next(one for one in peer.seen if isinstance(one, Receipt)).frame


def test_a_second_connection_takes_over_the_session(service: Service, peer: Peer) -> None:
    welcome = peer.greet()
    with Peer(service.addresses[0]) as other:
        assert other.greet(resume=welcome.key).resumed
        assert peer.expect(Bye).reason == "replaced"
        peer.playhead(0)
        assert peer.expect(Error).code == "no_session"


def test_hello_again_gets_the_same_welcome(peer: Peer) -> None:
    first = peer.greet()
    assert peer.greet(seed=99) == first


def test_an_unknown_session_key_opens_a_new_session(peer: Peer) -> None:
    assert not peer.greet(resume=bytes(16)).resumed


def test_messages_without_a_session_are_refused(peer: Peer) -> None:
    peer.playhead(0)
    error = peer.expect(Error)
    assert (error.code, error.about) == ("no_session", "playhead")
    peer.send(1, deep=True)
    assert peer.expect(Error).code == "no_session"


def test_message_types_of_the_service_are_refused(peer: Peer) -> None:
    welcome = peer.greet()
    peer.say(welcome)
    assert peer.expect(Error).code == "unexpected"


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ({"rules_name": "../etc/passwd"}, "unknown_rules"),
        (
            {"rules_text": "segue: 1\nstyles: {a: {text: calm}}\nlayers: {l: {states: {s: {mix: {b: 1}}}}}\n"},
            "rules_refused",
        ),
        ({"rules_text": "segue: 1\ninclude: [x.yaml]\n"}, "rules_refused"),
        ({"generator": "loop"}, "unknown_generator"),
        ({"generator": "mrt9"}, "unknown_generator"),
    ],
)
def test_an_impossible_hello_is_refused_with_a_code(peer: Peer, hello: dict[str, str], code: str) -> None:
    peer.say(Hello(versions=(1,), client="a test", **hello))
    error = peer.expect(Error)
    assert (error.code, error.about) == (code, "hello")
    assert error.text
    assert peer.expect(Bye).reason == "refused"


@pytest.mark.parametrize(
    ("name", "guess"), [("clam", "; did you mean 'calm'?"), ("calm.yaml", "have no extension: did you mean 'calm'?")]
)
def test_a_misspelt_name_of_rules_is_refused_with_a_guess(peer: Peer, name: str, guess: str) -> None:
    peer.say(Hello(versions=(1,), client="a test", rules_name=name))
    assert peer.expect(Error).text.endswith(guess)


def test_an_unknown_protocol_version_is_refused(peer: Peer) -> None:
    peer.say(Hello(versions=(2, 3), client="a test"))
    assert peer.expect(Error).code == "unsupported_version"
    assert peer.expect(Bye).reason == "refused"


def test_a_client_may_send_its_own_rules(peer: Peer) -> None:
    text = (
        "segue: 1\ntitle: mine\nstyles: {a: {text: calm}}\nlayers: {l: {states: {s: {default: true, mix: {a: 1}}}}}\n"
    )
    assert peer.greet(rules_text=text).rules.title == "mine"
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    assert peer.chunks[-1].mix == {"a": 1.0}


def test_a_playhead_that_runs_too_fast_gets_no_more_music(peer: Peer) -> None:
    """A client that asks for a thousand years of music causes one second of music a second."""
    peer.greet()
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    begun = time.monotonic()
    while time.monotonic() < begun + 3.0 or peer.end <= 10 * SAMPLE_RATE:
        assert time.monotonic() < begun + PATIENCE_S
        peer.playhead(2**50, have=2**50)
        peer.quiet(0.02)
    # 15 s at once, and what a clock that is a tenth too fast adds in the time that passed.
    elapsed = time.monotonic() - begun
    assert peer.end < LOOKAHEAD + (15 + 1.1 * elapsed + 0.8) * SAMPLE_RATE


def test_events_above_the_limit_get_a_refusing_receipt() -> None:
    with serving(events_per_second=20) as service, Peer(service.addresses[0]) as peer:
        peer.greet()
        peer.playhead(0)
        # In one message, so that no time passes between them.
        peer.say(Event(events=tuple(EventItem(seq=seq, at=0, set={"level": 0.5}) for seq in range(1, 65))))
        receipts = {one.seq: one.code for one in (peer.expect(Receipt) for _ in range(64))}
        assert receipts == {seq: "accepted" if seq <= 20 else "rate_limited" for seq in range(1, 65)}
        # Sent again, it gets the same receipt.
        peer.send(21, level=0.5)
        assert peer.expect(Receipt).code == "rate_limited"


def test_one_session_too_many_is_refused() -> None:
    with serving(max_sessions=1) as service, Peer(service.addresses[0]) as one, Peer(service.addresses[0]) as other:
        one.greet()
        other.say(Hello(versions=(1,), client="a test"))
        assert other.expect(Error).code == "too_many_sessions"
        assert other.expect(Bye).retry_ms
        one.say(Bye(reason="quit"))
        one.wait(lambda: len(service.sessions) == 0, "the end of its session")
        assert not other.greet().resumed


def test_a_session_expires_when_its_client_stays_away() -> None:
    with serving(resume_window_ms=300) as service, Peer(service.addresses[0]) as peer:
        welcome = peer.greet()
        peer.playhead(0)
        peer.fill(LOOKAHEAD)
        peer.vanish()
        with Peer(service.addresses[0]) as other:
            other.wait(lambda: len(service.sessions) == 0, "the end of its session")
            assert not other.greet(resume=welcome.key).resumed
        assert len(service.sessions) == 1


def test_changing_the_rules_while_the_music_plays(peer: Peer) -> None:
    peer.greet()
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    peer.say(Control(op="rules", rules_text="segue: 1\nstyles: {}\nlayer: {}\n"))
    refused = peer.expect(Rules)
    assert refused.errors
    text = (
        "segue: 1\ntitle: other\nmusic: {tempo: 72bpm}\ninputs: {deep: {type: flag}}\n"
        "styles: {war: {text: epic battle}}\nlayers: {water: {states: {shore: {default: true, mix: {war: 1}}}}}\n"
    )
    peer.say(Control(op="rules", rules_text=text))
    assert (declared := peer.expect(Rules).declaration) is not None
    assert declared.title == "other"
    new = peer.expect(Chunk, lambda one: one.take == 1)
    assert new.start < LOOKAHEAD
    assert new.mix == {"war": 1.0}
    peer.send(1, level=0.5)
    assert peer.expect(Receipt).code == "unknown_input"


def test_reset_and_generator(peer: Peer) -> None:
    peer.greet()
    peer.playhead(0)
    play_deep(peer, LOOKAHEAD)
    peer.say(Event(events=(EventItem(seq=100, at=0, reset=True),)))
    peer.expect(Receipt, lambda one: one.seq == 100 and one.accepted)
    peer.expect(Chunk, lambda one: one.states["water"] == "shore")
    peer.say(Control(op="generator", generator="score"))
    assert peer.expect(Status).generator == "score"
    peer.say(Control(op="generator", generator="nothing"))
    assert peer.expect(Error).code == "unknown_generator"


def test_a_status_is_sent_every_second(peer: Peer) -> None:
    peer.greet()
    peer.playhead(0)
    peer.fill(LOOKAHEAD)
    for _ in range(2):
        peer.expect(Status)


def test_a_service_that_drains_answers_hello_with_bye() -> None:
    with serving() as service, Peer(service.addresses[0]) as peer:
        peer.greet()
        peer.playhead(0)
        peer.fill(LOOKAHEAD)
        service._handler.draining = True
        with Peer(service.addresses[0]) as other:
            other.say(Hello(versions=(1,), client="a test"))
            assert other.expect(Bye).reason == "drain"
    # It was stopped at the end of the context.
    bye = [message for message in peer.seen if isinstance(message, Bye)]
    assert bye == [] or bye[0].reason == "drain"
