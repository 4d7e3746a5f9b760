"""Which connections and sessions are closed for others, and how fast sessions may be opened."""

from __future__ import annotations

import asyncio

from segue_sdk.messages import Bye, Chunk, Control, Error, Hello, Receipt, Restore, Status, Welcome
from unit.service.service_harness import ServiceHarness

ONE, TWO, THREE, FOUR = b"one", b"two", b"three", b"four"


def test_connections_without_a_session_are_bounded_and_replaced() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            for number in range(2_000):
                service.receive(b"connection %d" % number, [b"\xc1"])
                service.now_s += 0.001
            assert len(service.handler._connections) <= 1 + 256
            assert not (await service.greet(b"new")).resumed
            # The connection with a session was kept.
            service.playhead(ONE)
            service.event(ONE, 1)
            assert service.all(ONE, Receipt)

    asyncio.run(main())


def test_a_new_session_replaces_the_one_whose_client_was_away_the_longest() -> None:
    async def main() -> None:
        async with ServiceHarness(max_sessions=3) as service:
            welcomes = {}
            for identity in (ONE, TWO, THREE):
                welcomes[identity] = await service.greet(identity)
                service.playhead(identity)
                service.generate()
            # Paused, so that their sessions would wait for half an hour.
            for identity in (TWO, ONE):
                service.say(identity, Control(op="pause"))
                service.tick(1.0)
                service.playhead(THREE)
                service.gone.add(identity)
                service.tick(1.0)
                service.playhead(THREE)
            assert not (await service.greet(b"new")).resumed
            assert {session.key for session in service.sessions} == {
                welcomes[ONE].key,
                welcomes[THREE].key,
                service.all(b"new", Welcome)[0].key,
            }
            service.playhead(b"new")
            # A client that lost its session opens another once there is a place, and restores what it has.
            last = service.all(TWO, Chunk)[-1]
            back = await service.greet(b"two again", resume=welcomes[TWO].key, last_chunk=last.seq)
            assert not back.resumed
            service.say(b"two again", Restore(id=1, at=last.start + last.count, take=last.take, cell=last.cell))
            await service.settle()
            assert service.all(b"two again", Status)[-1].restored == "all"
            service.playhead(b"two again", last.start + last.count)
            # Now all are connected and report playheads: none is replaced.
            service.say(b"late", Hello(versions=(1,), client="a test"))
            await service.settle()
            assert [one.code for one in service.all(b"late", Error)] == ["too_many_sessions"]
            assert service.all(b"late", Bye)[0].retry_ms
            assert service.metrics.registry.get_sample_value("segue_sessions_closed_total", {"reason": "evicted"}) == 2

    asyncio.run(main())


def test_a_session_without_a_playhead_is_replaced_after_a_while_and_gets_bye() -> None:
    async def main() -> None:
        async with ServiceHarness(max_sessions=1) as service:
            await service.greet(ONE)
            for _ in range(8):
                service.tick(1.0)
                service.say(ONE, Control(op="pause"))
            service.say(TWO, Hello(versions=(1,), client="a test"))
            await service.settle()
            assert [one.code for one in service.all(TWO, Error)] == ["too_many_sessions"]
            for _ in range(3):
                service.tick(1.0)
                service.say(ONE, Control(op="pause"))
            assert not (await service.greet(THREE)).resumed
            service.tick()
            assert [bye.reason for bye in service.all(ONE, Bye)] == ["idle"]
            service.playhead(ONE)
            assert service.all(ONE, Error)[-1].code == "no_session"

    asyncio.run(main())


