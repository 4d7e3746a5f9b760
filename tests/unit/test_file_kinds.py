"""What a file is by its name, and which belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.file_kinds import FileKind, file_kind, library_folder, sibling


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.yaml", FileKind.RULES),
        ("a.yml", FileKind.RULES),
        ("a.b.yaml", FileKind.RULES),
        ("test.yaml", FileKind.RULES),
        ("a.test.yaml", FileKind.TESTS),
        ("a.events.yaml", FileKind.EVENTS),
        ("a.events.jsonl", FileKind.EVENTS),
        ("a.jsonl", FileKind.OTHER),
        ("a.json", FileKind.OTHER),
        ("yaml", FileKind.OTHER),
    ],
)
def test_kinds(name: str, kind: FileKind) -> None:
    assert file_kind(Path(name)) is kind


@pytest.mark.parametrize("name", ["x/a.yaml", "x/a.test.yaml", "x/a.events.yaml", "x/a.events.jsonl"])
def test_siblings(name: str) -> None:
    path = Path(name)
    assert sibling(path, FileKind.RULES) == Path("x/a.yaml")
    assert sibling(path, FileKind.TESTS) == Path("x/a.test.yaml")
    assert sibling(path, FileKind.EVENTS) == Path("x/a.events.yaml")


def test_the_library_is_found() -> None:
    assert (library_folder() / "emberwood" / "emberwood.yaml").is_file()
