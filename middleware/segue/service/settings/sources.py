"""Reads settings from their sources: a YAML file, the environment and flags; each value knows where it was written.

In a file that is `file:line:column`; elsewhere it is the variable or the flag, marked with line 0.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from segue.service.settings.table import Settings, flag_of, variable_of
from segue_yaml.core_schema import NumberError, resolve_plain
from segue_yaml.document import read_document
from segue_yaml.kinds import Boolean, Number
from segue_yaml.nodes import ListNode, Mark, Node, Scalar, quote
from segue_yaml.report import Problem, Report, did_you_mean
from segue_yaml.tables import Field, Object, Record

CONFIG_VARIABLE: Final = "SEGUE_CONFIG"
_PREFIX: Final = "SEGUE_"
_LISTS: Final = (Settings.bind.name, Settings.web_bind.name, Settings.web_origin.name, Settings.rules.name)
_TOKENS: Final = (Settings.token.name, Settings.token_file.name)


def problem_line(problem: Problem) -> str:
    """Return a problem as one line: where it is, the setting if that does not name it, and what is wrong."""
    return str(problem) if problem.mark.line else f"{problem.mark.file}: {problem.text}"


def read_file(path: Path, report: Report) -> Record | None:
    """Return the settings of a configuration file; None if it cannot be read, which is reported."""
    node = read_document(path, report)
    return Object(table=Settings).read(node, report.scope()) if node is not None else None


def read_environment(environ: Mapping[str, str], report: Report) -> tuple[Record, list[str]]:
    """Return the settings of `SEGUE_*` variables, and warnings about unknown ones. An empty variable is not set.

    An unknown variable is no mistake: other programs may set such ones (an orchestrator, for a service named segue).
    """
    settings = {variable_of(setting): setting for setting in Settings.fields.values()}
    written: dict[str, str | list[str]] = {}
    warnings = []
    for variable in sorted(environ):
        text = environ[variable]
        if variable in settings and text:
            name = settings[variable].name
            written[name] = text.split(",") if name in _LISTS else text
        elif variable.startswith(_PREFIX) and variable not in settings and variable != CONFIG_VARIABLE:
            warnings.append(f"{quote(variable)}: no such setting{did_you_mean(variable, settings)}")
    return _read(written, variable_of, report), warnings


def read_flags(arguments: argparse.Namespace, report: Report) -> Record:
    """Return the settings given as flags. argparse leaves a text, a list of texts, a boolean or None."""
    written: dict[str, str | list[str]] = {}
    for name in Settings.fields:
        value = getattr(arguments, name, None)
        if isinstance(value, bool):
            written[name] = str(value).lower()
        elif value is not None and value != []:
            written[name] = value
    return _read(written, flag_of, report)


def merge(records: Iterable[Record], report: Report) -> Record:
    """Merge records, setting by setting; later ones win. A token wins over the token file of an earlier record."""
    values: dict[str, Any] = {}
    marks: dict[str, Mark] = {}
    for record in records:
        if any(name in record.marks for name in _TOKENS):
            for name in _TOKENS:
                values.pop(name, None)
                marks.pop(name, None)
        # A setting with a mistake still hides those of earlier records: only its own mistake is reported.
        for name, mark in record.marks.items():
            values.pop(name, None)
            marks[name] = mark
        values.update(record.values)
    return Record(
        table=Settings, mark=Mark(file="settings", line=0, column=0), scope=report.scope(), values=values, marks=marks
    )


def _read(written: Mapping[str, str | list[str]], place_of: Callable[[Field[Any]], str], report: Report) -> Record:
    """Return a record of texts that are not in YAML."""
    scope = report.scope()
    values: dict[str, Any] = {}
    marks: dict[str, Mark] = {}
    for name, text in written.items():
        setting = Settings.fields[name]
        marks[name] = mark = Mark(file=place_of(setting), line=0, column=0)
        try:
            value = setting.kind.read(_node(setting, text, mark), scope)
        except NumberError as error:
            scope.problem(mark, f"{error}, got {quote(str(text))}")
            continue
        if value is not None:
            values[name] = value
    return Record(table=Settings, mark=Mark(file="", line=0, column=0), scope=scope, values=values, marks=marks)


def _node(setting: Field[Any], text: str | list[str], mark: Mark) -> Node:
    """Return the node that YAML would make of a text, quoted where needed. Raises: NumberError."""
    if isinstance(text, list):
        items = tuple(Scalar(mark=mark, value=each.strip(), text=each.strip(), quoted=True) for each in text)
        return ListNode(mark=mark, items=items)
    if isinstance(setting.kind, (Number, Boolean)):
        return Scalar(mark=mark, value=resolve_plain(text), text=text)
    return Scalar(mark=mark, value=text, text=text, quoted=True)
