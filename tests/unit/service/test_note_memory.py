"""The memory for notes follows from the sessions there may be and from the machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.service.note_memory import LEAST_MIB, machine_memory_bytes, note_memory_mib

GIB = 1 << 30


@pytest.mark.parametrize(
    ("sessions", "machine", "expected"),
    [(1, 64 * GIB, 144), (16, 64 * GIB, 384), (16, 2 * GIB, 256), (1, GIB // 4, LEAST_MIB), (16, None, 384)],
)
def test_it_grows_with_the_sessions_and_leaves_room(sessions: int, machine: int | None, expected: int) -> None:
    assert note_memory_mib(sessions, machine) == expected


def test_a_containers_limit_counts_where_it_is_lower(tmp_path: Path) -> None:
    limit, none, odd = tmp_path / "limit", tmp_path / "none", tmp_path / "odd"
    limit.write_text(f"{GIB // 8}\n")
    none.write_text("max\n")
    odd.write_text("")
    machine = machine_memory_bytes([none, odd, tmp_path / "missing"])
    assert machine is None or machine > GIB // 8
    assert machine_memory_bytes([none, limit]) == GIB // 8
