"""Loads rule files: YAML in, checked `Rules` out, or a RuleError with every mistake and its place.

    rules = load("emberwood.yaml")            # may raise RuleError; rules.warnings holds doubts
    events = load_events("session.yaml", rules)

Other YAML files of the language (rule tests) are read with the same parts: `read_document` gives nodes that know their
places, `Table`s of `Field`s say what may stand where, and a `Report` collects all mistakes:

    class TestTable(Table):
        '''One test.'''
        title = "test"
        example = "{name: calm at first, expect: [...]}"
        name = Field(Text(longest=200), "What the test shows.", example="calm at first", required=True)

    report = Report()
    node = read_document(Path("emberwood.test.yaml"), report)
    record = Object(table=TestTable).read(node, report.scope()) if node is not None else None
    report.raise_problems()
    name = record.get(TestTable.name)         # typed by the field's kind
"""

from __future__ import annotations

from pathlib import Path

from segue_rules.loading.build import build
from segue_rules.loading.document import read_document, read_text
from segue_rules.loading.report import Report
from segue_rules.loading.scripts import load_events
from segue_rules.loading.sources import collect
from segue_rules.model import Rules

__all__ = ["Report", "load", "load_events", "load_text", "read_document"]


def load(path: Path | str) -> Rules:
    """The soundtrack of a rule file and all it includes.

    Raises: RuleError with every mistake in all files; marks name files as the path was given.
    """
    path = Path(path)
    report = Report()
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
    report = Report()
    node = read_text(text, report, name=name)
    return build(collect(node, name, None, folder, report), "untitled")
