"""Print the JSON Schema of rule files or rule tests: editors complete, explain and check with it.

Save it once (`segue schema > segue.schema.json`) and name it in the first line of each rule file; --install shows how.
"""

from __future__ import annotations

import argparse
from typing import Final

from segue.cli.console import DONE, print_lines, print_text

EXAMPLES: Final = """examples:
  segue schema > segue.schema.json
  segue schema --tests > segue-test.schema.json
  segue schema --install
"""
RULES_SCHEMA: Final = "segue.schema.json"
TESTS_SCHEMA: Final = "segue-test.schema.json"
_FIRST_LINE: Final = "# yaml-language-server: $schema="


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--tests", action="store_true", help="print the schema of rule-test files instead")
    group.add_argument("--reference", action="store_true", help="print the language reference (Markdown) instead")
    group.add_argument("--install", action="store_true", help="explain how to set an editor up for it")


def run(arguments: argparse.Namespace) -> int:
    if arguments.install:
        print_lines(
            "1. Beside your rule files:",
            "",
            f"segue schema > {RULES_SCHEMA}",
            f"segue schema --tests > {TESTS_SCHEMA}",
            "",
            "2. In VS Code, install the extension 'YAML' by Red Hat (redhat.vscode-yaml).",
            "3. Make this the first line of each rule file, and of each file of rule tests:",
            "",
            f"{_FIRST_LINE}{RULES_SCHEMA}",
            f"{_FIRST_LINE}{TESTS_SCHEMA}",
        )
        return DONE
    from segue_rules.schema import reference, rule_test_schema_text, schema_text

    text = reference if arguments.reference else rule_test_schema_text if arguments.tests else schema_text
    print_text(text())
    return DONE
