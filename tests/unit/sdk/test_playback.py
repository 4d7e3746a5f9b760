"""A change is reported when it is decided and again when it is heard, whatever comes in between."""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import product

import pytest

from segue_sdk.client_events import ChangeHeard, StingerHeard
from segue_sdk.limits import FADE, FRAME_SIZE, JOIN, RESTORE_AHEAD
from segue_sdk.messages import Change, Hello, Status, Stinger, Welcome
from segue_sdk.playback import ReceivedMusic
from segue_sdk.player import Player, ReceivedChunk
from segue_sdk.session import ClientSession
from unit.sdk.peer import CHUNK, WELCOME, Peer, chunk, of_type

CHANGE = Change(
    kind="rendered", layer="place", from_state="forest", to_state="crypt", decided=9, start=10, audible=10 * FRAME_SIZE
)
AT = CHANGE.audible
COUNT = CHUNK.count


def live() -> Peer:
    peer = Peer(ClientSession(Hello(versions=(1,), client="test")))
    peer.go_live()
    return peer


def heard(peer: Peer, played: int) -> list[Change]:
    """The changes reported as heard when the music reaches a position."""
    peer.client_events()
    peer.tick(played=played, committed=max(played, peer.position.committed), standing=False)
    return [told.change for told in of_type(ChangeHeard, peer.client_events())]


def test_a_change_is_reported_at_once_and_again_when_it_is_heard() -> None:
    peer = live()
    peer.says(CHANGE)
    assert peer.client_events() == [CHANGE]
    assert heard(peer, AT - 1) == []
    assert heard(peer, AT) == [CHANGE]
    assert heard(peer, AT + 96_000) == []


def test_a_change_that_is_only_decided_or_withdrawn_is_never_heard() -> None:
    peer = live()
    peer.says(replace(CHANGE, kind="decided"), replace(CHANGE, layer="action"))
    peer.says(replace(CHANGE, layer="action", kind="withdrawn"))
    assert heard(peer, 2 * AT) == []


def test_a_change_with_a_new_prediction_is_heard_where_it_was_rendered() -> None:
    peer = live()
    peer.says(replace(CHANGE, kind="decided"), replace(CHANGE, kind="decided", audible=AT + 5_000))
    peer.says(replace(CHANGE, audible=AT + 7_000))
    assert heard(peer, AT + 6_999) == []
    assert len(heard(peer, AT + 7_000)) == 1


def test_a_change_withdrawn_and_rendered_again_is_heard_once() -> None:
    peer = live()
    peer.says(CHANGE, replace(CHANGE, kind="withdrawn"), replace(CHANGE, audible=AT + FRAME_SIZE))
    assert heard(peer, AT) == []
    assert len(heard(peer, AT + FRAME_SIZE)) == 1
    peer.says(replace(CHANGE, audible=AT + 2 * FRAME_SIZE))
    assert heard(peer, AT + 3 * FRAME_SIZE) == [], "told already"


@pytest.mark.parametrize("length", range(1, 5))
def test_of_the_states_of_a_change_in_any_order_the_last_counts_and_it_is_heard_once(length: int) -> None:
    for kinds in product(("decided", "rendered", "withdrawn"), repeat=length):
        peer = live()
        peer.says(*(replace(CHANGE, kind=kind) for kind in kinds))
        assert len(heard(peer, AT)) == (kinds[-1] == "rendered"), kinds
        peer.says(*(replace(CHANGE, kind=kind, audible=AT + 10) for kind in (*kinds, "rendered")))
        assert len(heard(peer, AT + 10)) == (kinds[-1] != "rendered"), kinds


def test_changes_are_reported_in_the_order_of_their_positions() -> None:
    peer = live()
    later, sooner = replace(CHANGE, layer="a", audible=AT + 2), replace(CHANGE, layer="b", audible=AT + 1)
    peer.says(later, sooner, CHANGE)
    assert heard(peer, AT + 2) == [CHANGE, sooner, later]


