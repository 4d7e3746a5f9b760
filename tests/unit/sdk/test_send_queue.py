"""Events are sent at the service's pace: unchanged inputs never, changed ones together, every trigger once."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from segue_sdk.client_events import EventDelayed
from segue_sdk.codec import encode
from segue_sdk.limits import HEADER_BYTES, MOST_MERGED, MOST_SETTINGS, MOST_UNRECEIPTED
from segue_sdk.messages import Cause, Change, Event, EventItem, Hello, Receipt, Restore, Rules, Status
from segue_sdk.session import ClientSession
from unit.sdk.peer import WELCOME, Peer, of_type, receipt

HELLO = Hello(versions=(1,), client="test")


def live(rate: int = WELCOME.limits.events_per_second) -> Peer:
    peer = Peer(ClientSession(HELLO))
    peer.go_live(replace(WELCOME, limits=replace(WELCOME.limits, events_per_second=rate)))
    return peer


def sent(peer: Peer) -> list[EventItem]:
    return [item for event in of_type(Event, peer.sent()) for item in event.events]


def refusal(seq: int, code: str = "rate_limited") -> Receipt:
    return Receipt(seq=seq, accepted=False, code=code, frame=0, text="more than 100 events in a second")


class Limiter:
    """A service's rate limit: a token bucket of one second's events."""

    def __init__(self, rate: int) -> None:
        self.rate, self.left, self.at_s = rate, float(rate), 0.0
        self.refused = 0

    def take(self, now_s: float) -> bool:
        self.left, self.at_s = min(self.rate, self.left + (now_s - self.at_s) * self.rate), now_s
        if self.left < 1:
            self.refused += 1
            return False
        self.left -= 1
        return True


@pytest.mark.parametrize("rate", [20, 100, 5_000])
def test_repeated_events_stay_within_the_rate_limit_and_new_ones_wait_behind_them(rate: int) -> None:
    peer = live()
    peer.session.disconnected()
    for _ in range(300):
        peer.session.fire("door")
        peer.tick(0.001)
    peer.session.connected(peer.now_s)
    limits = replace(WELCOME.limits, events_per_second=rate)
    peer.says(replace(WELCOME, resumed=True, limits=limits))
    limiter, came, steps = Limiter(rate), list[int](), 0
    while len(came) < 310:
        assert steps < 1_000
        for event in of_type(Event, peer.sent()):
            for item in event.events:
                assert limiter.take(peer.now_s)
                came.append(item.seq)
                peer.says(receipt(item.seq))
        if steps < 10:
            peer.session.fire("window")
        steps += 1
        peer.tick(0.1)
    assert came == list(range(1, 311))


@pytest.mark.parametrize("seed", range(6))
def test_no_event_is_refused_by_a_service_that_reads_in_bursts(seed: int) -> None:
    """The service stands still for any time at any moment, then takes all at once; only its bucket counts."""
    chance = random.Random(seed)
    peer = live()
    limiter, heap, fired = Limiter(WELCOME.limits.events_per_second), list[int](), 0
    still_until_s = 0.0
    for step in range(1_000):
        peer.tick(0.01)
        peer.session.set("threat", step)
        if chance.random() < 0.3:
            peer.session.fire("door")
            fired += 1
        heap += [item.seq for event in of_type(Event, peer.sent()) for item in event.events]
        if chance.random() < 0.01:
            still_until_s = peer.now_s + chance.uniform(0.1, 4.0)
        if peer.now_s >= still_until_s:
            for seq in heap:
                assert limiter.take(peer.now_s)
                peer.says(receipt(seq))
            heap.clear()
    assert fired > 50


@pytest.mark.parametrize("frames_per_second", [60, 144, 300, 1_000])
def test_no_trigger_and_no_last_value_is_lost_at_any_frame_rate(frames_per_second: int) -> None:
    """The game sets one input always, one sometimes and one never to new values, and fires triggers."""
    peer = live()
    limiter, values, fired, numbers, seconds = Limiter(100), dict[str, object](), list[int](), list[int](), 3
    for frame in range(seconds * frames_per_second):
        peer.now_s += 1 / frames_per_second
        peer.session.tick(peer.now_s, peer.position)
        peer.session.set("threat", frame)
        peer.session.set("enemies", frame // 50 % 9)
        peer.session.set("night", False)
        if frame % 30 == 29:
            peer.session.fire("door")
        numbers.append(peer.session.end_frame())
        for item in sent(peer):
            assert limiter.take(peer.now_s), "the service would refuse it"
            # A trigger takes effect with or after the inputs of its frame.
            values.update(item.set)
            fired += [int(values["threat"])] * len(item.fire)  # type: ignore[call-overload]
            peer.says(receipt(item.seq))
    for _ in range(100):
        peer.tick()
        for item in sent(peer):
            values.update(item.set)
            fired += [int(values["threat"])] * len(item.fire)  # type: ignore[call-overload]
            peer.says(receipt(item.seq))
    assert fired == list(range(29, seconds * frames_per_second, 30))
    assert values == {"threat": frame, "enemies": frame // 50 % 9, "night": False}
    assert peer.session.waiting == 0
    receipts = [told.seq for told in of_type(Receipt, peer.client_events())]
    assert receipts == numbers, "every number has its receipt"


def test_unchanged_inputs_are_not_sent_again() -> None:
    peer = live()
    numbers = []
    for _ in range(100):
        peer.session.set("threat", 0.5)
        peer.session.set("night", True)
        numbers.append(peer.session.end_frame())
    assert numbers == [1, *[0] * 99]
    (item,) = sent(peer)
    assert item.set == {"threat": 0.5, "night": True}
    peer.session.set("threat", 0.5)
    peer.session.fire("door")
    peer.tick()
    (item,) = sent(peer)
    assert (item.set, item.fire) == ({}, ("door",))


def test_a_value_is_sent_again_if_the_services_value_may_differ() -> None:
    peer = live()

    def say() -> dict[str, object]:
        peer.session.set("night", True)
        peer.tick()
        items = sent(peer)
        peer.says(*(receipt(item.seq) for item in items))
        return dict(items[0].set) if items else {}

    assert say() == {"night": True}
    assert say() == {}
    peer.session.reset()
    assert say() == {"night": True}
    assert say() == {}
    peer.session.restore(b"SGS1")
    assert say() == {"night": True}
    peer.says(Rules(declaration=WELCOME.rules))
    assert say() == {"night": True}
    peer.session.set("night", False)
    peer.session.set("threat", 1)
    peer.tick()
    (item,) = sent(peer)
    peer.says(refusal(item.seq, "unknown_input"))
    peer.session.set("night", False)
    peer.tick()
    assert [item.set for item in sent(peer)] == [{"night": False}]


def test_a_reset_keeps_its_place_among_the_events() -> None:
    peer = live(rate=2)
    for number in range(4):
        peer.session.fire("door")
        peer.session.set("threat", number)
        peer.tick(0.001)
    peer.session.reset()
    peer.session.set("threat", 3)
    peer.tick(0.001)
    said: list[object] = []
    for _ in range(100):
        for message in peer.sent():
            if isinstance(message, Event):
                said += [dict(item.set) | ({"reset": True} if item.reset else {}) for item in message.events]
                peer.says(*(receipt(item.seq) for item in message.events))
        peer.tick(0.1)
    assert said == [{"threat": 0}, {"threat": 1}, {"threat": 2}, {"threat": 3}, {"threat": 3, "reset": True}]


def test_a_waiting_restore_is_sent_with_the_current_position() -> None:
    peer = live(rate=2)
    for _ in range(3):
        peer.session.fire("door")
        peer.tick(0.001, played=480, committed=480, have=480)
    peer.session.restore(b"SGS1")
    restores: list[Restore] = []
    for step in range(100):
        peer.tick(0.1, played=4_800 * step, committed=4_800 * step, have=4_800 * step)
        for message in peer.sent():
            if isinstance(message, Event):
                peer.says(*(receipt(item.seq) for item in message.events))
            elif isinstance(message, Restore):
                restores.append(message)
                assert message.at == 4_800 * step
    assert len(restores) == 1


# --- what waits -----------------------------------------------------------------------------------------------------


def test_inputs_that_wait_form_one_event_with_the_last_values() -> None:
    peer = Peer(ClientSession(HELLO))
    numbers = []
    for frame in range(50):
        peer.session.set("threat", frame)
        if frame == 20:
            peer.session.fire("door")
        numbers.append(peer.session.end_frame())
    peer.session.connected(0.0)
    peer.says(WELCOME)
    first, second = sent(peer)
    assert (first.seq, first.set, first.fire) == (21, {"threat": 20.0}, ("door",))
    assert (second.seq, second.set, second.fire) == (50, {"threat": 49.0}, ())
    peer.client_events()
    peer.says(replace(receipt(50), frame=7), receipt(21))
    told = of_type(Receipt, peer.client_events())
    assert sorted(one.seq for one in told) == numbers == list(range(1, 51))
    assert {one.frame for one in told if one.seq > 21} == {7}


def test_a_long_outage_keeps_triggers_up_to_the_limit_and_refuses_no_input() -> None:
    peer = Peer(ClientSession(HELLO))
    last = 0
    for frame in range(10 * MOST_MERGED):
        peer.session.set("threat", frame)
        last = peer.session.end_frame()
    assert (last, peer.session.waiting) == (MOST_MERGED, 1)
    for _ in range(MOST_UNRECEIPTED - 1):
        peer.session.fire("door")
        peer.session.end_frame()
    for frame in range(100):
        peer.session.set("threat", -frame)
        assert peer.session.end_frame()
    peer.session.connected(0.0)
    peer.says(WELCOME)
    items: list[EventItem] = []
    for _ in range(200):
        came = sent(peer)
        items += came
        peer.says(*(receipt(item.seq) for item in came))
        peer.tick(0.1)
    assert sum(len(item.fire) for item in items) == MOST_UNRECEIPTED - 1
    assert items[0].set == {"threat": 10 * MOST_MERGED - 1}
    assert items[-1].set == {"threat": -99}


def test_an_event_that_was_sent_is_never_changed() -> None:
    peer = live()
    peer.session.set("threat", 1)
    peer.tick()
    assert [item.seq for item in sent(peer)] == [1]
    peer.session.disconnected()
    peer.session.set("threat", 2)
    peer.tick()
    peer.session.set("threat", 3)
    peer.tick()
    peer.session.connected(peer.now_s)
    peer.says(replace(WELCOME, resumed=True))
    assert [(item.seq, item.set["threat"]) for item in sent(peer)] == [(1, 1.0), (3, 3.0)]


def test_a_lost_receipt_does_not_block_later_events_for_ever() -> None:
    peer = live(rate=1)
    for _ in range(2):
        peer.session.fire("door")
        peer.tick()
    assert [item.seq for item in sent(peer)] == [1]
    came: list[int] = []
    for _ in range(60):
        peer.says(Status(level=0, generator="score", headroom=1))
        peer.tick(0.1)
        came += [item.seq for item in sent(peer)]
    assert came == [2]


# --- what is refused for the limit ----------------------------------------------------------------------------------


def test_an_event_refused_by_the_rate_limit_is_sent_again_and_reported_under_its_first_number() -> None:
    peer = live()
    peer.session.set("threat", 1)
    peer.session.fire("door")
    peer.tick()
    sent(peer)
    peer.says(refusal(1))
    assert peer.client_events() == [EventDelayed(seq=1, code="rate_limited", text="more than 100 events in a second")]
    peer.tick(0.09)
    assert sent(peer) == [], "the service wants a pause"
    peer.tick(0.02)
    (item,) = sent(peer)
    assert (item.seq, item.set, item.fire) == (2, {"threat": 1.0}, ("door",))
    peer.says(refusal(2))
    peer.tick(0.19)
    assert sent(peer) == [], "a longer one"
    peer.tick(0.02)
    (item,) = sent(peer)
    assert item.seq == 3
    cause = Cause(text="door", input="door", seq=3)
    change = Change(kind="rendered", layer="a", from_state="b", to_state="c", decided=1, start=1, audible=1)
    peer.client_events()
    peer.says(receipt(3), replace(change, causes=(cause,)))
    told = peer.client_events()
    assert told == [replace(receipt(3), seq=1), replace(change, causes=(replace(cause, seq=1),))]
    assert peer.session.waiting == 0


def test_a_value_that_a_later_event_replaced_is_not_sent_again() -> None:
    peer = live()
    peer.session.set("threat", 1)
    peer.session.set("enemies", 1)
    peer.session.fire("door")
    peer.tick()
    peer.session.set("threat", 2)
    peer.tick()
    sent(peer)
    peer.says(receipt(2), refusal(1))
    peer.tick(0.2)
    (item,) = sent(peer)
    assert (item.set, item.fire) == ({"enemies": 1}, ("door",))


def test_an_event_without_any_value_left_has_its_receipt() -> None:
    peer = live()
    peer.session.set("threat", 1)
    peer.tick()
    peer.session.set("threat", 2)
    peer.tick()
    sent(peer)
    peer.says(receipt(2), refusal(1))
    told = of_type(Receipt, peer.client_events())
    assert [(one.seq, one.accepted, one.code) for one in told] == [(2, True, "accepted"), (1, True, "superseded")]
    peer.tick()
    assert sent(peer) == []
    assert peer.session.waiting == 0


def test_an_event_sent_again_survives_a_restart_of_the_service() -> None:
    peer = live()
    peer.session.fire("door")
    peer.tick()
    peer.says(refusal(1))
    peer.session.disconnected()
    peer.session.connected(peer.now_s)
    peer.sent()
    peer.says(replace(WELCOME, key=bytes(16)))
    (restore,) = of_type(Restore, peer.sent())
    peer.says(Status(level=0, generator="score", headroom=2, restore=restore.id, restored="all"))
    (item,) = sent(peer)
    assert (item.seq, item.fire) == (2, ("door",))
    peer.client_events()
    peer.says(receipt(2))
    assert [one.seq for one in of_type(Receipt, peer.client_events())] == [1]


def test_every_trigger_arrives_in_the_end_at_a_service_that_refuses_at_random() -> None:
    """The service refuses at random, more often than not."""
    chance = random.Random(1)
    peer = live()
    fired = 0
    numbers = []
    for step in range(10_000):
        if step >= 300 and not peer.session.waiting:
            break
        if step < 300:
            peer.session.set("threat", step)
            peer.session.fire("door")
            numbers.append(peer.session.end_frame())
        peer.tick()
        for item in sent(peer):
            if chance.random() < 0.6:
                peer.says(refusal(item.seq))
            else:
                fired += len(item.fire)
                peer.says(receipt(item.seq))
    assert fired == 300
    assert sorted(one.seq for one in of_type(Receipt, peer.client_events())) == numbers


def test_events_with_many_long_names_are_sent_in_messages_that_fit() -> None:
    """Each game frame sets all inputs and fires a trigger, so that it stays an event of its own."""
    names = [f"{number:03}".ljust(64, "x") for number in range(MOST_SETTINGS)]
    number = next(one for one in WELCOME.rules.inputs if one.type == "number")
    trigger = next(one for one in WELCOME.rules.inputs if one.type == "trigger")
    inputs = (trigger, *(replace(number, name=name) for name in names[:-1]))
    peer = Peer(ClientSession(HELLO))
    welcome = replace(WELCOME, rules=replace(WELCOME.rules, inputs=inputs))
    peer.go_live(welcome)
    peer.session.disconnected()
    frames = 30
    for frame in range(frames):
        for name in names[:-1]:
            peer.session.set(name, 0.5 + frame / 100)
        peer.session.fire(trigger.name)
        peer.session.end_frame(0)
    peer.session.connected(peer.now_s)
    peer.says(replace(welcome, resumed=True))
    events = []
    for _ in range(20):
        peer.tick(0.5)
        for message in of_type(Event, peer.sent()):
            assert len(encode(message)[0]) <= HEADER_BYTES
            events += message.events
            for item in message.events:
                peer.says(receipt(item.seq))
    assert [len(item.fire) for item in events] == [1] * frames
    assert all(len(item.set) == MOST_SETTINGS - 1 for item in events)
