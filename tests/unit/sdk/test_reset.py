"""A reset is part of an event: numbered, in its place, kept and sent again; it takes effect once."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from heavy import heavily
from segue_sdk.client_events import EventDelayed, InputRefused
from segue_sdk.codec import decode, encode, pack, unpack
from segue_sdk.errors import ProtocolError
from segue_sdk.handshake import ClientState
from segue_sdk.limits import MOST_UNCONFIRMED, MOST_UNRECEIPTED
from segue_sdk.messages import Control, EventItem, Receipt
from segue_sdk.outbox import EventOutbox, QueueFullError, UnconfirmedEvents
from unit.sdk.peer import Peer, of_type, receipt
from unit.sdk.test_restart import KNOWING, Game, live, restarted, said, sent_again

WELCOME_BACK = replace(KNOWING, resumed=True)


def refused(seq: int, code: str = "rate_limited") -> Receipt:
    return Receipt(seq=seq, accepted=False, code=code, frame=0)


def shown(items: list[EventItem]) -> list[tuple[int, bool, dict[str, object], tuple[str, ...]]]:
    return [(item.seq, item.reset, dict(item.set), item.fire) for item in items]


# --- one game frame -------------------------------------------------------------------------------------------------


def test_what_comes_before_a_reset_in_its_game_frame_is_dropped_and_what_comes_after_it_counts() -> None:
    peer = live()
    peer.session.set("threat", 1)
    peer.session.fire("door 1")
    peer.session.reset()
    peer.session.set("night", True)
    peer.session.fire("door 2")
    peer.tick()
    assert shown(sent_again(peer)) == [(1, True, {"night": True}, ("door 2",))]


def test_after_a_reset_every_value_is_sent_again() -> None:
    peer = live()
    said(peer, night=True, threat=5)
    peer.says(receipt(1))
    peer.sent()
    peer.session.reset()
    said(peer, night=True)
    assert shown(sent_again(peer)) == [(2, True, {"night": True}, ())]
    said(peer, night=True)
    assert sent_again(peer) == []


def test_a_reset_joins_no_waiting_event_and_later_inputs_join_it_until_it_fires() -> None:
    peer = live()
    peer.session.disconnected()
    said(peer, threat=1)
    peer.session.reset()
    said(peer, night=True)
    said(peer, threat=2)
    peer.session.fire("door 1")
    said(peer, threat=3)
    said(peer, enemies=1)
    peer.session.connected(peer.now_s)
    peer.says(WELCOME_BACK)
    assert shown(sent_again(peer)) == [
        (1, False, {"threat": 1}, ()),
        (4, True, {"night": True, "threat": 3}, ("door 1",)),
        (5, False, {"enemies": 1}, ()),
    ]


def test_a_reset_is_refused_to_the_game_when_too_much_waits() -> None:
    outbox = EventOutbox()
    for number in range(MOST_UNRECEIPTED):
        outbox.fire("door 1")
        outbox.flush(0, number)
    with pytest.raises(QueueFullError):
        outbox.reset()


def test_a_reset_alone_stays_where_the_rules_take_nothing_else_of_its_frame() -> None:
    peer = live()
    peer.session.disconnected()
    peer.session.reset()
    said(peer, night=True)
    peer.session.connected(peer.now_s)
    inputs = tuple(spec for spec in WELCOME_BACK.rules.inputs if spec.name != "night")
    peer.says(replace(WELCOME_BACK, rules=replace(KNOWING.rules, inputs=inputs)))
    assert [event.name for event in of_type(InputRefused, peer.client_events())] == ["night"]
    assert shown(sent_again(peer)) == [(1, True, {}, ())]


def test_the_control_reset_of_earlier_programs_is_the_call_and_never_on_the_wire() -> None:
    peer = live()
    said(peer, threat=1)
    peer.sent()
    assert peer.session.control(Control(op="reset"))
    peer.tick()
    assert of_type(Control, messages := peer.sent()) == []
    assert len(messages) >= 1
    header = {**unpack(encode(Control(op="pause"))[0]), "op": "reset"}
    with pytest.raises(ProtocolError, match="bad_value"):
        decode([pack(header)])


# --- refused because of a limit -------------------------------------------------------------------------------------


def test_a_reset_that_came_too_soon_is_sent_again_with_all_values_set_since() -> None:
    peer = live()
    said(peer, threat=1)
    peer.session.reset()
    said(peer, night=True)
    said(peer, threat=2)
    peer.session.fire("door 1")
    said(peer, enemies=3)
    peer.sent()
    peer.client_events()
    peer.says(receipt(1), refused(2), receipt(3), receipt(4))
    assert [event.seq for event in of_type(EventDelayed, peer.client_events())] == [2]
    peer.tick(1.0)
    assert shown(sent_again(peer)) == [(5, True, {"night": True, "threat": 2, "enemies": 3}, ())]
    peer.says(receipt(5))
    assert [one.seq for one in of_type(Receipt, peer.client_events())] == [2]


def test_a_reset_that_came_too_soon_is_over_after_a_later_reset_or_a_restore() -> None:
    for later in (peer_reset, peer_restore):
        peer = live()
        peer.session.reset()
        said(peer, night=True)
        later(peer)
        peer.sent()
        peer.client_events()
        peer.says(refused(1))
        peer.tick(1.0)
        again = shown(sent_again(peer))
        assert all(not reset for _, reset, _, _ in again), again


def peer_reset(peer: Peer) -> None:
    peer.session.reset()
    peer.tick()


def peer_restore(peer: Peer) -> None:
    peer.session.reset()
    peer.session.restore(b"SGS1")
    peer.tick()


# --- kept and sent again --------------------------------------------------------------------------------------------


def test_a_reset_in_no_cell_is_sent_again_alone() -> None:
    peer = live()
    said(peer, threat=1, night=True)
    peer.session.reset()
    peer.tick()
    said(peer, threat=2)
    peer.says(receipt(1), receipt(2), receipt(3))
    peer.sent()
    restarted(peer, "all", last_event=1)
    assert shown(sent_again(peer)) == [(3, True, {"threat": 2}, ())]


def test_a_service_that_restores_nothing_is_told_the_values_since_the_reset() -> None:
    peer = live()
    said(peer, threat=1, night=True)
    peer.session.reset()
    said(peer, enemies=2)
    peer.says(receipt(1), receipt(2))
    peer.sent()
    restarted(peer, "nothing")
    assert shown(sent_again(peer)) == [
        (1, False, {"threat": 1, "night": True}, ()),
        (2, True, {"enemies": 2}, ()),
        (3, False, {"enemies": 2}, ()),
    ]


def test_kept_events_are_never_merged_into_a_reset() -> None:
    kept = UnconfirmedEvents()
    resets = (1, 4)
    for number in range(1, MOST_UNCONFIRMED + 4):
        kept.add(EventItem(seq=number, at=0, reset=number in resets, fire=(f"door {number}",)))
    assert len(kept) == MOST_UNCONFIRMED
    merged = [(item.seq, item.reset, item.fire) for item in kept.take_after(0)][:3]
    assert merged == [
        (3, True, ("door 1", "door 2", "door 3")),
        (5, True, ("door 4", "door 5")),
        (6, False, ("door 6",)),
    ]


class ResettingGame(Game):
    """A game that resets now and then. log, values: triggers and resets in order, and the inputs' values, as said."""

    def __init__(self, seed: int, *, faults: dict[int, str], lookahead: int = 16) -> None:
        super().__init__(seed, faults=faults, lookahead=lookahead)
        self._resets = random.Random(seed)
        self.log: list[str] = []
        self.values: dict[str, object] = {}

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            before = self.said
            if self._resets.random() < 0.1:
                self.session.reset()
                self.log.append("reset")
                self.values = {}
            self.play(1)
            if self.said > before:
                self.log.append(f"door {before}")
                self.values["threat"] = before

    def check(self) -> None:
        """Check that every trigger and reset took effect once and in order, and that the values are the game's."""
        self._faults.clear()
        self.play(40, quiet=True)
        assert self.session.state is ClientState.LIVE
        assert self.service.log == self.log
        assert self.service.values == self.values
        assert self.told == sorted(set(self.told))
        assert self.session.waiting == 0


