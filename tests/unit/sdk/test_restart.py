"""A service killed or cut off at any point: each event takes effect once, each receipt is reported once."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import replace

import pytest

from heavy import heavily
from segue_sdk.client_events import Lost
from segue_sdk.codec import Part
from segue_sdk.handshake import ClientState
from segue_sdk.limits import FRAME_SIZE, MOST_UNCONFIRMED, RESTORE_AHEAD
from segue_sdk.messages import Chunk, Control, Error, Event, EventItem, Hello, Input, Receipt, Restore, Rules, Status
from segue_sdk.outbox import UnconfirmedEvents
from segue_sdk.playback import PlaybackPosition
from segue_sdk.session import ClientSession
from unit.sdk.counting_service import CountingService
from unit.sdk.peer import WELCOME, Peer, chunk, of_type, receipt

HELLO = Hello(versions=(1,), client="test")
INPUTS = (
    Input(name="threat", type="number", low=0, high=1e6, default=0),
    Input(name="region", type="choice", of=("forest", "crypt"), default="forest"),
    Input(name="night", type="flag", default=False),
    Input(name="enemies", type="integer", low=0, high=9, default=0),
    *(Input(name=f"door {number}", type="trigger") for number in range(200)),
)
KNOWING = replace(WELCOME, rules=replace(WELCOME.rules, inputs=INPUTS))
TICK_S = 0.02


class Game:
    """A game, a wire that carries one message at a time, and a service that may die between any two."""

    def __init__(self, seed: int, *, faults: dict[int, str], cells: bool = True, lookahead: int = 16) -> None:
        """lookahead: of the service, in frames."""
        self.session = ClientSession(HELLO)
        self._chance, self._seed, self._cells, self._lookahead = random.Random(seed), seed, cells, lookahead
        self._faults, self.delivered, self._services = faults, 0, 0
        self.service = self._start()
        self._there: deque[list[Part]] = deque()
        self._back: deque[list[Part]] = deque()
        self._position, self._now_s = PlaybackPosition(), 0.0
        self.told: list[int] = []
        self.said = 0

    def play(self, ticks: int, *, quiet: bool = False) -> None:
        for _ in range(ticks):
            self._now_s += TICK_S
            if not quiet and self._chance.random() < 0.4:
                self.session.fire(f"door {self.said}")
                self.session.set("threat", self.said)
                self.said += 1
            if self.session.state is ClientState.OFFLINE:
                self.session.connected(self._now_s)
            self.session.tick(self._now_s, self._moved())
            self.session.end_frame()
            self._there.extend(self.session.to_send())
            for _ in range(30 if quiet else self._chance.choice((0, 2, 4, 8))):
                self._deliver()

    def _moved(self) -> PlaybackPosition:
        committed = min(self._position.committed + round(TICK_S * 48_000), self._position.have)
        self._position = replace(self._position, played=committed, committed=committed)
        return self._position

    def _deliver(self) -> None:
        self._back.extend(self.service.work())
        ways = [way for way in (self._there, self._back) if way]
        if not ways:
            return
        way = self._chance.choice(ways)
        parts = way.popleft()
        if way is self._there:
            self._back.extend(self.service.take(parts))
        else:
            self.session.receive(parts, self._now_s)
            self._hear()
            self._there.extend(self.session.to_send())
        fault = self._faults.pop(self.delivered, None)
        self.delivered += 1
        if fault is not None:
            self._break(fault)

    def _break(self, fault: str) -> None:
        """Lose all messages under way and, with "kill", the service and its state."""
        self._there.clear()
        self._back.clear()
        self.session.disconnected()
        self.session.client_events()
        self.service.cut()
        if fault == "kill":
            self.service = self._start()

    def _start(self) -> CountingService:
        self._services += 1
        seed = self._seed + self._services
        return CountingService(self._services, KNOWING, seed, cells=self._cells, lookahead=self._lookahead)

    def _hear(self) -> None:
        for event in self.session.client_events():
            assert not isinstance(event, (Lost, Error))
            if isinstance(event, Receipt):
                self.told.append(event.seq)
            elif isinstance(event, Chunk) and event.start <= self._position.have:
                end = max(self._position.committed, event.start + event.count)
                self._position = replace(self._position, have=end)

    def check(self) -> None:
        """Check that the last service has every event once and in order, and the game every receipt once."""
        self._faults.clear()
        self.play(30, quiet=True)
        fired = [trigger for _, _, triggers in self.service.effects for trigger in triggers]
        assert fired == [f"door {number}" for number in range(self.said)]
        assert self.told == sorted(set(self.told))
        assert len(self.told) == self.said
        assert self.session.waiting == 0


def deliveries(seed: int) -> int:
    """The number of messages in a game without faults."""
    game = Game(seed, faults={})
    game.play(40)
    delivered = game.delivered
    game.check()
    assert game.said > 10
    return delivered


@pytest.mark.parametrize("seed", [0, *heavily(1, 2)])
def test_each_event_takes_effect_once_if_the_service_is_killed_after_any_message(seed: int) -> None:
    for point in range(deliveries(seed)):
        game = Game(seed, faults={point: "kill"})
        game.play(40)
        game.check()


@pytest.mark.parametrize("lookahead", [5, 16, 100])
@pytest.mark.parametrize("seed", [*range(6), *heavily(*range(6, 50))])
def test_each_event_takes_effect_once_over_repeated_kills_and_outages(seed: int, lookahead: int) -> None:
    chance = random.Random(seed)
    points = sorted(chance.sample(range(300), 8))
    # Faults close together are the hard ones: a service killed while it restores, or before its first chunk, or between
    # a receipt and the chunk with the event, or between a chunk and the one that replaces it.
    near = {point + chance.randint(1, 12): chance.choice(("kill", "cut")) for point in points}
    faults = {**near, **{point: chance.choice(("kill", "cut")) for point in points}}
    game = Game(seed, faults=faults, lookahead=lookahead)
    game.play(120)
    game.check()


@pytest.mark.parametrize("gap", [1, 5, *heavily(2, 3, 4, 6, 7, 8)])
@pytest.mark.parametrize("lookahead", [16, 100])
def test_each_event_takes_effect_once_if_the_next_service_is_killed_as_well(gap: int, lookahead: int) -> None:
    for point in range(60, 160, 7):
        game = Game(7, faults={point: "kill", point + gap: "kill", point + 2 * gap: "cut"}, lookahead=lookahead)
        game.play(60)
        game.check()


@pytest.mark.parametrize("lookahead", [16, 100])
def test_few_events_are_kept_and_all_are_released(lookahead: int) -> None:
    game = Game(1, faults={}, lookahead=lookahead)
    most = 0
    for _ in range(300):
        game.play(1)
        most = max(most, game.session.unconfirmed)
    # The service replaces at most half of its music for events; the rest is kept for as long as the music lasts.
    assert 0 < most < 30 + 4 * lookahead
    for _ in range(450):
        game.play(1, quiet=True)
    assert game.session.unconfirmed == 0


# --- a service that cannot use the cell -----------------------------------------------------------------------------


@pytest.mark.parametrize("point", range(40, 80, 3))
def test_a_service_that_restores_nothing_receives_every_input_again(point: int) -> None:
    game = Game(5, faults={point: "kill"}, cells=False)
    game.session.set("region", "crypt")
    game.session.set("night", True)
    game.play(60)
    game.play(30, quiet=True)
    assert game.service.values == {"threat": game.said - 1, "region": "crypt", "night": True}
    # One number is that of the event that repeats every input; it is not the game's.
    assert game.told == sorted(set(game.told))
    assert (len(game.told), game.told[-1]) == (game.said + 1, game.said + 2)


def restarted(peer: Peer, restored: str, last_event: int = 0) -> None:
    """Another service welcomes the peer and answers its restore."""
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.says(replace(KNOWING, key=bytes(16)))
    (restore,) = of_type(Restore, peer.sent())
    answer = Status(level=0, generator="score", headroom=2, restore=restore.id, restored=restored)
    peer.says(replace(answer, last_event=last_event))


def sent_again(peer: Peer) -> list[EventItem]:
    """The events that the peer has sent since the last call."""
    return [item for event in of_type(Event, peer.sent()) for item in event.events]


def live() -> Peer:
    peer = Peer(ClientSession(HELLO))
    peer.go_live(KNOWING)
    return peer


def said(peer: Peer, **values: float | bool | str) -> None:
    for name, value in values.items():
        peer.session.set(name, value)
    peer.tick()


def test_inputs_that_do_not_fit_the_new_rules_are_left_out_and_later_values_count() -> None:
    peer = live()
    other = Input(name="gone", type="integer", low=0, high=9, default=0)
    night = Input(name="night", type="number", low=0, high=9, default=0)
    before = (*(spec for spec in INPUTS if spec.name != "night"), other, night)
    peer.says(Rules(declaration=replace(KNOWING.rules, inputs=before)))
    said(peer, threat=0.25, region="crypt", gone=3, night=1.5, enemies=2)
    peer.says(receipt(1), chunk(1, 0, cell=b"one", last_event=1))
    peer.tick(played=1_920, committed=1_920, have=1_920)
    said(peer, enemies=3)
    peer.says(receipt(2))
    said(peer, threat=0.5)
    peer.sent()
    restarted(peer, "nothing")
    (event,) = of_type(Event, peer.sent())
    assert [(item.seq, item.set) for item in event.events] == [
        (2, {"enemies": 3}),
        (3, {"threat": 0.5}),
        (4, {"threat": 0.5, "region": "crypt", "enemies": 3}),
    ]
    peer.client_events()
    peer.says(receipt(4), receipt(3), receipt(2))
    assert [answer.seq for answer in of_type(Receipt, peer.client_events())] == [3], "2 had one, the game did not say 4"


def test_events_sent_again_leave_out_what_the_new_rules_do_not_declare() -> None:
    peer = live()
    gone = Input(name="gone", type="trigger")
    peer.says(Rules(declaration=replace(KNOWING.rules, inputs=(*INPUTS, gone))))
    said(peer, threat=0.25)
    peer.session.fire("gone")
    peer.session.fire("door 1")
    peer.tick()
    peer.session.fire("gone")
    peer.tick()
    peer.says(receipt(1), receipt(2), receipt(3))
    peer.sent()
    restarted(peer, "all")
    assert [(item.seq, item.set, item.fire) for item in sent_again(peer)] == [(2, {"threat": 0.25}, ("door 1",))]


def test_inputs_sent_again_form_one_event_that_no_reset_and_no_trigger_is_in() -> None:
    peer = live()
    for threat in range(5):
        said(peer, threat=threat, enemies=threat)
    peer.session.reset()
    said(peer, threat=5)
    said(peer, threat=6)
    peer.session.fire("door 1")
    peer.tick()
    said(peer, night=True)
    said(peer, threat=7)
    peer.says(*(receipt(number) for number in range(1, 11)))
    peer.sent()
    restarted(peer, "all")
    assert [(item.seq, item.set, item.fire) for item in sent_again(peer)] == [
        (5, {"threat": 4, "enemies": 4}, ()),
        (8, {"threat": 6}, ("door 1",)),
        (10, {"night": True, "threat": 7}, ()),
    ]


@pytest.mark.parametrize("restored", ["all", "rules"])
def test_a_restored_director_receives_only_the_events_it_lacks(restored: str) -> None:
    peer = live()
    said(peer, threat=0.25)
    peer.says(receipt(1), chunk(1, 0, cell=b"one", last_event=1))
    said(peer, threat=0.5)
    peer.says(receipt(2))
    peer.sent()
    restarted(peer, restored, last_event=1)
    assert [item.seq for item in sent_again(peer)] == [2]


def test_events_are_kept_until_the_cell_to_restore_from_contains_them() -> None:
    peer = live()
    peer.says(*(chunk(number + 1, number * FRAME_SIZE, cell=b"%d" % number) for number in range(50)))
    said(peer, threat=0.25)
    peer.says(receipt(1), chunk(51, 50 * FRAME_SIZE, cell=b"50", last_event=1))
    peer.tick(played=50 * FRAME_SIZE - RESTORE_AHEAD, committed=50 * FRAME_SIZE - RESTORE_AHEAD)
    assert peer.session.unconfirmed == 1
    peer.tick(played=50 * FRAME_SIZE - RESTORE_AHEAD + 1, committed=50 * FRAME_SIZE - RESTORE_AHEAD + 1)
    assert peer.session.unconfirmed == 0


def test_cells_of_a_killed_service_release_no_event_that_its_successor_lacks() -> None:
    """The successor's first chunk begins late, so cells of its predecessor lie before it."""
    peer = live()
    peer.says(chunk(1, 13 * FRAME_SIZE, cell=b"before"))
    said(peer, threat=0.25)
    said(peer, threat=0.5)
    peer.says(receipt(1), receipt(2), chunk(2, 14 * FRAME_SIZE, cell=b"after", last_event=2))
    peer.sent()
    restarted(peer, "all")
    assert [item.seq for item in sent_again(peer)] == [2]
    peer.says(chunk(1, 15 * FRAME_SIZE, take=1, cell=b"without"))
    peer.tick(played=2 * FRAME_SIZE, committed=2 * FRAME_SIZE)
    peer.says(receipt(2))
    peer.tick(played=4 * FRAME_SIZE, committed=4 * FRAME_SIZE)
    restarted(peer, "all")
    assert [item.seq for item in sent_again(peer)] == [2]


