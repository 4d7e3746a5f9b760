"""What one connection may cost: no client can keep the service from the others, nor from its own music."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable
from itertools import count, islice

import msgpack
import pytest

from segue.service import connection_handler as handler_module
from segue.service import rule_store as rule_store_module
from segue.service.rule_store import Soundtrack
from segue_sdk.codec import Part, encode
from segue_sdk.limits import FRAME_SIZE, SAMPLE_RATE
from segue_sdk.messages import (
    Bye,
    Control,
    Error,
    Event,
    EventItem,
    Hello,
    Message,
    Playhead,
    Receipt,
    Restore,
    Rules,
    Save,
    Welcome,
)
from unit.service.service_harness import ServiceHarness

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
def test_a_flooding_connection_is_blocked_before_anything_is_decoded(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded = []
    decode = handler_module.decode

    def counted(parts: list[Part]) -> Message:
        decoded.append(1)
        return decode(parts)

    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            await service.greet(TWO)
            service.playhead(ONE)
            service.playhead(TWO)
            monkeypatch.setattr(handler_module, "decode", counted)
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
            # The other client is served as before.
            service.event(TWO, 1)
            assert [one.seq for one in service.all(TWO, Receipt)] == [1]
            # The session is still there when its client comes back in time.
            key = service.all(ONE, Welcome)[0].key
            service.tick(bye.retry_ms / 1000)
            assert (await service.greet(THREE, resume=key)).resumed

    asyncio.run(main())


@pytest.mark.parametrize("kind", JUNK)
def test_a_connection_that_is_not_read_while_in_debt_is_never_blocked(kind: str) -> None:
    """If the caller waits as long as it should, what is read stays within the budget."""

    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            begun_s, cost, rate = service.now_s, 0, service.handler._connections[ONE].budget._work._per_second
            while cost < 10 * rate:
                wait_s = service.receive(ONE, JUNK[kind])
                cost += 50 + sum(map(len, JUNK[kind]))
                if wait_s:
                    service.tick(wait_s)
            assert cost <= 2 * rate * (4 + service.now_s - begun_s)
            assert not [bye for bye in service.all(ONE, Bye) if bye.text == "too many messages"]

    asyncio.run(main())


def test_a_client_at_its_event_limit_stays_within_its_budget() -> None:
    """Two hundred events a second, each in a message of its own with six inputs, and a playhead every 25 ms."""

    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            for number in range(1, 1_001):
                service.tick(0.005)
                values = {f"an input of a long name {index}": 0.123456 for index in range(6)}
                assert service.event(ONE, number, **values) == 0.0
                if number % 5 == 0:
                    assert service.playhead(ONE) == 0.0

    asyncio.run(main())


def test_a_repeated_hello_costs_the_size_of_its_answer() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            hello = Hello(versions=(1,), client="a test")
            answers = 0
            while service.say(ONE, hello) == 0.0:
                answers += 1
            assert 10 < answers < 2_000
            # Once a second, as the protocol allows, is well within the budget.
            service.tick(60.0)
            await service.greet(TWO)
            for _ in range(60):
                service.tick(1.0)
                assert service.say(TWO, hello) == 0.0

    asyncio.run(main())


def test_bye_and_hello_do_not_renew_the_budget() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            for _ in range(1_000):
                service.say(ONE, Hello(versions=(1,), client="a test"))
                await service.settle()
                if service.say(ONE, Bye(reason="quit")):
                    break
            else:
                raise AssertionError("a thousand sessions opened and closed for nothing")
            assert len(service.sessions) == 0

    asyncio.run(main())


def test_a_blocked_connection_is_remembered_until_its_debt_is_paid() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            connection = service.handler._connections[ONE]
            connection.budget.blocked_until_s = service.now_s + 20.0
            for _ in range(40):
                service.tick(0.5)
            assert service.handler._connections[ONE] is connection
            for _ in range(12):
                service.tick(0.5)
            assert ONE not in service.handler._connections

    asyncio.run(main())


def test_rules_of_clients_are_loaded_one_at_a_time_with_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of four clients sends rules; loading them takes two seconds of the service's clock."""
    slept: list[float] = []
    at_once, most = 0, 0
    lock = threading.Lock()

    async def main() -> None:
        nonlocal at_once, most
        async with ServiceHarness() as service:
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
                return service.rule_store.named()

            monkeypatch.setattr(service.rule_store, "from_text", load)
            monkeypatch.setattr(rule_store_module.asyncio, "sleep", pause)
            greeting = [
                asyncio.ensure_future(
                    service.sessions.open(Hello(versions=(1,), client="a test", rules_text=f"segue: {number}"))
                )
                for number in range(4)
            ]
            await asyncio.gather(*greeting)
            monkeypatch.setattr(rule_store_module.asyncio, "sleep", sleep)

    asyncio.run(main())
    assert most == 1
    assert slept == [0.0, 6.0, 6.0, 6.0]


