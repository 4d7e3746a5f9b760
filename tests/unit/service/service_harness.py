"""A connection handler without sockets, under a clock that tests move; identities are whatever a test says."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

from segue.runtime.fallback import Loop
from segue.runtime.scheduler import Scheduler
from segue.service.connection_handler import ConnectionHandler
from segue.service.generation import Worker
from segue.service.monitoring import Metrics
from segue.service.outgoing import Parts
from segue.service.rule_store import RuleStore
from segue.service.sessions import Sessions
from segue.service.settings.configuration import ServiceConfig
from segue.style.word_table import WordEncoder
from segue_sdk.codec import Part, decode, encode
from segue_sdk.messages import Event, EventItem, Hello, Message, Playhead, Welcome
from unit.runtime.scheduling import run_once
from unit.runtime.toy_generator import ToyGenerator

CALM: Final = Path(__file__).parents[2] / "service" / "calm.yaml"

T = TypeVar("T")


@cache
def encoder() -> WordEncoder:
    """Return the encoder, which is loaded once: that takes a second."""
    return WordEncoder()


class ServiceHarness:
    """To be used within one event loop.

    now_s: the clock. sent: what each identity was sent. gone: identities that cannot be sent to any more.
    """

    def __init__(self, **settings: Any) -> None:
        self.now_s = 1_000.0
        self.sent: defaultdict[bytes, list[Message]] = defaultdict(list)
        self.gone: set[bytes] = set()
        rules = {"rules": {"calm": CALM}, "default_rules": "calm"}
        config = ServiceConfig(**{**rules, "generator": "toy", "lookahead_ms": 2_000, **settings})
        self.metrics = Metrics()
        generators = (ToyGenerator(), Loop())
        self.rule_store = RuleStore(config, [encoder()])
        self.scheduler = Scheduler(generators, self.clock)
        self.worker = Worker("generator")
        self.sessions = Sessions(
            config,
            "segue test",
            generators,
            self.rule_store,
            self.scheduler,
            self.worker,
            self.metrics,
            self.clock,
        )
        self.handler = ConnectionHandler(self.sessions, self._send, self.clock, self.metrics, lambda: None)

    def clock(self) -> float:
        return self.now_s

    async def __aenter__(self) -> ServiceHarness:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.settle()
        self.worker.close(timeout_s=5.0)

    def _send(self, identity: bytes, parts: Parts) -> bool:
        if identity in self.gone:
            return False
        self.sent[identity].append(decode(parts))
        return True

    # --- what clients do --------------------------------------------------------------------------------------------

    def say(self, identity: bytes, message: Message) -> float:
        """Send a message of a client, and return for how many seconds it should not be read."""
        return self.receive(identity, encode(message))

    def receive(self, identity: bytes, parts: Sequence[Part]) -> float:
        return self.handler.receive(identity, parts)

    async def greet(self, identity: bytes, **hello: Any) -> Welcome:
        """Say hello, and return the welcome."""
        self.say(identity, Hello(versions=(1,), client="a test", **hello))
        await self.settle()
        return self.all(identity, Welcome)[-1]

    def playhead(self, identity: bytes, committed: int = 0, **said: Any) -> float:
        fields = {"played": committed, "committed": committed, "have": committed, "paused": True, **said}
        return self.say(identity, Playhead(**fields))

    def event(self, identity: bytes, *numbers: int, **values: Any) -> float:
        items = tuple(EventItem(seq=number, at=0, set=values or {"level": 0.5}) for number in numbers)
        return self.say(identity, Event(events=items))

    # --- what the service does --------------------------------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until all requests have ended."""
        while any(one.task is not None for one in self.handler._connections.values()):
            await asyncio.sleep(0.001)

    def tick(self, seconds: float = 0.05) -> None:
        """Let time pass."""
        self.now_s += seconds
        self.handler.tick()

    def generate(self) -> None:
        """Generate all music that is wanted now."""
        while run_once(self.scheduler, self.now_s):
            pass
        for session in self.sessions:
            self.handler.flush(session)

    def all(self, identity: bytes, kind: type[T]) -> list[T]:
        """Return all messages of a kind that a client was sent."""
        return [message for message in self.sent[identity] if isinstance(message, kind)]
