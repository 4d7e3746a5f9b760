"""Documents are YAML 1.2: which scalars are numbers and which are words, and the places of nodes."""

from __future__ import annotations

import re

import pytest

from segue_yaml.document import read_text
from segue_yaml.nodes import ListNode, MapNode, Node, Scalar
from segue_yaml.report import DocumentError, Report


def read(text: str) -> Node:
    report = Report()
    node = read_text(text, report, name="t.yaml")
    report.raise_problems()
    assert node is not None
    return node


def value(text: str) -> object:
    node = read(text)
    assert isinstance(node, Scalar)
    return node.value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~", None), ("null", None), ("Null", None), ("NULL", None), ("nUll", "nUll"),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("tRue", "tRue"),
        ("on", "on"), ("off", "off"), ("yes", "yes"), ("No", "No"), ("y", "y"),
        ("1:30", "1:30"), ("2026-11-22", "2026-11-22"), ("1_000", "1_000"), ("0b11", "0b11"), ("=", "="),
        ("12", 12), ("-7", -7), ("+7", 7), ("010", 10), ("08", 8), ("0o17", 15), ("0x1F", 31), ("-0x1", "-0x1"),
        ("0o8", "0o8"), ("1.5", 1.5), ("1.", 1.0), (".5", 0.5), ("-.5", -0.5), ("1e3", 1000.0), ("1.5E-2", 0.015),
        (".", "."), ("e3", "e3"), ("1e", "1e"), ("+", "+"), ("'12'", "12"), ('"true"', "true"),
        ("|\n  12\n", "12\n"), ("300ms", "300ms"),
    ],
)  # fmt: skip
def test_scalars(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


def test_lines_and_columns_count_from_one_and_keys_have_places() -> None:
    node = read("# head\nlayers:\n  place: {weight: 2}\nlist:\n- a\n- ü: b\n")
    assert isinstance(node, MapNode)
    layers, listed = node.entries
    assert (layers.mark.line, layers.mark.column) == (2, 1)
    assert isinstance(layers.value, MapNode)
    place = layers.value.entries[0]
    assert (str(place.mark), str(place.value.mark)) == ("t.yaml:3:3", "t.yaml:3:10")
    assert isinstance(listed.value, ListNode)
    second = listed.value.items[1]
    assert isinstance(second, MapNode)
    assert str(second.entries[0].value.mark) == "t.yaml:6:6"


def test_an_alias_stands_for_the_same_node() -> None:
    node = read("a: &x [1, 2]\nb: *x\n")
    assert isinstance(node, MapNode)
    assert node.entries[0].value is node.entries[1].value


def test_an_alias_counts_for_the_depth_it_adds() -> None:
    deep = "[" * 20 + "]" * 20
    with pytest.raises(DocumentError, match=r"t\.yaml:2:16: expected at most 32 levels of nesting, got more"):
        read(f"- &x {deep}\n- [[[[[[[[[[[[[*x]]]]]]]]]]]]]\n")
    read(f"- &x {deep}\n- [[[[[[[[[[[*x]]]]]]]]]]]\n")


@pytest.mark.parametrize(
    "below", ['on: ">= 0.6"', 'on: {b: c}\nd: "e"', "on: [x, y]\nd: 'f', \"e\"", 'on: "a", b: "c"']
)
@pytest.mark.parametrize("text", ['war: {text: "war drums}', 'war: "war drums', 'war: ["war, drums]'])
def test_a_closing_quote_that_is_missing_is_reported_where_the_text_begins(text: str, below: str) -> None:
    with pytest.raises(DocumentError) as caught:
        read(f"calm: 1\n{text}\n{below}\n")
    column = text.index('"') + 1
    assert re.match(rf"t\.yaml:2:{column}: (\w+, )?(\w+: )?not valid YAML: the quotes opened ", str(caught.value))


def test_a_text_over_several_lines_is_read() -> None:
    assert value('"war\n  drums"') == "war drums"
    node = read('a: "war\n  drums"\nb: 1\n')
    assert isinstance(node, MapNode)
    assert [entry.key for entry in node.entries] == ["a", "b"]
    with pytest.raises(DocumentError, match=r"^t\.yaml:3:5: b: not valid YAML: a comparison needs quotes"):
        read('a: "war\n  drums"\nb: >= 3\n')
