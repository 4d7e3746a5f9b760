"""What one connection may cost, and who makes room for whom: nobody keeps the service from the others."""

from __future__ import annotations

import asyncio
import logging
import threading
from itertools import count, islice

import msgpack
import pytest

from segue.service import reception as reception_module
from segue.service import sessions as sessions_module
from segue.service.rulebook import Soundtrack
from segue_sdk.codec import Part, encode
from segue_sdk.messages import Bye, Chunk, Control, Error, Hello, Message, Receipt, Restore, Rules, Status, Welcome
from unit.service.reception_harness import ReceptionHarness

ONE, TWO, THREE, FOUR = b"one", b"two", b"three", b"four"

JUNK: dict[str, list[Part]] = {
    "noise": [b"\xc1" * 200],
    "nothing": [],
    "many parts": [b"\x80"] * 40,
    "a wrong map": [msgpack.packb({"v": 1, "t": "playhead", "x": {str(number): number for number in range(2_000)}})],
    "no such message": [msgpack.packb({"v": 1, "t": "sing"})],
    "errors": list(encode(Error(code="too_loud", text="x" * 500))),
    "broken errors": [msgpack.packb({"v": 1, "t": "error"})],
    "saves": [msgpack.packb({"v": 1, "t": "save", "id": 0})],
}


