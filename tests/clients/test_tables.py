"""The clients' message tables are what the SDK's field table makes of them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from clients import tables
from segue_sdk.fields import Payload, specs
from segue_sdk.vectors.tables import RECORDS


def test_the_files_are_current(capsys: pytest.CaptureFixture[str]) -> None:
    assert tables.main([]) == 0, capsys.readouterr().out


def test_writing_brings_files_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tables, "ROOT", tmp_path)
    monkeypatch.setattr(tables, "CSHARP", tmp_path / "a.cs")
    monkeypatch.setattr(tables, "GDSCRIPT", tmp_path / "a.gd")
    monkeypatch.setattr(tables, "JAVASCRIPT", tmp_path / "a.js")
    assert tables.main([]) == 1
    assert tables.main(["--write"]) == 0
    assert tables.main([]) == 0
    (tmp_path / "a.gd").write_text("")
    capsys.readouterr()
    assert tables.main([]) == 1
    assert capsys.readouterr().out == "a.gd: not current\n"


def fields_of(name: str) -> list[str]:
    return [spec.name for spec in specs(RECORDS[name]) if not isinstance(spec.type, Payload)]


def test_csharp_has_every_field_in_wire_order() -> None:
    blocks = re.findall(r'new RecordTable\(\s+"(\w+)",(.*?)\);\n', tables.csharp(), re.DOTALL)
    assert {name for name, _ in blocks} == set(RECORDS)
    for name, block in blocks:
        assert re.findall(r'Field\.\w+\(\s*"(\w+)"', block) == fields_of(name)


def test_gdscript_has_every_field_in_wire_order() -> None:
    constants = tables.gdscript().split("const RECORDS: Dictionary = ")[1]
    records = json.loads(re.sub(r",(\s*[\]}])", r"\1", constants))
    assert set(records) == set(RECORDS)
    for name, rows in records.items():
        assert [row["name"] for row in rows] == fields_of(name)
        assert [row.get("required", False) for row in rows] == [
            spec.required for spec in specs(RECORDS[name]) if not isinstance(spec.type, Payload)
        ]


def test_javascript_has_the_rows_of_gdscript() -> None:
    rows = tables.javascript().split("export const RECORDS = ")[1].rstrip(";\n")
    constants = tables.gdscript().split("const RECORDS: Dictionary = ")[1]
    assert json.loads(re.sub(r",(\s*[\]}])", r"\1", rows)) == json.loads(re.sub(r",(\s*[\]}])", r"\1", constants))


def test_a_record_stands_after_those_it_holds() -> None:
    order = list(tables.records())
    assert set(order) == set(RECORDS)
    assert order.index("Input") < order.index("Declaration") < order.index("welcome")