def resets_of(seed: int) -> int:
    """The number of messages in a game without faults, which has some resets."""
    game = ResettingGame(seed, faults={})
    game.run(60)
    delivered = game.delivered
    game.check()
    assert game.log.count("reset") >= 2
    return delivered


@pytest.mark.parametrize("lookahead", [16, *heavily(100)])
@pytest.mark.parametrize("seed", [0, *heavily(1)])
def test_each_reset_takes_effect_once_if_the_service_is_killed_after_any_message(seed: int, lookahead: int) -> None:
    for point in range(0, resets_of(seed), 2):
        game = ResettingGame(seed, faults={point: "kill"}, lookahead=lookahead)
        game.run(60)
        game.check()


@pytest.mark.parametrize("lookahead", [5, 16, 100])
@pytest.mark.parametrize("seed", [*range(4), *heavily(*range(4, 30))])
def test_each_reset_takes_effect_once_over_repeated_kills_and_outages(seed: int, lookahead: int) -> None:
    chance = random.Random(seed)
    points = sorted(chance.sample(range(300), 8))
    near = {point + chance.randint(1, 12): chance.choice(("kill", "cut")) for point in points}
    faults = {**near, **{point: chance.choice(("kill", "cut")) for point in points}}
    game = ResettingGame(seed, faults=faults, lookahead=lookahead)
    game.run(120)
    game.check()
