"""Reads rule-test files, with every mistake in the file, its rules and its event scripts."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from segue_rules.errors import RuleError, rule_report
from segue_rules.events import ScriptedEvent
from segue_rules.loading import load
from segue_rules.loading.scripts import build_events, load_script
from segue_rules.model import FRAME_RATE, Rules
from segue_rules.ruletest.check_reading import CheckReader
from segue_rules.ruletest.expectation import Expectation, RuleTest, RuleTestFile, When, WhenKind
from segue_rules.ruletest.tables import ExpectTable, RuleTestFileTable, TestTable
from segue_yaml.document import read_document
from segue_yaml.kinds import Word
from segue_yaml.paths import NO_SUCH_FILE
from segue_yaml.quantities import time_text
from segue_yaml.report import Report
from segue_yaml.tables import Field, Object, Record

_INTERVALS: Final[tuple[WhenKind, ...]] = ("during", "between", "never")


def load_tests(path: Path | str) -> RuleTestFile:
    """The tests of a file, with the rules they are about.

    Raises:
        RuleError: The test file, the rule file or an event script has mistakes; it holds all of them.
    """
    path = Path(path)
    report = rule_report()
    node = read_document(path, report)
    record = None if node is None else Object(table=RuleTestFileTable).read(node, report.scope())
    rules = None if record is None else _load_rules(record, path, report)
    if record is None or rules is None:
        report.raise_problems()
        raise AssertionError("what cannot be read is reported")
    tests = _Reader(path, rules, report).tests(record)
    report.raise_problems()
    return RuleTestFile(path=path, rules=rules, tests=tests, warnings=tuple(report.warnings))


def _load_rules(record: Record, path: Path, report: Report) -> Rules | None:
    name = record.get(RuleTestFileTable.rules)
    if name is None:
        return None
    try:
        return load(path.parent / name)
    except RuleError as error:
        _pass_on(error, record, RuleTestFileTable.rules, report)
        return None


def _pass_on(error: RuleError, record: Record, field: Field[Any], report: Report) -> None:
    """Report the problems of a file that `field` names. If the file is missing, the name is the mistake."""
    for problem in error.problems:
        if problem.text.startswith(NO_SUCH_FILE):
            record.problem(field, f"{NO_SUCH_FILE}: {problem.mark.file}{problem.text.removeprefix(NO_SUCH_FILE)}")
        else:
            report.add(problem)


class _Reader:
    """Reads the tests of one file."""

    def __init__(self, path: Path, rules: Rules, report: Report) -> None:
        self._folder = path.parent
        self._rules = rules
        self._report = report
        self._checks = CheckReader(rules)

    def tests(self, record: Record) -> tuple[RuleTest, ...]:
        first: dict[str, Record] = {}
        tests = []
        for each in record.get(RuleTestFileTable.tests) or ():
            name = each.get(TestTable.name)
            if name in first:
                text = f"there is a test of this name at {first[name].mark_of(TestTable.name)}"
                each.problem(TestTable.name, text)
            if name is not None:
                first.setdefault(name, each)
            test = RuleTest(
                name=name or "",
                mark=each.mark,
                events=self._events(each),
                expect=tuple(self._expect(each)),
                seeds=each.get(TestTable.seed) or (),
            )
            self._doubt_late(test, each)
            tests.append(test)
        return tuple(tests)

    def _doubt_late(self, test: RuleTest, record: Record) -> None:
        """Warn of events after the end of a test. (A script may be longer than what one test asks about.)"""
        if isinstance(record.values.get("events"), Word) or not test.expect:
            return
        last_s = Fraction(test.frames - 1, FRAME_RATE)
        places = [event.mark for event in record.values.get("events") or ()]
        for event in test.events:
            if event.frame >= test.frames:
                number = places.index(event.mark) + 1
                text = f"never sent: the test ends at {time_text(last_s)}, the last time it expects something"
                record.scope.inside(f"event {number}").warning(event.mark, text)

    def _events(self, record: Record) -> tuple[ScriptedEvent, ...]:
        given = record.get(TestTable.events)
        # A test that expects receipts may send mistakes on purpose. Elsewhere they are mistakes of the test.
        on_purpose = any(item.has(ExpectTable.receipt) for item in record.get(TestTable.expect) or ())
        rules = None if on_purpose else self._rules
        if given is None:
            return ()
        if not isinstance(given, Word):
            return build_events(given, rules)
        try:
            script = load_script(self._folder / given.text, rules)
        except RuleError as error:
            _pass_on(error, record, TestTable.events, self._report)
            return ()
        self._report.warnings += [warning for warning in script.warnings if warning not in self._report.warnings]
        return script.events

    def _expect(self, record: Record) -> list[Expectation]:
        expectations = []
        for item in record.get(TestTable.expect) or ():
            when, checks = _when(item), self._checks.checks(item)
            if when is not None and checks:
                expectations.append(Expectation(mark=item.mark, when=when, checks=checks))
        return expectations


def _when(record: Record) -> When | None:
    """The frames that an item is about; None if they are unknown, which is reported."""
    at = record.get(ExpectTable.at)
    if at is not None:
        return When(kind="at", start=_frame(at), end=_frame(at), text=f"at {time_text(at)}")
    for kind in _INTERVALS:
        moments = record.values.get(kind)
        if moments is not None:
            start, end = moments
            text = f"{kind} [{time_text(start)}, {time_text(end)}]"
            return When(kind=kind, start=_frame(start), end=_frame(end), text=text)
    return None


def _frame(moment: Fraction) -> int:
    """The frame that contains the moment."""
    return int(moment * FRAME_RATE)