@pytest.mark.parametrize("kind", JUNK)
def test_who_floods_is_shown_out_before_anything_is_decoded(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = []
    decode = reception_module.decode

    def counted(parts: list[Part]) -> Message:
        decoded.append(1)
        return decode(parts)

    async def main() -> None:
        async with ReceptionHarness() as service:
            await service.greet(ONE)
            await service.greet(TWO)
            service.playhead(ONE)
            service.playhead(TWO)
            monkeypatch.setattr(reception_module, "decode", counted)
            sent = 0
            while not service.all(ONE, Bye):
                service.receive(ONE, JUNK[kind])
                sent += 1
                assert sent < 20_000
            (bye,) = service.all(ONE, Bye)
            assert bye.retry_ms
            assert len(service.all(ONE, Error)) <= 11
            before = len(decoded)
            waits = [service.receive(ONE, JUNK[kind]) for _ in range(500)]
            assert min(waits) > 0
            assert len(decoded) == before
            # The other one is served as ever.
            service.event(TWO, 1)
            assert [one.seq for one in service.all(TWO, Receipt)] == [1]
            # The session is still there when its client comes again as it was told.
            token = service.all(ONE, Welcome)[0].token
            service.tick(bye.retry_ms / 1000)
            assert (await service.greet(THREE, resume=token)).resumed

    asyncio.run(main())


@pytest.mark.parametrize("kind", JUNK)
def test_who_is_not_read_when_over_its_budget_is_never_shown_out(kind: str) -> None:
    """A caller that waits as it is told holds the sender back, and what is read stays within the budget."""

    async def main() -> None:
        async with ReceptionHarness() as service:
            await service.greet(ONE)
            begun_s, cost, rate = service.now_s, 0, service.reception._cost_per_second
            while cost < 10 * rate:
                wait_s = service.receive(ONE, JUNK[kind])
                cost += 50 + sum(map(len, JUNK[kind]))
                if wait_s:
                    service.tick(wait_s)
            assert cost <= 2 * rate * (4 + service.now_s - begun_s)
            assert not [bye for bye in service.all(ONE, Bye) if bye.text == "too many messages"]

    asyncio.run(main())


def test_a_client_at_its_limit_of_events_and_reports_stays_within_its_budget() -> None:
    """Two hundred events a second, each in a message of its own with six inputs, a report every 25 ms."""

    async def main() -> None:
        async with ReceptionHarness() as service:
            await service.greet(ONE)
            for number in range(1, 1_001):
                service.tick(0.005)
                values = {f"an input of a long name {index}": 0.123456 for index in range(6)}
                assert service.event(ONE, number, **values) == 0.0
                if number % 5 == 0:
                    assert service.playhead(ONE) == 0.0

    asyncio.run(main())


def test_hello_again_costs_what_its_answer_weighs() -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
            await service.greet(ONE)
            hello = Hello(versions=(1,), client="a test")
            answers = 0
            while service.say(ONE, hello) == 0.0:
                answers += 1
            assert 10 < answers < 2_000
            # Once a second, as the protocol has it, is well within.
            service.tick(60.0)
            await service.greet(TWO)
            for _ in range(60):
                service.tick(1.0)
                assert service.say(TWO, hello) == 0.0

    asyncio.run(main())


def test_a_budget_is_not_renewed_by_bye_and_hello() -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
            for _ in range(1_000):
                service.say(ONE, Hello(versions=(1,), client="a test"))
                await service.settle()
                if service.say(ONE, Bye(reason="quit")):
                    break
            else:
                raise AssertionError("a thousand sessions opened and closed for nothing")
            assert len(service.sessions) == 0

    asyncio.run(main())


# --- who makes room --------------------------------------------------------------------------------------------------


def test_strangers_make_room_for_newcomers_and_are_bounded() -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
            await service.greet(ONE)
            for number in range(2_000):
                service.receive(b"stranger %d" % number, [b"\xc1"])
                service.now_s += 0.001
            assert len(service.reception._connections) <= 1 + 256
            assert not (await service.greet(b"newcomer")).resumed
            # Who has a session kept its connection.
            service.playhead(ONE)
            service.event(ONE, 1)
            assert service.all(ONE, Receipt)

    asyncio.run(main())


def test_a_newcomer_takes_the_place_of_the_session_that_was_away_the_longest() -> None:
    async def main() -> None:
        async with ReceptionHarness(max_sessions=3) as service:
            welcomes = {}
            for identity in (ONE, TWO, THREE):
                welcomes[identity] = await service.greet(identity)
                service.playhead(identity)
                service.generate()
            # Paused, so that they would be waited for half an hour.
            for identity in (TWO, ONE):
                service.say(identity, Control(op="pause"))
                service.tick(1.0)
                service.playhead(THREE)
                service.gone.add(identity)
                service.tick(1.0)
                service.playhead(THREE)
            assert not (await service.greet(b"new")).resumed
            assert {live.token for live in service.sessions} == {
                welcomes[ONE].token,
                welcomes[THREE].token,
                service.all(b"new", Welcome)[0].token,
            }
            service.playhead(b"new")
            # Who lost its place gets another once there is one, and goes on from what it has.
            last = service.all(TWO, Chunk)[-1]
            back = await service.greet(b"two again", resume=welcomes[TWO].token, last_chunk=last.seq)
            assert not back.resumed
            service.say(b"two again", Restore(id=1, at=last.start + last.count, take=last.take, cell=last.cell))
            await service.settle()
            assert service.all(b"two again", Status)[-1].restored == "all"
            service.playhead(b"two again", last.start + last.count)
            # Now all are connected and report: nobody is put out for another newcomer.
            service.say(b"late", Hello(versions=(1,), client="a test"))
            await service.settle()
            assert [one.code for one in service.all(b"late", Error)] == ["too_many_sessions"]
            assert service.all(b"late", Bye)[0].retry_ms
            assert (
                service.metrics.registry.get_sample_value("segue_sessions_closed_total", {"reason": "made room"}) == 2
            )

    asyncio.run(main())


def test_who_never_reports_makes_room_after_a_while_and_is_told() -> None:
    async def main() -> None:
        async with ReceptionHarness(max_sessions=1) as service:
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


def test_a_client_that_plays_keeps_its_place_and_one_that_is_paused_does_for_a_while() -> None:
    async def main() -> None:
        async with ReceptionHarness(max_sessions=2) as service:
            for identity in (ONE, TWO):
                await service.greet(identity)
                service.playhead(identity)
            service.say(ONE, Control(op="pause"))
            service.tick(3.0)
            service.say(TWO, Control(op="pause"))

            async def knock(identity: bytes, seconds: int) -> None:
                for _ in range(seconds):
                    service.tick(1.0)
                    for playing in (ONE, TWO, THREE):
                        service.playhead(playing)
                service.say(identity, Hello(versions=(1,), client="a test"))
                await service.settle()
                service.playhead(identity)
                service.tick()

            await knock(THREE, 6)
            assert "too_many_sessions" in [one.code for one in service.all(THREE, Error)]
            # Said again, it is not paused later.
            service.say(ONE, Control(op="pause"))
            await knock(THREE, 2)
            assert [one.reason for one in service.all(ONE, Bye)] == ["idle"]
            assert service.all(THREE, Welcome)
            # Who goes on keeps its place.
            service.say(TWO, Control(op="resume"))
            await knock(FOUR, 30)
            assert not service.all(TWO, Bye)
            assert not service.all(FOUR, Welcome)

    asyncio.run(main())


def test_a_new_session_that_nobody_waits_for_is_closed() -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
            service.say(ONE, Hello(versions=(1,), client="a test"))
            greeting = service.reception._connections[ONE].busy
            assert greeting is not None
            # Gone before it is answered.
            service.tick(6.0)
            await greeting
            assert service.metrics.registry.get_sample_value("segue_sessions_opened_total") == 1
            assert len(service.sessions) == 0
            assert not service.all(ONE, Welcome)

    asyncio.run(main())


def test_a_session_that_made_room_is_reached_by_nothing_any_more() -> None:
    async def main() -> None:
        async with ReceptionHarness(max_sessions=1) as service:
            await service.greet(ONE)
            service.now_s += 11.0
            for connection in service.reception._connections.values():
                connection.heard_s = service.now_s
            await service.greet(TWO)
            # Before the next tick tells it.
            service.say(ONE, Control(op="generator", generator="toy"))
            assert [one.reason for one in service.all(ONE, Bye)] == ["idle"]
            assert len(service.scheduler.sessions) == len(service.sessions) == 1
            service.playhead(ONE)
            assert [one.code for one in service.all(ONE, Error)] == ["no_session"]

    asyncio.run(main())


def test_who_is_shut_out_is_remembered_until_all_is_paid_for() -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
            await service.greet(ONE)
            connection = service.reception._connections[ONE]
            connection.shut_until_s = service.now_s + 20.0
            for _ in range(40):
                service.tick(0.5)
            assert service.reception._connections[ONE] is connection
            for _ in range(12):
                service.tick(0.5)
            assert ONE not in service.reception._connections

    asyncio.run(main())


def test_sessions_are_opened_at_a_bounded_rate() -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
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


def test_a_session_taken_over_belongs_to_the_new_connection_alone() -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
            token = (await service.greet(ONE)).token
            assert (await service.greet(TWO, resume=token)).resumed
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
            # Neither a part of a token nor a longer one will do.
            for wrong in (token + b"x", token[:-1] + b"\x00", token[:1] * 16, bytes(64)):
                assert wrong == token or not (await service.greet(b"thief" + wrong, resume=wrong)).resumed

    asyncio.run(main())


# --- what takes long -------------------------------------------------------------------------------------------------


def test_rules_that_clients_send_are_loaded_one_at_a_time_with_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of four clients sends one; loading each takes two seconds of the service's clock."""
    slept: list[float] = []
    at_once, most = 0, 0
    lock = threading.Lock()

    async def main() -> None:
        nonlocal at_once, most
        async with ReceptionHarness() as service:
            sleep = asyncio.sleep

            async def pause(seconds: float) -> None:
                slept.append(round(seconds, 3))
                service.now_s += seconds
                await sleep(0)

            def load(text: str) -> Soundtrack:
                nonlocal at_once, most
                with lock:
                    at_once += 1
                    most = max(most, at_once)
                    service.now_s += 2.0
                    at_once -= 1
                return service.rulebook.named()

            monkeypatch.setattr(service.rulebook, "from_text", load)
            monkeypatch.setattr(sessions_module.asyncio, "sleep", pause)
            greeting = [
                asyncio.ensure_future(
                    service.sessions.open(Hello(versions=(1,), client="a test", rules_text=f"segue: {number}"))
                )
                for number in range(4)
            ]
            await asyncio.gather(*greeting)
            monkeypatch.setattr(sessions_module.asyncio, "sleep", sleep)

    asyncio.run(main())
    assert most == 1
    assert slept == [0.0, 6.0, 6.0, 6.0]


def test_a_text_that_was_loaded_lately_waits_for_nothing() -> None:
    text = (
        "segue: 1\ntitle: mine\nstyles: {a: {text: calm}}\nlayers: {l: {states: {s: {default: true, mix: {a: 1}}}}}\n"
    )

    async def main() -> None:
        async with ReceptionHarness() as service:
            assert (await service.greet(ONE, rules_text=text)).rules.title == "mine"
            # Another text is being loaded, and takes its time.
            async with service.sessions._loading_text:
                assert (await service.greet(TWO, rules_text=text)).rules.title == "mine"

    asyncio.run(main())


# --- the log ---------------------------------------------------------------------------------------------------------


def test_refusals_that_clients_send_are_logged_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
            await service.greet(ONE)
            for _ in range(30):
                for _ in range(10):
                    service.say(ONE, Error(code="too_loud", text="x" * 1_000))
                service.tick(1.0)
            lines = [one for one in caplog.records if one.getMessage() == "a client refused messages"]
            assert [vars(one)["count"] for one in lines] == [1, 100, 100]
            assert all(len(vars(one)["text"]) <= 200 for one in lines)

    with caplog.at_level(logging.INFO):
        asyncio.run(main())


# --- planning --------------------------------------------------------------------------------------------------------


def layered(layers: int) -> str:
    """Rules whose every layer changes its state with the flag `deep`."""
    text = "".join(
        f"  l{layer}: {{states: {{a: {{default: true, mix: {{s: 1}}}}, b: {{when: {{deep: true}}, mix: {{s: 1}}}}}}}}\n"
        for layer in range(layers)
    )
    return f"segue: 1\ninputs: {{deep: {{type: flag}}}}\nstyles: {{s: {{text: calm}}}}\nlayers:\n{text}"


def test_the_longer_the_lookahead_the_simpler_a_clients_rules_have_to_be() -> None:
    async def main() -> None:
        async with ReceptionHarness(max_rules_parts=200) as service:
            # Ten layers, twenty states, ten comparisons.
            await service.greet(ONE, rules_text=layered(10), lookahead_ms=4_000)
            service.say(TWO, Hello(versions=(1,), client="a test", rules_text=layered(10), lookahead_ms=8_000))
            await service.settle()
            (refused,) = service.all(TWO, Error)
            assert refused.code == "rules_refused"
            assert "expected at most 100 parts" in refused.text
            assert "for a lookahead of 8 s, got 190" in refused.text
            service.say(ONE, Control(op="rules", rules_text=layered(11)))
            await service.settle()
            assert "expected at most 200 parts" in service.all(ONE, Rules)[-1].errors[0]
            # What the service's own files hold is its operator's to decide.
            assert not (await service.greet(THREE, lookahead_ms=30_000)).resumed

    asyncio.run(main())


def test_who_has_much_planned_waits_where_others_would_have_to_and_only_there() -> None:
    async def main() -> None:
        async with ReceptionHarness() as service:
            for identity in (ONE, TWO):
                await service.greet(identity, rules_text=layered(20))
                service.playhead(identity)
            service.generate()

            numbers = count(1)

            def change() -> float:
                """Five events, each of which has all that follows planned anew. Returns: the longest wait."""
                waits = []
                for number in islice(numbers, 5):
                    waits += [service.event(ONE, number, deep=bool(number % 2)), service.playhead(ONE)]
                return max(waits)

            # The loop comes round as it should: nobody has to wait.
            for _ in range(10):
                service.tick(0.05)
                assert change() == 0.0
            # It comes round late: who causes the work waits for its part of it, the other is read as ever.
            waits = []
            for _ in range(10):
                service.tick(0.3)
                waits.append(change())
                assert service.playhead(TWO) == 0.0
            assert 0.0 < max(waits) <= 4.0
            # Late no longer, and held back no longer.
            for _ in range(45):
                service.tick(0.05)
            assert change() == 0.0

    asyncio.run(main())
