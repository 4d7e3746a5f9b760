"""Print the JSON Schema of rule files, for completion, hover texts and checking in an editor.

Save it once (`segue schema > segue.schema.json`) and name it in the first line of each rule file; --install shows how.
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from segue.cli.output import say

HELP: Final = "print the JSON Schema of rule files, or their reference"
FILE_NAME: Final = "segue.schema.json"
FIRST_LINE: Final = f"# yaml-language-server: $schema={FILE_NAME}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--reference", action="store_true", help="print the language reference (Markdown) instead")
    group.add_argument("--install", action="store_true", help="say how an editor comes to know the schema")


def run(arguments: argparse.Namespace) -> int:
    if arguments.install:
        say(
            f"1. segue schema > {FILE_NAME}      (beside your rule files)",
            "2. In VS Code, install the extension 'YAML' by Red Hat (redhat.vscode-yaml).",
            "3. Make this the first line of each rule file:",
            "",
            FIRST_LINE,
        )
        return 0
    from segue_rules.loading.reference import reference
    from segue_rules.schema import schema_text

    sys.stdout.write(reference() if arguments.reference else schema_text())
    return 0
