"""The limit of events counts what arrives, whatever its number; what the protocol repeats is never refused."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

import pytest

from segue.service.client_limits import RepeatedEvents
from segue_sdk.client_events import Live
from segue_sdk.codec import Part, encode
from segue_sdk.handshake import ClientState
from segue_sdk.limits import LARGEST_INTEGER
from segue_sdk.messages import Chunk, EventItem, Hello, Receipt, Restore, Status
from segue_sdk.playback import PlaybackPosition
from segue_sdk.session import ClientSession
from unit.service.service_harness import ServiceHarness

LIMIT = 20
PEER = b"peer"


def scattered() -> Iterator[int]:
    chance = random.Random(1)
    while True:
        yield chance.randint(1, LARGEST_INTEGER)


def huge_first() -> Iterator[int]:
    yield 2**52
    yield from count(1)


NUMBERS: dict[str, Callable[[], Iterator[int]]] = {
    "growing": lambda: count(1),
    "huge first": huge_first,
    "falling": lambda: count(LARGEST_INTEGER, -1),
    "the same": lambda: iter(lambda: 7, 0),
    "two in turn": lambda: (1 + number % 2 for number in count()),
    "scattered": scattered,
}


@pytest.mark.parametrize("numbers", NUMBERS)
def test_events_above_the_limit_are_refused_whatever_their_numbers(numbers: str) -> None:
    """Thirty times as many events as allowed, for five seconds, past the connection's own budget."""

    async def main() -> None:
        async with ServiceHarness(events_per_second=LIMIT) as service:
            await service.greet(PEER)
            service.playhead(PEER)
            (session,) = service.sessions
            sequence = NUMBERS[numbers]()
            for _ in range(50):
                service.tick(0.1)
                for _ in range(LIMIT * 3):
                    session.on_events([EventItem(seq=next(sequence), at=0, set={"level": 0.5})], service.now_s)
                service.handler.flush(session)
                service.playhead(PEER)
            taken = [one for one in service.all(PEER, Receipt) if one.accepted]
            # A burst and the rate, for new and for repeated events.
            assert len(taken) <= 2 * (LIMIT + LIMIT * 5)
            assert len(session._events._receipts._values) <= 4_096
            assert len(session.music._messages._receipts) <= 1_024
            assert len(session._events._repeated._waiting) <= 2_048

    asyncio.run(main())


def test_each_event_number_gets_one_receipt() -> None:
    async def main() -> None:
        async with ServiceHarness(events_per_second=LIMIT) as service:
            await service.greet(PEER)
            service.playhead(PEER)
            for number in range(1, 3 * LIMIT + 1):
                service.event(PEER, number)
            first = {one.seq: one for one in service.all(PEER, Receipt)}
            assert len(first) == 3 * LIMIT
            assert sum(one.accepted for one in first.values()) == LIMIT
            assert {one.code for one in first.values()} == {"accepted", "rate_limited"}
            service.sent.clear()
            for number in first:
                service.event(PEER, number)
            # They come at the rate of the tokens.
            for _ in range(200):
                service.tick()
                service.playhead(PEER)
            assert {one.seq: one for one in service.all(PEER, Receipt)} == first

    asyncio.run(main())


def test_repeated_events_of_a_restored_session_are_known_and_limited() -> None:
    async def main() -> None:
        async with ServiceHarness(events_per_second=LIMIT) as service:
            await service.greet(PEER)
            service.playhead(PEER)
            service.event(PEER, 2**52)
            service.generate()
            last = service.all(PEER, Chunk)[-1]
            await service.greet(b"next")
            service.say(b"next", Restore(id=1, at=last.start + last.count, take=0, cell=last.cell))
            await service.settle()
            assert service.all(b"next", Status)[-1].restored == "all"
            service.playhead(b"next", last.start + last.count)
            (_, session) = service.sessions
            for step in range(100):
                service.tick(0.1)
                for number in range(10):
                    session.on_events([EventItem(seq=1 + 10 * step + number, at=0)], service.now_s)
                service.playhead(b"next", last.start + last.count)
            receipts = service.all(b"next", Receipt)
            assert {one.code for one in receipts} == {"known"}
            assert LIMIT < len(receipts) <= LIMIT + 10 * LIMIT
            known = receipts[0]
            service.generate()
            session.on_events([EventItem(seq=known.seq, at=0)], service.now_s)
            for _ in range(600):
                service.tick(0.1)
                service.playhead(b"next", last.start + last.count)
            again = [one for one in service.all(b"next", Receipt) if one.seq == known.seq]
            assert again == [known, known]

    asyncio.run(main())


def test_the_queue_of_repeated_events_is_bounded_and_has_each_number_once() -> None:
    repeated = RepeatedEvents(10, now_s=0.0)
    for number in range(5_000):
        repeated.add(number)
        repeated.add(number)
    assert list(repeated.due(0.0)) == [0, 1, 2, 3, 4]
    assert list(repeated.due(1.0)) == [5, 6, 7, 8, 9]
    assert len([*repeated.due(1.0), *(number for second in range(1_000) for number in repeated.due(2.0 + second))]) == (
        2_048 - 10
    )