def test_no_change_is_heard_while_the_clock_stands() -> None:
    """A pause or an underrun: the position does not move, however long it takes."""
    peer = live()
    peer.says(CHANGE)
    assert heard(peer, AT - 1) == []
    for _ in range(100):
        peer.tick(1.0, standing=True)
        peer.says(Status(level=0, generator="score", headroom=1))
    assert of_type(ChangeHeard, peer.client_events()) == []
    assert heard(peer, AT) == [CHANGE]


def test_changes_of_a_late_replacement_are_heard_where_it_is_joined() -> None:
    peer = live()
    peer.tick(played=AT - 500, committed=AT + 1_000, standing=False)
    peer.says(CHANGE, chunk(1, AT - FRAME_SIZE, take=1))
    assert heard(peer, AT + 500) == []
    assert heard(peer, AT + 1_000 + JOIN) == [CHANGE]


def restarted(peer: Peer, welcome: Welcome) -> None:
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.says(welcome)
    peer.says(Status(level=0, generator="score", headroom=2, restore=1, restored="all"))


def test_after_a_restart_changes_in_the_buffer_are_heard_and_repeated_ones_once() -> None:
    peer = live()
    behind = replace(CHANGE, layer="action", audible=3 * AT)
    peer.says(*(chunk(number + 1, number * FRAME_SIZE, cell=b"one") for number in range(20)), CHANGE, behind)
    peer.tick(committed=AT)
    restarted(peer, replace(WELCOME, key=bytes(16)))
    again = replace(behind, decided=30, audible=4 * AT)
    peer.says(again)
    assert heard(peer, 10 * AT) == [CHANGE, again]


@pytest.mark.parametrize(("start", "expected"), [(AT, 0), (AT + FRAME_SIZE, 1)])
def test_changes_after_the_beginning_of_restored_music_are_not_heard(start: int, expected: int) -> None:
    peer = live()
    peer.says(chunk(1, 0), CHANGE)
    number = peer.session.restore(b"SGS1")
    peer.says(Status(level=0, generator="score", headroom=2, restore=number, restored="all"))
    restored = replace(CHANGE, layer="action", decided=40, audible=start + 96_000)
    peer.says(restored, chunk(2, start, take=1))
    changes = heard(peer, start + 96_000)
    assert len([change for change in changes if change == CHANGE]) == expected
    assert changes[-1] == restored


def test_changes_are_heard_without_a_connection() -> None:
    peer = live()
    peer.says(CHANGE)
    peer.session.disconnected()
    assert heard(peer, AT) == [CHANGE]


# --- stingers -------------------------------------------------------------------------------------------------------

STING = Stinger(id=3, name="victory", kind="placed", start=5_000, total=20, count=10, pcm=bytes(80))


def stingers_heard(peer: Peer, played: int) -> list[StingerHeard]:
    """The stingers reported as heard when the music reaches a position."""
    peer.client_events()
    peer.tick(played=played, committed=max(played, peer.position.committed), standing=False)
    return of_type(StingerHeard, peer.client_events())


def test_a_restart_cancels_the_stingers_that_the_restored_session_places_again() -> None:
    peer = live()
    peer.says(*(chunk(number + 1, number * FRAME_SIZE, cell=b"one") for number in range(20)))
    # The first cell that ends half a second ahead.
    at = 13 * FRAME_SIZE
    starts = {1: 900, 2: at - 1, 3: at}
    peer.says(*(replace(STING, id=number, start=start) for number, start in starts.items()))
    assert [one.id for one in stingers_heard(peer, 906)] == [1]
    peer.client_events()
    restarted(peer, replace(WELCOME, key=bytes(16)))
    cancelled = [one for one in of_type(Stinger, peer.client_events()) if one.kind == "cancelled"]
    assert [(one.id, one.start) for one in cancelled] == [(3, at)]
    peer.says(replace(STING, id=9, start=at))
    assert [one.id for one in stingers_heard(peer, at)] == [2, 9]


def test_a_stinger_is_heard_once_however_many_parts_it_has() -> None:
    peer = live()
    peer.says(replace(STING, kind="scheduled", pcm=None), STING, replace(STING, offset=10))
    assert stingers_heard(peer, 4_999) == []
    assert stingers_heard(peer, 5_000) == [StingerHeard(id=3, name="victory", at=5_000)]
    peer.says(replace(STING, offset=10))
    assert stingers_heard(peer, 10_000) == []