def test_a_service_killed_before_its_first_chunk_is_followed_by_one_that_continues_further_ahead() -> None:
    peer = live()
    peer.says(*(chunk(number + 1, number * FRAME_SIZE, cell=b"%d" % number) for number in range(100)))
    for second in range(3):
        at = second * 48_000
        peer.tick(played=at, committed=at, have=100 * FRAME_SIZE)
        peer.session.disconnected()
        peer.session.connected(peer.now_s)
        peer.says(replace(KNOWING, key=bytes([second]) * 16))
        (restore,) = of_type(Restore, peer.sent())
        assert at + RESTORE_AHEAD <= restore.at < at + RESTORE_AHEAD + FRAME_SIZE
        peer.says(Status(level=0, generator="score", headroom=2, restore=restore.id, restored="all"))


def test_a_refused_event_is_not_sent_again() -> None:
    peer = live()
    said(peer, threat=0.25)
    peer.says(replace(receipt(1), accepted=False, code="wrong_type"))
    peer.sent()
    restarted(peer, "all")
    assert of_type(Event, peer.sent()) == []


# --- kept within bounds ---------------------------------------------------------------------------------------------


def test_events_beyond_the_limit_are_merged_without_a_change_of_meaning() -> None:
    peer = live()
    for number in range(MOST_UNCONFIRMED + 100):
        peer.session.set("threat", number)
        peer.session.fire("door 0")
        peer.tick()
        peer.says(receipt(number + 1))
    assert peer.session.unconfirmed == MOST_UNCONFIRMED
    peer.sent()
    restarted(peer, "all")
    items: list[EventItem] = []
    for _ in range(200):
        came = [item for event in of_type(Event, peer.sent()) for item in event.events]
        items += came
        peer.tick(0.1)
        peer.says(*(receipt(item.seq) for item in came))
    assert len(items) == MOST_UNCONFIRMED
    assert (items[0].seq, items[0].set, items[0].fire) == (101, {"threat": 100}, ("door 0",))
    assert [item.seq for item in items] == list(range(101, MOST_UNCONFIRMED + 101))


