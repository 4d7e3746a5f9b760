"""A hello that is refused is answered with an error and with bye, so that the client does not repeat it for ever."""

from __future__ import annotations

import asyncio
from typing import Any

import msgpack
import pytest

from segue_sdk.messages import Bye, Error, Hello, Playhead, Welcome
from unit.service.service_harness import ServiceHarness

ONE, TWO = b"one", b"two"
HELLO = {"v": 1, "t": "hello", "versions": [1], "client": "a test"}


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"rules_name": "nowhere"}, "unknown_rules"),
        ({"rules_text": "segue: 1\nlayers: 3"}, "rules_refused"),
        ({"generator": "bagpipe"}, "unknown_generator"),
        ({"versions": [7]}, "unsupported_version"),
        ({"v": 7}, "unsupported_version"),
        ({"versions": []}, "out_of_range"),
        ({"client": 3}, "wrong_type"),
        ({"lookahead_ms": 1.5}, "wrong_type"),
        ({"rules_name": "calm", "rules_text": "segue: 1"}, "bad_value"),
    ],
)
def test_a_hello_that_cannot_be_served_is_refused_for_good(said: dict[str, Any], code: str) -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            service.receive(ONE, [msgpack.packb({**HELLO, **said})])
            await service.settle()
            error, bye = service.sent[ONE]
            assert isinstance(error, Error)
            assert isinstance(bye, Bye)
            assert (error.code, error.about) == (code, "hello")
            assert (bye.reason, bye.retry_ms) == ("refused", None)
            # The connection stays, and a better hello is served.
            await service.greet(ONE)

    asyncio.run(main())


def test_a_client_for_which_there_is_no_room_is_told_when_to_come_again() -> None:
    async def main() -> None:
        async with ServiceHarness(max_sessions=1) as service:
            await service.greet(ONE)
            service.playhead(ONE)
            service.say(TWO, Hello(versions=(1,), client="a test"))
            await service.settle()
            error, bye = service.sent[TWO]
            assert isinstance(error, Error)
            assert isinstance(bye, Bye)
            assert (error.code, error.about, bye.reason) == ("too_many_sessions", "hello", "refused")
            assert bye.retry_ms

    asyncio.run(main())


def test_a_message_without_a_session_is_refused_without_bye() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            service.say(ONE, Playhead(played=0, committed=0, have=0, paused=True))
            (error,) = service.sent[ONE]
            assert isinstance(error, Error)
            assert error.code == "no_session"

    asyncio.run(main())


def test_a_malformed_hello_ends_no_session_and_no_handshake() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            malformed = [msgpack.packb({**HELLO, "client": 3})]
            service.say(ONE, Hello(versions=(1,), client="a test"))
            service.receive(ONE, malformed)
            await service.settle()
            assert service.all(ONE, Welcome)
            service.receive(ONE, malformed)
            assert [error.about for error in service.all(ONE, Error)] == ["hello", "hello"]
            assert not service.all(ONE, Bye)
            assert service.handler.has_session(ONE)

    asyncio.run(main())


def test_a_first_message_that_cannot_be_read_at_all_is_refused_for_good() -> None:
    async def main() -> None:
        async with ServiceHarness() as service:
            service.receive(ONE, [b"\xc1"])
            error, bye = service.sent[ONE]
            assert isinstance(error, Error)
            assert isinstance(bye, Bye)
            assert (error.code, error.about) == ("malformed", "")
            assert (bye.reason, bye.retry_ms) == ("refused", None)
            await service.greet(ONE)
            service.receive(ONE, [b"\xc1"])
            assert len(service.all(ONE, Bye)) == 1

    asyncio.run(main())
