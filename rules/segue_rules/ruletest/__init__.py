"""Rule tests: what a rule file is to do, written down as data and proven in milliseconds (rules/RULE_TESTS.md).

file = load_tests(path)                             # RuleError with every mistake, each with its place
for test in file.tests:
    outcome = run_test(Director(file.rules), test)
    print(*tell(outcome), sep="\\n")
"""

from segue_rules.ruletest.expectation import RuleTest, RuleTestFile
from segue_rules.ruletest.reading import load_tests
from segue_rules.ruletest.running import Failure, Outcome, run_test
from segue_rules.ruletest.telling import tell

__all__ = [
    "Failure",
    "Outcome",
    "RuleTest",
    "RuleTestFile",
    "load_tests",
    "run_test",
    "tell",
]