def test_stingers_are_heard_in_the_order_of_their_beginnings() -> None:
    peer = live()
    peer.says(STING, replace(STING, id=4, start=4_000))
    assert [heard.id for heard in stingers_heard(peer, 6_000)] == [4, 3]


@pytest.mark.parametrize("kind", ["cancelled", "dropped"])
def test_a_stinger_that_is_cancelled_before_its_beginning_is_not_heard(kind: str) -> None:
    peer = live()
    peer.says(STING, replace(STING, kind=kind, pcm=None))
    assert stingers_heard(peer, 6_000) == []


def test_a_stinger_that_is_only_scheduled_is_not_heard() -> None:
    peer = live()
    peer.says(replace(STING, kind="scheduled", pcm=None))
    assert stingers_heard(peer, 6_000) == []


def test_a_late_stinger_is_heard_at_once_or_never_as_its_message_says() -> None:
    peer = live()
    peer.tick(played=5_900, committed=6_000, standing=False)
    peer.says(STING, replace(STING, id=4, if_late="play"))
    assert stingers_heard(peer, 5_999) == []
    assert stingers_heard(peer, 6_000) == [StingerHeard(id=4, name="victory", at=6_000)]


def cells_after(last_events: list[int], passed: int) -> tuple[int, ...]:
    """The last events of the cells that are kept of consecutive chunks, `passed` of which end too early."""
    music = ReceivedMusic()
    for at, number in enumerate(last_events):
        music.received(chunk(at + 1, at * COUNT, cell=b"a cell", last_event=number))
    music.reach(passed * COUNT + 1 - RESTORE_AHEAD)
    return music.last_events


def test_the_first_cell_kept_is_the_first_from_half_a_second_ahead_on() -> None:
    assert cells_after([1, 2, 3], 0) == (1, 2, 3)
    assert cells_after([1, 2, 3], 1) == (2, 3)
    assert cells_after([1, 2, 3], 9) == (3,)


def test_cells_that_contain_less_than_the_first_are_passed_over_when_no_newer_one_came_for_them() -> None:
    assert cells_after([29, 0, 60], 1) == (29, 0, 60), "a newer one may come for the second"
    assert cells_after([29, 0, 60], 2) == (60,)
    assert cells_after([29, 0, 0], 3) == (29, 0, 0)
    assert cells_after([29, 0, 29, 30], 2) == (29, 30)
    assert cells_after([29, 0, 29, 30], 1) == (29, 0, 29, 30)


def test_the_first_chunk_with_a_cell_after_a_restore_removes_the_cells_behind_the_first() -> None:
    music = ReceivedMusic()
    for seq in range(1, 4):
        music.received(chunk(seq, (20 + seq) * FRAME_SIZE, cell=b"c", last_event=seq))
    music.restore(1, 0)
    music.received(chunk(1, 24 * FRAME_SIZE, take=1))
    assert music.last_events == (1, 2, 3)
    music.received(chunk(2, 25 * FRAME_SIZE, take=1, cell=b"d", last_event=2))
    assert music.last_events == (1, 2)


def test_while_the_clock_stands_played_moves_up_to_committed_as_silence_is_read() -> None:
    player = Player(latency_samples=4_800)
    player.enqueue(ReceivedChunk(0, 0, memoryview(array("f", [0.1] * 2 * 38_400)), False))
    player.read_array(9_600)
    assert (player.position.committed, player.position.played) == (9_600, 4_800)
    player.enqueue("pause")
    player.read_array(FADE + 960)
    stopped = player.position
    assert (stopped.committed, stopped.standing, stopped.played) == (9_600 + FADE, True, 9_600 + FADE - 3_840)
    player.read_array(1_920)
    assert player.position.played == stopped.committed - 1_920
    player.update()
    assert player.position.played == stopped.committed - 1_920
    player.read_array(4_800)
    assert player.position.played == stopped.committed
    player.enqueue("resume")
    player.read_array(960)
    assert (player.position.committed, player.position.played) == (stopped.committed + 960, stopped.committed)
