"""Write the field tables of PROTOCOL.md from the code: `python -m segue_sdk.vectors.tables [--write] [FILE]`.

Each table stands between `<!-- fields: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any, Final

from segue_sdk import declarations
from segue_sdk.fields import FieldSpec, Payload, Record, specs
from segue_sdk.messages import MESSAGES

PARTS: Final[dict[str, type[Record]]] = {
    record.__name__: record
    for record in vars(declarations).values()
    if isinstance(record, type) and issubclass(record, Record) and record is not Record
}
RECORDS: Final = {**MESSAGES, **PARTS}

_TABLE: Final = re.compile(r"(<!-- fields: (\w+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def table(record: type[Record]) -> str:
    """A record's fields as a Markdown table."""
    rows = ["| field | type | range | | meaning |", "|---|---|---|---|---|"]
    for spec in specs(record):
        name = "*payload*" if isinstance(spec.type, Payload) else f"`{spec.name}`"
        rows.append(f"| {name} | {spec.type.name} | {spec.type.range} | {_presence(spec)} | {spec.meaning} |")
    return "\n".join(rows) + "\n"


def with_tables(page: str) -> str:
    """The page with current tables. Raises: KeyError for a table whose name is no record."""
    return _TABLE.sub(lambda found: found[1] + table(RECORDS[found[2]]) + found[4], page)


def _presence(spec: FieldSpec) -> str:
    if spec.required:
        return "required"
    return "optional" if spec.default is None else f"default {_shown(spec.default)}"


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, str):
        return f"`{default}`" if default else "empty"
    return "empty" if default in ((), {}) else f"{default:g}" if isinstance(default, float) else str(default)


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 1 if a table is not current and was not to be written."""
    parser = argparse.ArgumentParser(prog="python -m segue_sdk.vectors.tables", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=Path("engine_sdk/PROTOCOL.md"))
    parser.add_argument("--write", action="store_true", help="bring the tables up to date")
    options = parser.parse_args(arguments)
    page = options.file.read_text("utf-8")
    current = with_tables(page)
    if page == current:
        return 0
    if options.write:
        options.file.write_text(current, "utf-8", newline="\n")
    print(f"{options.file}: tables {'written' if options.write else 'not current'}")
    return 0 if options.write else 1


if __name__ == "__main__":
    sys.exit(main())