def test_no_event_in_a_cell_is_merged_with_one_that_is_not() -> None:
    kept = UnconfirmedEvents()
    fired = [EventItem(seq=number, at=0, fire=(f"door {number}",)) for number in range(1, MOST_UNCONFIRMED + 4)]
    for item in fired[:5]:
        kept.add(item)
    kept.contained((0, 1, 2, 4))
    kept.bar(5)
    for item in fired[5:]:
        kept.add(item)
    assert len(kept) == MOST_UNCONFIRMED
    taken = kept.take_after(0)
    # 1 and 2 have cells that contain no later event, 3 and 4 one that contains both, and 5 is before a restore.
    merged = [(item.seq, item.fire) for item in taken if len(item.fire) > 1]
    assert merged == [(4, ("door 3", "door 4")), (8, ("door 6", "door 7", "door 8"))]
    assert [name for item in taken for name in item.fire] == [item.fire[0] for item in fired]


def test_events_that_no_merge_fits_are_dropped_from_the_oldest_on() -> None:
    """Only with other inputs in each event, which no rules declare, as many do not fit one event."""
    kept = UnconfirmedEvents()
    for number in range(1, MOST_UNCONFIRMED + 3):
        names = {f"{number} {index}": True for index in range(200)}
        kept.add(EventItem(seq=number, at=0, set=names))
    assert len(kept) == MOST_UNCONFIRMED
    assert [item.seq for item in kept.take_after(0)] == list(range(3, MOST_UNCONFIRMED + 3))


