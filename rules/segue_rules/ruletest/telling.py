"""Failed rule tests in words: what was expected, what came, where, and the record of changes around it."""

from __future__ import annotations

from collections.abc import Iterator

from segue_rules import timeline
from segue_rules.ruletest.running import Failure, Outcome


def tell(outcome: Outcome) -> Iterator[str]:
    """The lines to print of a test that failed; none of one that passed."""
    for failure in outcome.failures:
        yield f"{failure.mark}: FAILED: {outcome.test.name}"
        yield from _tell_failure(failure)


def _tell_failure(failure: Failure) -> Iterator[str]:
    yield f"    expected  {failure.expected}"
    yield f"    came      {failure.came}"
    yield f"    there     {timeline.clock_time(failure.frame)}, bar {failure.place}; {failure.states}"
    yield f"    mix       {failure.mix}"
    if failure.around:
        yield "    around"
    for happening in failure.around:
        # Reasons once: where a change was decided, not again where it starts.
        told = timeline.brief(happening) if happening.decided_before else happening
        yield from (f"      {line}" for line in timeline.tell(told))
