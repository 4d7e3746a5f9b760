"""The term map for Wwise, FMOD and Music Triggers says of every term how near its counterpart is."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = (Path(__file__).parents[3] / "rules" / "WWISE_FMOD.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| you know")
]


def test_every_row_is_exact_near_or_not() -> None:
    assert len(ROWS) > 50
    assert [row[0] for row in ROWS if len(row) != 3 or not re.match(r"(Exact|Near|Not)(?=[.:;, ])", row[2])] == []


def test_what_has_no_counterpart_is_not() -> None:
    assert [row[0] for row in ROWS if row[1] == "—" and not row[2].startswith("Not")] == []