# --- requests and controls ------------------------------------------------------------------------------------------


def test_a_restore_just_before_a_crash_is_repeated_in_its_place() -> None:
    peer = live()
    peer.says(chunk(1, 0, cell=b"before"))
    said(peer, threat=0.25)
    number = peer.session.restore(b"SGS1")
    said(peer, threat=0.5)
    peer.says(receipt(1), receipt(2))
    peer.says(Status(level=0, generator="score", headroom=2, restore=number, restored="all"))
    peer.tick(played=960, committed=960, have=1_920)
    peer.sent()
    restarted(peer, "all")
    again = [message for message in peer.sent() if isinstance(message, (Event, Restore))]
    first, load, second = again
    assert isinstance(first, Event)
    assert isinstance(second, Event)
    assert ([item.seq for item in first.events], [item.seq for item in second.events]) == ([1], [2])
    assert load == Restore(id=number, at=960, take=0, blob=b"SGS1")
    peer.says(Status(level=0, generator="score", headroom=2, restore=number, restored="all"))
    peer.says(chunk(2, 1_920, take=1, cell=b"after"))
    restarted(peer, "all")
    assert of_type(Restore, peer.sent()) == []


def test_the_next_service_is_asked_for_the_current_rules_and_generator() -> None:
    peer = live()
    peer.session.control(Control(op="rules", rules_name="wrong.yaml"))
    peer.says(Rules(errors=("wrong.yaml:1:1: no",)))
    peer.session.control(Control(op="rules", rules_name="crypt.yaml"))
    peer.says(Rules(declaration=KNOWING.rules))
    peer.session.control(Control(op="generator", generator="bagpipe"))
    peer.says(Status(level=1, generator="bagpipe", headroom=1))
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    assert of_type(Hello, peer.sent())[-1] == replace(HELLO, rules_name="crypt.yaml", resume=KNOWING.key)
    peer.says(replace(KNOWING, resumed=True), Status(level=0, generator="bagpipe", headroom=1))
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    assert of_type(Hello, peer.sent())[-1].generator == "bagpipe"


def test_the_next_service_is_not_asked_for_what_the_last_did_not_have() -> None:
    peer = live()
    peer.session.control(Control(op="rules", rules_name="nowhere.yaml"))
    peer.session.control(Control(op="generator", generator="bagpipe"))
    peer.says(Error(code="unknown_rules", about="control"), Error(code="unknown_generator", about="control"))
    # An edit of the rules in force, and a generator of this name that somebody else asked for.
    peer.says(Rules(declaration=KNOWING.rules), Status(level=0, generator="bagpipe", headroom=9.0))
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    assert of_type(Hello, peer.sent())[-1] == replace(HELLO, resume=KNOWING.key)
