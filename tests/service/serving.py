"""A service in a thread of the test's own process, over real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, Final

from segue.contract import Generator
from segue.score.generator import ScoreGenerator
from segue.score.sampler.sampler import Sampler
from segue.service.server import Service
from segue.service.settings.configuration import ServiceConfig
from segue.style.word_table import WordEncoder

CALM: Final = Path(__file__).parent / "calm.yaml"
_START_S: Final = 30.0


@cache
def orchestra() -> ScoreGenerator:
    """Return the bundled generator, which is made once."""
    return ScoreGenerator(Sampler())


@contextmanager
def serving(*generators: Generator[Any], **settings: Any) -> Iterator[Service]:
    """Serve calm.yaml, or `rules`, until the context ends. Its first address is `service.addresses[0]`."""
    config = ServiceConfig(
        **{
            "bind": ("tcp://127.0.0.1:0",),
            "rules": {"calm": CALM},
            "default_rules": "calm",
            "drain_ms": 200,
            **settings,
        }
    )
    ready, running, failed = threading.Event(), list[tuple[asyncio.AbstractEventLoop, Service]](), list[BaseException]()

    async def main() -> None:
        def welcome(addresses: Sequence[str]) -> None:
            ready.set()

        service = Service(config, [WordEncoder()], generators or [orchestra()], version="test", serving=welcome)
        running.append((asyncio.get_running_loop(), service))
        await service.run()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
                runner.run(main())
        except BaseException as error:
            failed.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="service")
    thread.start()
    assert ready.wait(_START_S)
    try:
        if not failed:
            yield running[0][1]
    finally:
        if thread.is_alive():
            running[0][0].call_soon_threadsafe(running[0][1].stop)
        thread.join(_START_S)
        assert not thread.is_alive()
        if failed:
            # It explains what the test saw.
            raise failed[0]
