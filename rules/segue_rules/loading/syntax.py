"""Turns the YAML parser's complaints into sentences for people who write music, not parsers."""

from __future__ import annotations

import re
from typing import Protocol

import yaml

from segue_rules.loading.nodes import quote


class Position(Protocol):
    """A place as PyYAML counts: from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


COMPARISON_HINT = 'a comparison needs quotes, as in ">= 3"'

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"found character '\\t' that cannot start any token", "a tab; indent with spaces"),
    (r"found character '>' that cannot|chomping or indentation indicators, but found '='", COMPARISON_HINT),
    (r"found character '(.)' that cannot start any token", "a text that begins with '{0}' needs quotes"),
    (
        r"mapping values are not allowed here",
        "a ':' too many; a text with ': ' in it needs quotes, or the indentation is off",
    ),
    (r"could not find expected ':'", "expected 'name: value', got a line without a colon"),
    (r"expected <block end>, but found '-'", "a list item where a field was expected; check the indentation"),
    (r"expected <block end>", "the indentation does not fit the lines above"),
    (r"expected ',' or '\}', but got", "a ',' or '}}' is missing in the map that opens at line {line}"),
    (r"expected ',' or '\]', but got", "a ',' or ']' is missing in the list that opens at line {line}"),
    (r"found unexpected end of stream", "the quotes opened at line {line} are never closed"),
    (
        r"found unexpected document separator",
        "the quotes opened at line {line} are not closed before the document ends",
    ),
    (
        r"found unknown escape character (.*)",
        "an unknown escape \\{0}; write \\\\ for a backslash, or use single quotes",
    ),
    (r"expected alphabetic or numeric character", "a text that begins with '*' or '&' needs quotes"),
    (r"expected the node content, but found '(.*)'", "expected a value, got '{0}'"),
)
_AT_CONTEXT = re.compile(r"could not find expected ':'|unexpected end of stream|unexpected document separator")
"""Complaints whose cause lies where the construct began, not where the parser gave up."""


def explain(error: yaml.MarkedYAMLError) -> tuple[str, Position | None]:
    """What is wrong, and where the mistake was made."""
    problem = error.problem or error.context or "not valid YAML"
    at_context = error.context_mark is not None and _AT_CONTEXT.search(problem)
    mark = error.context_mark if at_context else error.problem_mark or error.context_mark
    opened = error.context_mark.line + 1 if error.context_mark else 1
    for pattern, sentence in _SENTENCES:
        found = re.search(pattern, problem)
        if found:
            groups = [group.strip("'") for group in found.groups()]
            return f"not valid YAML: {sentence.format(*groups, line=opened)}", mark
    return f"not valid YAML: {' '.join(problem.split())}", mark


def explain_tag(tag: str) -> str:
    """Why a YAML tag is refused: none has a meaning here, and `!=` without quotes is read as one."""
    if tag.startswith("!="):
        return 'a comparison needs quotes, as in "!= crypt"'
    shown = tag.replace("tag:yaml.org,2002:", "!!")
    return f"expected no tag, got {quote(shown)}; a text that begins with '!' needs quotes"
