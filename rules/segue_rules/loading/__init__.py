"""Loads rule files: YAML in, checked `Rules` out, or a RuleError with every mistake and its place.

rules = load("emberwood.yaml")            # may raise RuleError; rules.warnings holds doubts
events = load_events("session.yaml", rules)
"""

from __future__ import annotations

from pathlib import Path

from segue_rules.errors import rule_report
from segue_rules.loading.build import build
from segue_rules.loading.scripts import load_events
from segue_rules.loading.sources import collect
from segue_rules.model import Rules
from segue_yaml.document import read_document, read_text

__all__ = ["load", "load_events", "load_text"]


def load(path: Path | str) -> Rules:
    """The soundtrack of a rule file and all it includes.

    Raises: RuleError with every mistake in all files; marks name files as the path was given.
    """
    path = Path(path)
    report = rule_report()
    name = path.as_posix()
    node = read_document(path, report, name=name)
    if node is None:
        report.raise_problems()
    main = path.resolve()
    return build(collect(node, name, main, main.parent, report), path.stem)


def load_text(text: str, name: str = "<text>", folder: Path | None = None) -> Rules:
    """The soundtrack of a rule file's text.

    Args: name: of the text in messages. folder: where its includes and audio paths start; without one it may have none.
    Raises: RuleError with every mistake.
    """
    report = rule_report()
    node = read_text(text, report, name=name)
    return build(collect(node, name, None, folder, report), "untitled")
