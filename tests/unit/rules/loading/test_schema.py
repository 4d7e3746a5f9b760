"""The JSON Schema accepts what the loader accepts, and the generated files are current."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from segue_rules import schema
from segue_rules.loading.grammar import TABLES
from segue_rules.schema import REFERENCE_FILE, SCHEMA_FILE, json_schema, main, reference, schema_text
from segue_yaml.document import read_document, read_text
from segue_yaml.kinds import Kind
from segue_yaml.nodes import ListNode, MapNode, Node, Scalar
from segue_yaml.report import Report
from segue_yaml.tables import Field, Table

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
BAD = Path(__file__).parent / "bad"
BEYOND_A_SCHEMA = re.compile(
    r"yaml_|include_|audio_(missing|folder|escape|absolute)|transition_(unknown|two|same|twice|max|chance_last)|condition_(?!any|empty|list|text)"
    r"|layer_(no|two|default|weight_(zero|begins|unknown|from_flag|below))|first_mix|mix_unknown|burst_(too|unknown)"
    r"|stinger_trigger_(unknown|wrong)|input_(default_outside|range_reversed|choice_twice|choice_default)|curve_(not_rising|value)"
    r"|state_mute_itself|music_tempo_(range|bound|curve)|music_gain_range|input_rate|state_extends_(circle|other)"
    r"|template_(inner|mistake_in_one|name|placeholder|too|twice|value)|file_no_layers|file_layers_empty|style_text_wrong"
    r"|clip_(bars|crossfade|parts|too|unknown)|clips_without|bridge_piece|bridges_alike|times_(beyond|input|negative|of_a_choice|tempo)|playlist_(avoid|between_endless|name|piece_style|sequence)|trigger_every_|template_without"
)
"""Mistakes that need names, bounds with units, other files or the syntax itself; the loader reports them."""


def plain(node: Node) -> Any:
    if isinstance(node, MapNode):
        return {entry.key: plain(entry.value) for entry in node.entries}
    return [plain(item) for item in node.items] if isinstance(node, ListNode) else node.value


def read(path: Path) -> Any:
    node = read_document(path, Report())
    return None if node is None else plain(node)


def test_the_schema_is_a_valid_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


RULES = Path(__file__).parents[4] / "rules"


@pytest.mark.parametrize(
    "path",
    [
        Path(__file__).parents[1] / "example" / "emberwood.yaml",
        *sorted(path for path in RULES.glob("cookbook/*.yaml") if not path.name.endswith(".test.yaml")),
    ],
    ids=lambda path: path.stem,
)
def test_valid_files_are_valid(path: Path) -> None:
    assert list(VALIDATOR.iter_errors(read(path))) == []


@pytest.mark.parametrize(
    "name", sorted(path.name for path in BAD.glob("*.bad.yaml") if not BEYOND_A_SCHEMA.match(path.name))
)
def test_the_schema_refuses_what_a_schema_can_express(name: str) -> None:
    assert list(VALIDATOR.iter_errors(read(BAD / name)))


def fields() -> list[Any]:
    return [
        pytest.param(table, field, id=f"{table.title}.{field.name}")
        for table in TABLES
        for field in table.fields.values()
    ]


@pytest.mark.parametrize(("table", "field"), fields())
def test_every_field_is_documented(table: type[Table], field: Field[Any]) -> None:
    assert re.fullmatch(r"[A-Z].{10,}\.", field.doc)
    report = Report()
    node = read_text(f"{field.name}: {field.example}\n", report, name="example")
    assert isinstance(node, MapNode)
    kind: Kind[Any] = field.kind
    assert kind.read(node.entries[0].value, report.scope()) is not None
    assert report.problems == []
    described = {**SCHEMA["definitions"], "rule_file": SCHEMA}[table.title]["properties"][field.name]
    assert described["description"].startswith(field.doc)
    if not isinstance(node.entries[0].value, Scalar) or "$ref" not in described:
        resolver = {**described, "definitions": SCHEMA["definitions"]}
        assert list(jsonschema.Draft7Validator(resolver).iter_errors(plain(node.entries[0].value))) == []


def test_every_reference_has_a_definition() -> None:
    named = set(re.findall(r'"\$ref": "#/definitions/(\w+)"', schema_text()))
    assert named == set(SCHEMA["definitions"])


@pytest.mark.parametrize(
    ("path", "text"), [(SCHEMA_FILE, schema_text()), (REFERENCE_FILE, reference())], ids=["schema", "reference"]
)
def test_generated_files_are_current(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, (
        f"{path.name} is older than the grammar; run: python -m segue_rules.schema --write"
    )


def test_links_in_the_reference_lead_to_headings() -> None:
    text = reference()
    headings = {line[3:].lower().replace(" ", "-") for line in text.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([\w-]+)\)", text)) <= headings


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == schema_text()


def test_the_command_writes_both_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "SCHEMA_FILE", tmp_path / "segue.schema.json")
    monkeypatch.setattr(schema, "REFERENCE_FILE", tmp_path / "REFERENCE.md")
    assert schema.main(["--write"]) == 0
    assert (tmp_path / "segue.schema.json").read_text(encoding="utf-8") == schema_text()
    assert (tmp_path / "REFERENCE.md").read_text(encoding="utf-8") == reference()
