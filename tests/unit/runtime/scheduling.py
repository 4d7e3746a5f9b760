"""Runs a scheduler without threads."""

from __future__ import annotations

from segue.runtime.scheduler import Scheduler


def run_once(scheduler: Scheduler, now_s: float) -> int:
    """Generate and complete the most urgent batch; return how many jobs it held, 0 if there is nothing to do."""
    batch = scheduler.next_batch(now_s)
    if batch:
        scheduler.complete(batch, scheduler.generate(batch), now_s)
    return len(batch)
