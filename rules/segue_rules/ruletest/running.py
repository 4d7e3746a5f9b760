"""Runs rule tests on a virtual clock, and puts failed ones into words."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from segue_rules.director import Director, Span
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.ruletest.checks import ReceiptIs
from segue_rules.ruletest.coverage import PartKey, reached_parts
from segue_rules.ruletest.expectation import Check, Expectation, Instant, RuleTest
from segue_rules.timeline import (
    TimelineEntry,
    bar_beat,
    brief,
    by_sequence,
    entry_lines,
    plan_at,
    play_script,
    timeline_entries,
)
from segue_rules.times import clock_text
from segue_yaml.nodes import Mark

AROUND_BEFORE: Final = 4 * FRAME_RATE
AROUND_AFTER: Final = 1 * FRAME_RATE
MOST_AROUND: Final = 12
_SHOWN: Final = 0.005
"""Shares of the mix below this are not shown."""


@dataclass(frozen=True, kw_only=True)
class FailedExpectation:
    """What was expected, what came, and what happened around it.

    Attributes:
        frame: Where it showed.
        place: Its bar and beat.
    """

    mark: Mark
    expected: str
    came: str
    frame: int
    place: str
    states: str
    mix: str
    around: tuple[TimelineEntry, ...]


@dataclass(frozen=True, kw_only=True)
class RuleTestResult:
    """A test that was run. It passed if it has no failures.

    Attributes:
        reached: What it reached of the rules, for `coverage`.
    """

    test: RuleTest
    failures: tuple[FailedExpectation, ...]
    reached: frozenset[PartKey] = frozenset()

    @property
    def passed(self) -> bool:
        return not self.failures


def run_test(director: Director, test: RuleTest) -> RuleTestResult:
    """Play the test from frame 0 to the last frame that it asks about, once for each of its seeds.

    The failures are those of the first seed that has any.
    """
    if not test.seeds:
        return _run(director, test)
    reached: frozenset[PartKey] = frozenset()
    for seed in test.seeds:
        result = _run(Director(director.rules, seed), test)
        reached |= result.reached
        if not result.passed:
            failures = tuple(replace(each, came=f"{each.came} (seed {seed})") for each in result.failures)
            return RuleTestResult(test=test, failures=failures, reached=reached)
    return RuleTestResult(test=test, failures=(), reached=reached)


def _run(director: Director, test: RuleTest) -> RuleTestResult:
    playback = _Playback(director, test)
    failures = [failure for expectation in test.expect for failure in playback.ask(expectation)]
    return RuleTestResult(
        test=test, failures=(*failures, *playback.unexpected_refusals()), reached=playback.reached_parts()
    )


class _Playback:
    """All frames of a test, as runs of equal plans."""

    def __init__(self, director: Director, test: RuleTest) -> None:
        self._rules: Rules = director.rules
        self._test = test
        self._events = by_sequence(test.events)
        self._receipts = [e for e in test.expect if any(isinstance(check, ReceiptIs) for check in e.checks)]
        self._spans: list[tuple[Span, tuple[str, ...]]] = []
        pending = {layer.name: "" for layer in self._rules.layers}
        for span in play_script(director, test.events, test.frames):
            for change in span.plan.changes:
                pending[change.layer] = change.to_state if change.kind == "scheduled" else ""
            self._spans.append((span, tuple(pending.values())))
        self._starts = [span.plan.frame for span, _ in self._spans]

    def ask(self, expectation: Expectation) -> Iterator[FailedExpectation]:
        """The first frame in which the expectation is broken, as a failure; nothing if it holds."""
        instants = self._instants(expectation)
        match expectation.when.kind:
            case "at" | "during":
                yield from self._always(expectation, instants)
            case "between":
                yield from self._once(expectation, instants)
            case "never":
                yield from self._never(expectation, instants)

    def _always(self, expectation: Expectation, instants: Iterator[Instant]) -> Iterator[FailedExpectation]:
        for instant in instants:
            broken = [check for check in expectation.checks if not check.holds(instant)]
            if broken:
                yield self._failure(expectation, instant, broken, _came(broken, instant))
                return

    def _once(self, expectation: Expectation, instants: Iterator[Instant]) -> Iterator[FailedExpectation]:
        nearest: tuple[int, Instant] | None = None
        for instant in instants:
            held = sum(check.holds(instant) for check in expectation.checks)
            if held == len(expectation.checks):
                return
            if nearest is None or held > nearest[0]:
                nearest = held, instant
        if nearest is not None:
            held, instant = nearest
            broken = [check for check in expectation.checks if not check.holds(instant)]
            place = clock_text(instant.plan.frame / FRAME_RATE, 2)
            chosen = "which comes closest" if held else "for example"
            came = f"in no frame; at {place}, {chosen}: {_came(broken, instant)}"
            yield self._failure(expectation, instant, broken, came)

    def _never(self, expectation: Expectation, instants: Iterator[Instant]) -> Iterator[FailedExpectation]:
        for instant in instants:
            if all(check.holds(instant) for check in expectation.checks):
                yield self._failure(expectation, instant, expectation.checks, "it did")
                return

    def unexpected_refusals(self) -> Iterator[FailedExpectation]:
        """Events that were refused although no expectation asks for their receipt; most often an input is misspelt."""
        marks = {scripted.event.sequence: scripted.mark for scripted in self._test.events}
        for span, pending in self._spans:
            instant = Instant(span.plan, pending)
            for receipt in span.plan.receipts:
                if not receipt.accepted and not self._is_expected(instant):
                    came = f"{receipt.code}: {receipt.text}" if receipt.text else receipt.code
                    yield self._build(marks[receipt.sequence], "an accepted event", came, instant, span.plan.frame)

    def reached_parts(self) -> frozenset[PartKey]:
        return reached_parts(self._rules, (span for span, _ in self._spans))

    def _is_expected(self, instant: Instant) -> bool:
        return any(
            isinstance(check, ReceiptIs) and check.holds(instant)
            for expectation in self._receipts
            if expectation.when.start <= instant.plan.frame <= expectation.when.end and expectation.when.kind != "never"
            for check in expectation.checks
        )

    def _instants(self, expectation: Expectation) -> Iterator[Instant]:
        """The frames in question.

        Of a run of equal plans only the first two, unless a check depends on beats or bars.
        """
        every_frame = any(check.keeps_time for check in expectation.checks)
        when = expectation.when
        for span, pending in self._between(when.start, when.end):
            first = max(span.plan.frame, when.start)
            last = min(span.plan.frame + span.frames - 1, when.end)
            for frame in range(first, (last if every_frame else min(first + 1, last)) + 1):
                yield Instant(plan_at(span.plan, frame), pending)

    def _between(self, start: int, end: int) -> Iterator[tuple[Span, tuple[str, ...]]]:
        """The runs that have frames from `start` to `end`."""
        for index in range(max(0, bisect_right(self._starts, start) - 1), bisect_right(self._starts, end)):
            yield self._spans[index]

    def _failure(
        self, expectation: Expectation, instant: Instant, checks: Sequence[Check], came: str
    ) -> FailedExpectation:
        when = expectation.when
        expected = f"{when.text}  {' and '.join(map(str, checks))}"
        mark = expectation.mark if when.kind == "never" else checks[0].mark
        return self._build(mark, expected, came, instant, when.start)

    def _build(self, mark: Mark, expected: str, came: str, instant: Instant, start: int) -> FailedExpectation:
        plan = instant.plan
        layers = zip(self._rules.layers, plan.states, strict=True)
        shares = sorted(zip(plan.mix, self._rules.styles, strict=True), key=lambda share: -share[0])
        return FailedExpectation(
            mark=mark,
            expected=expected,
            came=came,
            frame=plan.frame,
            place=str(bar_beat(plan)),
            states=", ".join(f"{layer.name} {state}" for layer, state in layers),
            mix=", ".join(f"{share:.2f} {style.name}" for share, style in shares if share >= _SHOWN) or "nothing",
            around=self._around(min(start, plan.frame) - AROUND_BEFORE, plan.frame + AROUND_AFTER),
        )

    def _around(self, start: int, end: int) -> tuple[TimelineEntry, ...]:
        """What happened from start to end, or last before it; the latest entries where there are many."""
        entries: list[TimelineEntry] = []
        for index in range(bisect_right(self._starts, end) - 1, -1, -1):
            span, _ = self._spans[index]
            if len(entries) >= MOST_AROUND or (entries and span.plan.frame < start):
                break
            entries = [entry for entry in timeline_entries(span.plan, self._events) if entry.frame <= end] + entries
        inside = [entry for entry in entries if entry.frame >= start]
        return tuple(inside[-MOST_AROUND:] or entries[-1:])


def _came(checks: Sequence[Check], instant: Instant) -> str:
    return " and ".join(check.came(instant) for check in checks)


def failure_lines(result: RuleTestResult) -> Iterator[str]:
    """The lines to print for a test that failed; none for one that passed."""
    for failure in result.failures:
        yield f"{failure.mark}: FAILED: {result.test.name}"
        yield from detail_lines(failure)


def detail_lines(failure: FailedExpectation) -> Iterator[str]:
    """What was expected, what came and what happened around it, as lines to print."""
    yield f"    expected  {failure.expected}"
    yield f"    came      {failure.came}"
    yield f"    there     {clock_text(failure.frame / FRAME_RATE, 2)}, bar {failure.place}; {failure.states}"
    yield f"    mix       {failure.mix}"
    if failure.around:
        yield "    around"
    for entry in failure.around:
        # Reasons are shown once: where a change was decided, not where it starts.
        shown = brief(entry) if entry.decided_before else entry
        yield from (f"      {line}" for line in entry_lines(shown))
