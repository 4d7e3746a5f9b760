"""The error of rule files, event scripts and rule tests, and the report that collects their mistakes."""

from __future__ import annotations

from typing import Final

from segue_yaml.report import DocumentError, Report

_ITEM_NAMES: Final = {
    "inputs": "input",
    "styles": "style",
    "layers": "layer",
    "states": "state",
    "stingers": "stinger",
    "include": "include",
    "blend": "prompt",
    "transitions": "transition",
    "tests": "test",
    "events": "event",
}


class RuleError(DocumentError):
    """A rule file, event script or rule test that cannot be used."""


def rule_report() -> Report:
    """An empty report for the files of the rule language; it raises RuleError."""
    return Report(error=RuleError, item_names=_ITEM_NAMES)
