"""The schema of rule tests accepts what loads and names every word of the vocabulary."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from segue_rules.ruletest.tables import ExpectTable
from segue_rules.schema import rule_test_json_schema, rule_test_schema_text
from segue_yaml.document import read_text
from segue_yaml.nodes import ListNode, MapNode, Node
from segue_yaml.report import Report

RULES = Path(__file__).parents[4] / "rules"
FILES = sorted([*RULES.glob("library/*/*.test.yaml"), *RULES.glob("cookbook/*.test.yaml")])
VALIDATOR = Draft7Validator(rule_test_json_schema())


def load(text: str) -> object:
    """The text as plain values, by YAML 1.2's rules."""
    node = read_text(text, Report(), name="text")
    assert node is not None
    return plain(node)


def plain(node: Node) -> object:
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    if isinstance(node, MapNode):
        return {entry.key: plain(entry.value) for entry in node.entries}
    return node.value


def test_the_schema_is_a_valid_schema() -> None:
    Draft7Validator.check_schema(rule_test_json_schema())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_accepts_what_loads(path: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(load(path.read_text(encoding="utf-8")))] == []


@pytest.mark.parametrize(
    "item",
    [
        "{bar: 1}",
        "{at: 1, bar: 1}",
        "{at: 1s, during: [1s, 2s], bar: 1}",
        "{at: 1s, sate: {a: b}}",
        "{at: 1s, music: {temp: 96bpm}}",
        "{at: 1s, change: {to: fight}}",
        "{at: 1s, on: beats}",
        "{at: 1s, within: -1, bar: 1}",
    ],
)
def test_refuses_what_does_not_load(item: str) -> None:
    assert list(VALIDATOR.iter_errors(load(f"rules: a.yaml\ntests: [{{name: a, expect: [{item}]}}]")))


def test_every_word_has_a_hover_text_with_an_example() -> None:
    words = rule_test_json_schema()["definitions"]["expectation"]["properties"]
    assert list(words) == list(ExpectTable.fields)
    assert all("Example: `" in word["markdownDescription"] for word in words.values())


def test_the_page_names_every_word() -> None:
    page = (RULES / "RULE_TESTS.md").read_text(encoding="utf-8")
    assert [word for word in ExpectTable.fields if f"`{word}`" not in page and f"`{word}:" not in page] == []


def test_the_text_is_the_schema() -> None:
    assert json.loads(rule_test_schema_text()) == rule_test_json_schema()