def test_a_playing_session_is_never_replaced_and_a_paused_one_after_a_while() -> None:
    async def main() -> None:
        async with ServiceHarness(max_sessions=2) as service:
            for identity in (ONE, TWO):
                await service.greet(identity)
                service.playhead(identity)
            service.say(ONE, Control(op="pause"))
            service.tick(3.0)
            service.say(TWO, Control(op="pause"))

            async def say_hello(identity: bytes, seconds: int) -> None:
                for _ in range(seconds):
                    service.tick(1.0)
                    for playing in (ONE, TWO, THREE):
                        service.playhead(playing)
                service.say(identity, Hello(versions=(1,), client="a test"))
                await service.settle()
                service.playhead(identity)
                service.tick()

            await say_hello(THREE, 6)
            assert "too_many_sessions" in [one.code for one in service.all(THREE, Error)]
            # A repeated pause does not count as a later one.
            service.say(ONE, Control(op="pause"))
            await say_hello(THREE, 2)
            assert [one.reason for one in service.all(ONE, Bye)] == ["idle"]
            assert service.all(THREE, Welcome)
            # A session that was resumed keeps its place.
            service.say(TWO, Control(op="resume"))
            await say_hello(FOUR, 30)
            assert not service.all(TWO, Bye)
            assert not service.all(FOUR, Welcome)

    asyncio.run(main())


def test_a_new_session_whose_client_has_gone_is_closed() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            service.say(ONE, Hello(versions=(1,), client="a test"))
            greeting = service.handler._connections[ONE].task
            assert greeting is not None
            # It is gone before it is answered.
            service.tick(6.0)
            await greeting
            assert service.metrics.registry.get_sample_value("segue_sessions_opened_total") == 1
            assert len(service.sessions) == 0
            assert not service.all(ONE, Welcome)

    asyncio.run(main())


def test_a_replaced_session_gets_no_more_messages() -> None:
    async def main() -> None:
        async with ServiceHarness(max_sessions=1) as service:
            await service.greet(ONE)
            service.now_s += 11.0
            for connection in service.handler._connections.values():
                connection.received_s = service.now_s
            await service.greet(TWO)
            # Before the next tick tells the client.
            service.say(ONE, Control(op="generator", generator="toy"))
            assert [one.reason for one in service.all(ONE, Bye)] == ["idle"]
            assert len(service.scheduler.sessions) == len(service.sessions) == 1
            service.playhead(ONE)
            assert [one.code for one in service.all(ONE, Error)] == ["no_session"]

    asyncio.run(main())


def test_sessions_are_opened_at_a_bounded_rate() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            for number in range(300):
                identity = b"%d" % number
                service.say(identity, Hello(versions=(1,), client="a test"))
                await service.settle()
                service.say(identity, Bye(reason="quit"))
            opened = service.metrics.registry.get_sample_value("segue_sessions_opened_total")
            assert opened == 80
            service.tick(1.0)
            assert not (await service.greet(b"later")).resumed

    asyncio.run(main())


def test_a_resumed_session_belongs_to_the_new_connection_alone() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            key = (await service.greet(ONE)).key
            assert (await service.greet(TWO, resume=key)).resumed
            assert [bye.reason for bye in service.all(ONE, Bye)] == ["replaced"]
            service.playhead(ONE)
            assert service.all(ONE, Error)[-1].code == "no_session"
            service.say(ONE, Bye(reason="quit"))
            for _ in range(6):
                service.tick(1.0)
                service.playhead(TWO)
            service.generate()
            assert service.all(TWO, Chunk)
            assert not service.all(ONE, Chunk)
            # A part of a key or a longer key is no session's.
            for wrong in (key + b"x", key[:-1] + b"\x00", key[:1] * 16, bytes(64)):
                assert wrong == key or not (await service.greet(b"thief" + wrong, resume=wrong)).resumed

    asyncio.run(main())


def test_a_session_taken_up_by_a_connection_that_vanishes_has_none() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            key = (await service.greet(ONE)).key
            service.playhead(ONE)
            service.say(TWO, Hello(versions=(1,), client="a test", resume=key))
            service.handler.closed(TWO)
            await service.settle()
            await asyncio.sleep(0)
            assert service.all(ONE, Bye)[-1].reason == "replaced"
            (session,) = service.sessions
            assert session.connection is None
            sent = len(service.sent[ONE])
            service.generate()
            service.tick(2.0)
            assert len(service.sent[ONE]) == sent
            assert (await service.greet(THREE, resume=key)).resumed

    asyncio.run(main())
