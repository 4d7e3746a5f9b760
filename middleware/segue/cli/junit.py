"""JUnit XML of rule tests, for CI servers.

The format has no standard. What is written satisfies both schemas in use: that of Apache Ant, which requires all parts
of a suite, and that of Jenkins' xUnit plugin, which allows no attribute for the place of a test. So the message of a
failure names the place.

Sources: JUnit.xsd of windyroad/JUnit-Schema, junit-10.xsd of jenkinsci/xunit-plugin.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from segue.cli.test_results import FileResult, TimedResult
from segue_rules.ruletest import detail_lines

# XML 1.0 has no way to write these characters, not even escaped.
_UNWRITABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Sequence[FileResult], started: datetime) -> bytes:
    """Return the results as an XML document in UTF-8.

    A test file is a suite. One that cannot be used has a single test, "can be read", with an error.

    Args:
        started: In UTC.
    """
    root = ElementTree.Element("testsuites")
    for number, file in enumerate(results):
        name = _text(file.path.as_posix())
        seconds = sum(timed.seconds for timed in file.tests)
        failures = sum(not timed.result.passed for timed in file.tests)
        errors = 1 if file.problems else 0
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            {
                "name": name,
                "package": "segue",
                "id": str(number),
                "timestamp": started.strftime("%Y-%m-%dT%H:%M:%S"),
                "hostname": "localhost",
                "tests": str(len(file.tests) + errors),
                "failures": str(failures),
                "errors": str(errors),
                "skipped": "0",
                "time": f"{seconds:.3f}",
            },
        )
        ElementTree.SubElement(suite, "properties")
        if file.problems:
            _add_unusable(suite, file, name)
        for timed in file.tests:
            _add_test(suite, timed, name)
        ElementTree.SubElement(suite, "system-out")
        ElementTree.SubElement(suite, "system-err")
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _add_unusable(suite: ElementTree.Element, file: FileResult, name: str) -> None:
    case = ElementTree.SubElement(suite, "testcase", {"name": "can be read", "classname": name, "time": "0.000"})
    said = [_text(str(problem)) for problem in file.problems]
    error = ElementTree.SubElement(case, "error", {"type": "BadInput", "message": said[0]})
    error.text = "\n".join(said)


def _add_test(suite: ElementTree.Element, timed: TimedResult, name: str) -> None:
    result = timed.result
    attributes = {"name": _text(result.test.name), "classname": name, "time": f"{timed.seconds:.3f}"}
    case = ElementTree.SubElement(suite, "testcase", attributes)
    if result.passed:
        return
    # A test may have one failure: further expectations that were not met are in its text.
    first = result.failures[0]
    message = f"{first.mark}: expected {first.expected}; came {first.came}"
    failure = ElementTree.SubElement(case, "failure", {"type": "FailedExpectation", "message": _text(message)})
    lines = []
    for each in result.failures:
        lines += [f"{each.mark}:", *detail_lines(each)]
    failure.text = _text("\n".join(lines))


def _text(text: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", text)
