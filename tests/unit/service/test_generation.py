"""When a call that takes long is left behind: only where somebody who plays would run dry meanwhile."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest

from segue.contract import Request, Result
from segue.runtime.config import SessionConfig
from segue.runtime.loop import Loop
from segue.runtime.scheduler import Scheduler
from segue.runtime.session import Session
from segue.service.generation import Generation
from segue.service.guard import Guard
from segue.service.metrics import Metrics
from unit.runtime.rule_files import BANK, RULES
from unit.runtime.toy_generator import ToyGenerator, ToyState


class Waiting(ToyGenerator):
    """A generator whose calls take until they are let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.let_go = threading.Event(), threading.Event()

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        self.begun.set()
        assert self.let_go.wait(30.0)
        return super().generate(requests)


@pytest.mark.parametrize(("held", "stalls"), [(True, 0), (False, 1)])
def test_a_session_that_never_reported_starves_nobody(held: bool, stalls: int) -> None:
    """Beside a game with two seconds of music there is a session with none; the generator takes its time."""

    async def main() -> None:
        now_s = 100.0
        generator, metrics = Waiting(), Metrics()
        ladder: list[Any] = [generator, Loop()]
        scheduler = Scheduler(ladder, lambda: now_s)
        game, silent = (Session(RULES, BANK, ladder, SessionConfig(seed=1, lookahead_s=4.0)) for _ in range(2))
        silent.held = True
        for session in (game, silent):
            scheduler.add(session, home=0)
        game.playhead(played=0, committed=0, paused=True, now_s=now_s)
        generator.let_go.set()
        while game.head < 50:
            scheduler.run_once(now_s)
        generator.begun.clear()
        generator.let_go.clear()
        silent.held = held

        def clock() -> float:
            return now_s

        landed = asyncio.Event()
        generation = Generation(
            scheduler,
            ladder,
            clock,
            stall_s=0.5,
            landed=lambda batch: landed.set(),
            broke=lambda session: None,
            metrics=metrics,
            guard=Guard(metrics),
        )
        running = asyncio.ensure_future(generation.run())
        assert await asyncio.to_thread(generator.begun.wait, 30.0)
        # In steps: a clock that jumps is that of a process that stood still.
        for _ in range(10):
            now_s += 0.1
            await asyncio.sleep(0.05)
        assert metrics.registry.get_sample_value("segue_generator_stalls_total") == stalls
        generator.let_go.set()
        await asyncio.wait_for(landed.wait(), 30.0)
        running.cancel()
        generation.close(patience_s=5.0)

    asyncio.run(main())