def test_a_text_that_was_loaded_lately_does_not_wait() -> None:
    text = (
        "segue: 1\ntitle: mine\nstyles: {a: {text: calm}}\nlayers: {l: {states: {s: {default: true, mix: {a: 1}}}}}\n"
    )

    async def main() -> None:
        async with ServiceHarness() as service:
            assert (await service.greet(ONE, rules_text=text)).rules.title == "mine"
            # Another text is being loaded.
            async with service.sessions._client_rules._loading:
                assert (await service.greet(TWO, rules_text=text)).rules.title == "mine"

    asyncio.run(main())


def test_errors_that_clients_send_are_logged_with_a_count(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            for _ in range(30):
                for _ in range(10):
                    service.say(ONE, Error(code="too_loud", text="x" * 1_000))
                service.tick(1.0)
            lines = [one for one in caplog.records if one.getMessage() == "a client refused messages"]
            assert [vars(one)["count"] for one in lines] == [1, 50, 50, 50, 50, 50]
            assert all(len(vars(one)["text"]) <= 200 for one in lines)

    with caplog.at_level(logging.INFO):
        asyncio.run(main())


def layered(layers: int) -> str:
    """Return rules in which every layer changes its state with the flag `deep`."""
    text = "".join(
        f"  l{layer}: {{states: {{a: {{default: true, mix: {{s: 1}}}}, b: {{when: {{deep: true}}, mix: {{s: 1}}}}}}}}\n"
        for layer in range(layers)
    )
    return f"segue: 1\ninputs: {{deep: {{type: flag}}}}\nstyles: {{s: {{text: calm}}}}\nlayers:\n{text}"


def test_a_longer_lookahead_allows_fewer_parts_in_the_rules_of_a_client() -> None:
    async def main() -> None:
        async with ServiceHarness(max_rules_parts=200) as service:
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
            # The service's own files have no such limit.
            assert not (await service.greet(THREE, lookahead_ms=30_000)).resumed

    asyncio.run(main())


def test_a_client_that_causes_much_planning_waits_only_while_the_loop_is_late() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            for identity in (ONE, TWO):
                await service.greet(identity, rules_text=layered(20))
                service.playhead(identity)
            service.generate()

            numbers = count(1)

            def change() -> float:
                """Send five events that make the service plan everything again, and return the longest wait."""
                waits = []
                for number in islice(numbers, 5):
                    waits += [service.event(ONE, number, deep=bool(number % 2)), service.playhead(ONE)]
                return max(waits)

            # The loop is not late: nobody has to wait.
            for _ in range(10):
                service.tick(0.05)
                assert change() == 0.0
            # The loop is late: the client that causes the work waits, the other is read as before.
            waits = []
            for _ in range(10):
                service.tick(0.3)
                waits.append(change())
                assert service.playhead(TWO) == 0.0
            assert 0.0 < max(waits) <= 4.0
            # The loop is not late any more, and nobody waits.
            for _ in range(45):
                service.tick(0.05)
            assert change() == 0.0
            # A process that did not run is not late: what came meanwhile is read at once.
            service.now_s += 3.0
            service.handler.extend_deadlines(3.0, suspended=True)
            service.tick(0.05)
            for _ in range(10):
                assert change() == 0.0

    asyncio.run(main())


REQUESTS: dict[str, Callable[[int], Message]] = {
    "saves": lambda number: Save(id=number),
    "resets": lambda number: Event(events=(EventItem(seq=number, at=0, reset=True),)),
    "restores": lambda number: Restore(id=number, at=0, take=0),
    "generators": lambda number: Control(op="generator", generator="toy"),
    "rules": lambda number: Control(op="rules", rules_name="calm"),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_flood_of_requests_does_not_stop_the_music_of_its_own_client(kind: str) -> None:
    """Twenty requests between two playheads, in one stream that is read when the service allows it."""

    async def main() -> None:
        async with ServiceHarness() as service:
            await service.greet(ONE)
            service.playhead(ONE)
            service.generate()
            begun_s, read_again_s = service.now_s, 0.0
            stream: deque[Message] = deque()
            for step in range(1, 301):
                service.tick(0.05)
                played = round((service.now_s - begun_s) * SAMPLE_RATE)
                if step % 2:
                    stream += [REQUESTS[kind](20 * step + number) for number in range(20)]
                    stream.append(Playhead(played=played, committed=played, have=played + SAMPLE_RATE, paused=False))
                while stream and service.now_s >= read_again_s:
                    read_again_s = service.now_s + service.say(ONE, stream.popleft())
                await service.settle()
                service.generate()
                (session,) = service.sessions
                assert session.music.head * FRAME_SIZE > played, f"no music after {step / 20:g} s"
            refused = service.all(ONE, Receipt if kind == "resets" else Error)
            refused = [one for one in refused if one.code not in ("accepted", "clamped")]
            assert {one.code for one in refused} == {"rate_limited"}
            assert kind == "resets" or len(refused) <= 10 * 16

    asyncio.run(main())
