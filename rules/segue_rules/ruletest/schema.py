"""The JSON Schema (draft 07) of rule-test files, for completion and hover texts while writing them."""

from __future__ import annotations

import json

from segue_rules.loading.scripts import EventTable
from segue_rules.ruletest.tables import ChangeTable, ExpectTable, FileTable, TestTable
from segue_yaml.kinds import Schema


def json_schema() -> Schema:
    """The schema of a rule-test file. Names of layers, styles and inputs depend on the rules; it leaves them open."""
    tables = (TestTable, ExpectTable, ChangeTable, EventTable)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **FileTable.definition(),
        "title": "Segue rule tests",
        "definitions": {table.title: table.definition() for table in tables},
    }


def schema_text() -> str:
    """The schema as a file holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
