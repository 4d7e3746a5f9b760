"""SARIF 2.1.0 of what `segue check` found, for code scanning and for editors.

Source: Static Analysis Results Interchange Format (SARIF) Version 2.1.0, OASIS Standard.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import quote

from segue import __version__
from segue_rules.analysis import CODES as RULE_CODES
from segue_yaml.nodes import NOWHERE, Mark
from segue_yaml.report import Problem

MISTAKE: Final = "mistake"
"""The rule of a mistake, which has no code of its own."""
DOUBTFUL: Final = "doubtful_value"
"""The rule of a warning without a code."""
DESCRIPTIONS: Final[Mapping[str, str]] = {
    MISTAKE: "something that cannot be used as it is written",
    DOUBTFUL: "a value that is allowed and probably not meant",
    **RULE_CODES,
    "doubtful_event": "an event that will not be played as it is written, or not at all",
    "unknown_word": "a word of a style's text that steers nothing",
    "far_text": "a style's text that is far from every known style",
    "contradiction": "words of a style's text that contradict each other",
    "tempo_range": "a tempo in a style's text that is out of range",
    "meter_range": "a meter in a style's text that is out of range",
    "audio_prompt": "a recording that is like no known style, or is read only in part",
    "confusable_styles": "two styles that will play alike",
    "silent_audio": "a sound file that is silent",
    "short_audio": "a stinger too short to be heard as a sound",
    "offset_audio": "a sound file with a DC offset, which is heard as a click at both ends",
    "hot_audio": "a sound file that peaks beyond full scale and will be limited",
    "clip_length": "the file of a clip that goes on for a moment behind its bars, as one of another tempo does",
    "loop_click": "a loop of a clip that begins again with a click",
    "cue_behind_the_end": "a cue of a clip that lies behind the end of its file",
    "no_crossfade": "a clip whose file has nothing to crossfade its loop with",
}
"""What each rule is about, by its identifier."""
_Lines: TypeAlias = Callable[[str], list[str]]
"""Gives the lines of a file by its name; none of one that cannot be read."""
_GUESS: Final = re.compile(r"'(?P<written>[^']+)'; did you mean '(?P<meant>[^']+)'\?$")


def sarif_log(errors: Iterable[Problem], warnings: Iterable[tuple[Problem, str]]) -> dict[str, Any]:
    """Return a log with one run.

    Args:
        errors: Mistakes.
        warnings: Each with its code; "" for those of the loader.
    """
    found = [("error", MISTAKE, problem) for problem in errors]
    found += [("warning", code or DOUBTFUL, problem) for problem, code in warnings]
    rules = list(dict.fromkeys(rule for _, rule, _ in found))
    lines = cache(_lines)
    driver = {"name": "segue", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    return {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(level, rule, rules.index(rule), problem, lines) for level, rule, problem in found],
            }
        ],
    }


def _rule(rule: str) -> dict[str, Any]:
    text = {"text": DESCRIPTIONS.get(rule, rule.replace("_", " "))}
    level = "error" if rule == MISTAKE else "warning"
    about = {"shortDescription": text, "fullDescription": text, "help": text}
    return {"id": rule, **about, "defaultConfiguration": {"level": level}}


def _result(level: str, rule: str, index: int, problem: Problem, lines: _Lines) -> dict[str, Any]:
    where = f"{problem.where}: " if problem.where else ""
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": index,
        "level": level,
        "message": {"text": f"{where}{problem.text}"},
    }
    if problem.mark != NOWHERE:
        place = {"startLine": problem.mark.line, "startColumn": problem.mark.column}
        physical = {"artifactLocation": {"uri": _uri(problem.mark.file)}, "region": place}
        logical = {"logicalLocations": [{"fullyQualifiedName": problem.where}]} if problem.where else {}
        result["locations"] = [{"physicalLocation": physical, **logical}]
        fixes = list(_fixes(problem, lines))
        if fixes:
            result["fixes"] = fixes
    return result


def _fixes(problem: Problem, lines: _Lines) -> Iterator[dict[str, Any]]:
    """The replacement of a misspelt name, if the problem has a guess and the name is at its place in the file."""
    guess, mark = _GUESS.search(problem.text), problem.mark
    if guess is None or not _written(mark, lines).startswith(guess["written"]):
        return
    region = {
        "startLine": mark.line,
        "startColumn": mark.column,
        "endColumn": mark.column + len(guess["written"]),
    }
    replacement = {"deletedRegion": region, "insertedContent": {"text": guess["meant"]}}
    change = {"artifactLocation": {"uri": _uri(mark.file)}, "replacements": [replacement]}
    yield {"description": {"text": f"write '{guess['meant']}'"}, "artifactChanges": [change]}


def _written(mark: Mark, lines: _Lines) -> str:
    """The rest of the line from the mark on; "" if it cannot be read."""
    of_file = lines(mark.file)
    return of_file[mark.line - 1][mark.column - 1 :] if mark.line <= len(of_file) else ""


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError):
        return []


def _uri(file: str) -> str:
    """A URI reference: relative to the working directory, where the file is named so."""
    path = Path(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
