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
    """Play the test from frame 0 until all it expects is decided and all its events are sent, once for each seed.

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
    failures = (*playback.broken_expectations(), *playback.unexpected_refusals())
    return RuleTestResult(test=test, failures=failures, reached=playback.reached_parts())


class _Question:
    """One expectation, and what the frames so far answer.

    Attributes:
        decided: Whether no later frame can change the answer.
        instant: Of a broken expectation the first frame that breaks it; of one that holds in no frame (`between`), the
            frame that comes closest. None where it holds.
    """

    def __init__(self, expectation: Expectation) -> None:
        self.expectation = expectation
        self.when = expectation.when
        self.decided = False
        self.instant: Instant | None = None
        self._every_frame = any(check.keeps_time for check in expectation.checks)
        self._most_held = -1

    @property
    def partly_held(self) -> bool:
        """Whether some, but not all, of the checks of `between` held in `instant`."""
        return self._most_held > 0

    def answer(self, span: Span, pending: tuple[str, ...]) -> None:
        """Ask the frames of a run of equal plans: the first two, or all if a check depends on beats or bars."""
        end = span.plan.frame + span.frames - 1
        first, last = max(span.plan.frame, self.when.start), min(end, self.when.end)
        for frame in range(first, (last if self._every_frame else min(first + 1, last)) + 1):
            self._ask(Instant(plan_at(span.plan, frame), pending))
            if self.decided:
                return
        self.decided = end >= self.when.end

    def _ask(self, instant: Instant) -> None:
        held = sum(check.holds(instant) for check in self.expectation.checks)
        all_hold = held == len(self.expectation.checks)
        match self.when.kind:
            case "at" | "during":
                if not all_hold:
                    self.decided, self.instant = True, instant
            case "never":
                if all_hold:
                    self.decided, self.instant = True, instant
            case "between":
                if all_hold:
                    self.decided, self.instant = True, None
                elif held > self._most_held:
                    self._most_held, self.instant = held, instant


class _Playback:
    """The frames of a test, as runs of equal plans, until everything is decided."""

    def __init__(self, director: Director, test: RuleTest) -> None:
        self._rules: Rules = director.rules
        self._test = test
        self._events = by_sequence(test.events)
        self._receipts = [e for e in test.expect if any(isinstance(check, ReceiptIs) for check in e.checks)]
        self._questions = [_Question(expectation) for expectation in test.expect]
        self._spans = list(self._play(director))
        self._starts = [span.plan.frame for span, _ in self._spans]

    def _play(self, director: Director) -> Iterator[tuple[Span, tuple[str, ...]]]:
        """Play and answer the questions. What comes after the last of them is shown beside a failure."""
        waiting = sorted(self._questions, key=lambda question: -question.when.start)
        asked: list[_Question] = []
        pending = {layer.name: "" for layer in self._rules.layers}
        last_event = max((event.frame for event in self._test.events if event.frame < self._test.frames), default=0)
        until = last_event
        for span in play_script(director, self._test.events, self._test.frames):
            for change in span.plan.changes:
                pending[change.layer] = change.to_state if change.kind == "scheduled" else ""
            states = tuple(pending.values())
            yield span, states
            end = span.plan.frame + span.frames - 1
            if waiting or asked:
                until = max(last_event, end + AROUND_AFTER)
            while waiting and waiting[-1].when.start <= end:
                asked.append(waiting.pop())
            for question in asked:
                question.answer(span, states)
            asked = [question for question in asked if not question.decided]
            if not waiting and not asked and end >= until:
                return

    def broken_expectations(self) -> Iterator[FailedExpectation]:
        """Yield the expectations that do not hold, in file order."""
        for question in self._questions:
            instant, checks = question.instant, question.expectation.checks
            if instant is None:
                continue
            broken = [check for check in checks if not check.holds(instant)]
            match question.when.kind:
                case "at" | "during":
                    yield self._failure(question.expectation, instant, broken, _came(broken, instant))
                case "between":
                    place = clock_text(instant.plan.frame / FRAME_RATE, 2)
                    chosen = "which comes closest" if question.partly_held else "for example"
                    came = f"in no frame; at {place}, {chosen}: {_came(broken, instant)}"
                    yield self._failure(question.expectation, instant, broken, came)
                case "never":
                    yield self._failure(question.expectation, instant, checks, "it did")

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