class HonestGame:
    """The SDK's session with an event in every game frame, over a connection that is cut now and then."""

    FRAME_S = 1 / 30

    def __init__(self, service: ServiceHarness) -> None:
        self.service = service
        self.session = ClientSession(Hello(versions=(1,), client="honest"))
        self.receipts: list[Receipt] = []
        self.lives = 0
        self._identity = b""
        self._connections = 0
        self._there: deque[list[Part]] = deque()
        self._position = PlaybackPosition()

    async def frame(self, *, say: bool = True) -> None:
        service, session = self.service, self.session
        service.tick(self.FRAME_S)
        if session.state is ClientState.OFFLINE:
            self._connections += 1
            self._identity = b"connection %d" % self._connections
            session.connected(service.now_s)
        session.tick(service.now_s, self._position)
        if say:
            session.set("level", (len(self.receipts) % 10) / 10)
            session.end_frame()
        for parts in session.to_send():
            service.receive(self._identity, parts)
        await service.settle()
        service.generate()
        said, service.sent[self._identity] = service.sent[self._identity], []
        for message in said:
            session.receive(encode(message), service.now_s)
        for event in session.client_events():
            if isinstance(event, Receipt):
                self.receipts.append(event)
            elif isinstance(event, Live):
                self.lives += 1
            elif isinstance(event, Chunk):
                self._position = replace(self._position, have=event.start + event.count)
        committed = min(self._position.committed + round(self.FRAME_S * 48_000), self._position.have)
        self._position = replace(self._position, played=committed, committed=committed)

    def cut(self) -> None:
        """Cut the connection; what is in transit is lost, answers too."""
        self.service.sent.clear()
        self.service.gone.add(self._identity)
        self.session.disconnected()


@pytest.mark.parametrize("every", [7, 31])
def test_a_client_within_the_limit_is_never_refused_when_its_connection_breaks(every: int) -> None:
    """Thirty events a second of forty allowed, while the connection is cut again and again."""

    async def main() -> None:
        async with ServiceHarness(events_per_second=40) as service:
            game = HonestGame(service)
            for number in range(200):
                await game.frame()
                if number % every == every - 1:
                    game.cut()
            for _ in range(100):
                await game.frame(say=False)
            assert game.lives >= 200 // every
            assert {one.code for one in game.receipts} == {"accepted"}
            assert sorted(one.seq for one in game.receipts) == list(range(1, len(game.receipts) + 1))
            assert len(game.receipts) == 200
            assert game.session.waiting == 0

    asyncio.run(main())


def test_resets_above_their_limit_are_refused_beside_a_game_that_is_served() -> None:
    """A flooder resets twenty times a second for ten seconds; the game says thirty events a second."""

    async def main() -> None:
        async with ServiceHarness(events_per_second=40) as service:
            await service.greet(PEER)
            service.playhead(PEER)
            flooded = next(iter(service.sessions))
            game, numbers = HonestGame(service), count(1)
            begun_s = service.now_s
            for number in range(200):
                await game.frame()
                if number % 2:
                    items = [EventItem(seq=next(numbers), at=0, reset=True, set={"level": 0.5})]
                    flooded.on_events(items, service.now_s)
                    service.playhead(PEER)
            played_s = service.now_s - begun_s
            for _ in range(100):
                await game.frame(say=False)
            receipts = service.all(PEER, Receipt)
            taken = sum(one.accepted for one in receipts)
            assert {one.code for one in receipts} == {"accepted", "rate_limited"}
            assert 8 <= taken <= 8 + 2 * played_s + 1
            assert {one.code for one in game.receipts} == {"accepted"}
            assert len(game.receipts) == 200

    asyncio.run(main())


def test_refused_events_are_logged_once_for_each_code_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with ServiceHarness(events_per_second=LIMIT) as service:
            await service.greet(PEER)
            service.playhead(PEER)
            (session,) = service.sessions
            numbers = count(1)
            for _ in range(6):
                session.on_events([EventItem(seq=next(numbers), at=0, set={"nonsense": 1})], service.now_s)
                service.tick(1.0)
                service.playhead(PEER)
            items = [EventItem(seq=next(numbers), at=0, set={"level": 0.5}) for _ in range(3 * LIMIT)]
            session.on_events(items, service.now_s)

    caplog.set_level("INFO", logger="segue.service.incoming_events")
    asyncio.run(main())
    lines = [vars(record) for record in caplog.records if record.name == "segue.service.incoming_events"]
    assert [(line["event"], line["code"], line["left_out"]) for line in lines] == [
        (1, "unknown_input", 0),
        (6, "unknown_input", 4),
        (7 + LIMIT, "rate_limited", 0),
    ]
    assert all(line["session"] and line["text"] for line in lines)
