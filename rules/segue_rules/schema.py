"""The rule language's JSON Schema (draft 07), which gives editors completion, hover texts and squiggles.

python -m segue_rules.schema            # print the schema
python -m segue_rules.schema --write    # write rules/segue.schema.json and rules/REFERENCE.md anew
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

from segue_rules.loading.grammar import TABLES, FileTable
from segue_rules.loading.reference import reference
from segue_yaml.kinds import Schema

_HOUSE: Final = Path(__file__).parents[1]
SCHEMA_FILE: Final = _HOUSE / "segue.schema.json"
REFERENCE_FILE: Final = _HOUSE / "REFERENCE.md"


def json_schema() -> Schema:
    """The schema of a rule file. What depends on other parts of the files (names, audio on disk) it cannot check."""
    definitions = {table.title: table.definition() for table in TABLES if table is not FileTable}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **FileTable.definition(),
        "title": "Segue rule file",
        "definitions": definitions,
    }


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m segue_rules.schema", description="The schema of rule files.")
    parser.add_argument("--write", action="store_true", help="write the schema and the reference into the source tree")
    if not parser.parse_args(arguments).write:
        sys.stdout.write(schema_text())
        return 0
    for path, text in ((SCHEMA_FILE, schema_text()), (REFERENCE_FILE, reference())):
        path.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
