"""Begin a soundtrack of your own: a commented rule file that works, its tests, an event script, schemas for the editor.

NAME may have a folder before it: `segue init music/meadow` writes music/meadow.yaml and its companions.
"""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from segue.cli.console import BAD_INPUT, DONE, os_error_text, print_lines, print_problems
from segue.cli.schema import RULES_SCHEMA, TESTS_SCHEMA

EXAMPLES: Final = """examples:
  segue init meadow
  segue init music/boss-fight
"""
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_PARTS: Final = {"rules.yaml": ".yaml", "test.yaml": ".test.yaml", "events.yaml": ".events.yaml"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="such as meadow, or music/meadow")


def run(arguments: argparse.Namespace) -> int:
    from segue_rules.schema import rule_test_schema_text, schema_text

    folder, name = Path(arguments.name).parent, Path(arguments.name).name
    if not _NAME.fullmatch(name):
        print_problems([f"expected a name of letters, digits, '-' and '_', got '{name}'"])
        return BAD_INPUT
    title = name.replace("_", " ").replace("-", " ").capitalize()
    content = {folder / f"{name}{end}": _fill(part, name, title) for part, end in _PARTS.items()}
    # A broken link counts as a file that is there.
    taken = [path for path in content if os.path.lexists(path)]
    if taken:
        print_problems(f"{path}: is there already; nothing was written" for path in taken)
        return BAD_INPUT
    for file_name, make in ((RULES_SCHEMA, schema_text), (TESTS_SCHEMA, rule_test_schema_text)):
        if not os.path.lexists(folder / file_name):
            content[folder / file_name] = make()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_all(content)
    except OSError as error:
        print_problems([f"{os_error_text(error)}; nothing was written"])
        return BAD_INPUT
    rules = folder / f"{name}.yaml"
    print_lines(
        *(f"wrote {path}" for path in content),
        "",
        "next:",
        f"  segue test {rules}",
        f"  segue timeline {rules}",
        f"  segue preview {rules} -o {rules.with_suffix('.wav')}",
        f"  segue play {rules}",
    )
    return DONE


def _write_all(content: Mapping[Path, str]) -> None:
    """Write all of the files, none of which exists yet, or none of them.

    Raises:
        OSError: A file cannot be written; those made before it are removed.
    """
    made: list[Path] = []
    try:
        for path, text in content.items():
            with path.open("x", encoding="utf-8", newline="\n") as file:
                made.append(path)
                file.write(text)
    except BaseException as error:
        for path in made:
            path.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None and made:
            # The error of a full disk does not name the file.
            raise OSError(error.errno, error.strerror, str(made[-1])) from error
        raise


def _fill(part: str, name: str, title: str) -> str:
    text = files("segue.cli").joinpath("templates", part).read_text(encoding="utf-8")
    # safe_substitute: "$schema" in the first line is the editor's.
    return Template(text).safe_substitute(name=name, title=title)
