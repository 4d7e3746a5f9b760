"""Reads settings from where they are written: a YAML file, the environment, flags; each value knows its place.

A place in a file is `file:line:column`; elsewhere the variable or the flag is the place, marked with line 0.
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
from segue_yaml.report import Problem, Report, nearest
from segue_yaml.tables import Field, Object, Record

CONFIG_VARIABLE: Final = "SEGUE_CONFIG"
_PREFIX: Final = "SEGUE_"
_LISTS: Final = (Settings.bind.name, Settings.rules.name)
_TOKENS: Final = (Settings.token.name, Settings.token_file.name)


def told(problem: Problem) -> str:
    """A problem as one line: its place, the setting where the place does not name it, what is wrong."""
    return str(problem) if problem.mark.line else f"{problem.mark.file}: {problem.text}"


def read_file(path: Path, report: Report) -> Record | None:
    """The settings of a configuration file; None once reported that there are none to be had."""
    node = read_document(path, report)
    return Object(table=Settings).read(node, report.scope()) if node is not None else None


def read_environment(environ: Mapping[str, str], report: Report) -> tuple[Record, list[str]]:
    """The settings of `SEGUE_*` variables, and warnings of such that name none. An empty variable is not set.

    Others' variables may begin alike (an orchestrator's, for a service called segue), so unknown ones are no mistake.
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
            near = nearest(variable, [each.lower() for each in settings])
            hint = f"; did you mean '{near[0].upper()}'?" if near else ""
            warnings.append(f"{quote(variable)}: no such setting{hint}")
    return _read(written, variable_of, report), warnings


def read_flags(arguments: argparse.Namespace, report: Report) -> Record:
    """The settings given as flags. Values come as argparse leaves them: a text, a list of texts, a truth or None."""
    written: dict[str, str | list[str]] = {}
    for name in Settings.fields:
        value = getattr(arguments, name, None)
        if isinstance(value, bool):
            written[name] = str(value).lower()
        elif value is not None and value != []:
            written[name] = value
    return _read(written, flag_of, report)


def merge(records: Iterable[Record], report: Report) -> Record:
    """All settings in one record; later records win, setting by setting. A token wins over another's token file."""
    values: dict[str, Any] = {}
    marks: dict[str, Mark] = {}
    for record in records:
        if any(name in record.marks for name in _TOKENS):
            for name in _TOKENS:
                values.pop(name, None)
                marks.pop(name, None)
        # What is written and wrong still hides what lies below: only its own mistake is told.
        for name, mark in record.marks.items():
            values.pop(name, None)
            marks[name] = mark
        values.update(record.values)
    return Record(
        table=Settings, mark=Mark(file="settings", line=0, column=0), scope=report.scope(), values=values, marks=marks
    )


def _read(written: Mapping[str, str | list[str]], place_of: Callable[[Field[Any]], str], report: Report) -> Record:
    """A record of texts that came without YAML around them."""
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
    """A text as the node that YAML would make of it, were it quoted wherever that matters. Raises: NumberError."""
    if isinstance(text, list):
        items = tuple(Scalar(mark=mark, value=each.strip(), text=each.strip(), quoted=True) for each in text)
        return ListNode(mark=mark, items=items)
    if isinstance(setting.kind, (Number, Boolean)):
        return Scalar(mark=mark, value=resolve_plain(text), text=text)
    return Scalar(mark=mark, value=text, text=text, quoted=True)
