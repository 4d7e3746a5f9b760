"""Rule tests: the behaviour of a rule file, written down as data and checked in milliseconds (rules/RULE_TESTS.md).

file = load_tests(path)                             # RuleError with every mistake and its place
for test in file.tests:
    result = run_test(Director(file.rules), test)
    print(*failure_lines(result), sep="\\n")
"""

from segue_rules.ruletest.coverage import PART_KINDS, Coverage, PartKey, coverage
from segue_rules.ruletest.expectation import RuleTest, RuleTestFile
from segue_rules.ruletest.reading import load_tests
from segue_rules.ruletest.running import FailedExpectation, RuleTestResult, detail_lines, failure_lines, run_test

__all__ = [
    "PART_KINDS",
    "Coverage",
    "FailedExpectation",
    "PartKey",
    "RuleTest",
    "RuleTestFile",
    "RuleTestResult",
    "coverage",
    "detail_lines",
    "failure_lines",
    "load_tests",
    "run_test",
]
