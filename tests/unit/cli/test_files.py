"""What a file is by its name, and which belong together."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.cli.files import Kind, kind_of, library, sibling


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.yaml", Kind.RULES),
        ("a.yml", Kind.RULES),
        ("a.b.yaml", Kind.RULES),
        ("test.yaml", Kind.RULES),
        ("a.test.yaml", Kind.TESTS),
        ("a.events.yaml", Kind.EVENTS),
        ("a.events.jsonl", Kind.EVENTS),
        ("a.jsonl", Kind.OTHER),
        ("a.json", Kind.OTHER),
        ("yaml", Kind.OTHER),
    ],
)
def test_kinds(name: str, kind: Kind) -> None:
    assert kind_of(Path(name)) is kind


@pytest.mark.parametrize("name", ["x/a.yaml", "x/a.test.yaml", "x/a.events.yaml", "x/a.events.jsonl"])
def test_siblings(name: str) -> None:
    path = Path(name)
    assert sibling(path, Kind.RULES) == Path("x/a.yaml")
    assert sibling(path, Kind.TESTS) == Path("x/a.test.yaml")
    assert sibling(path, Kind.EVENTS) == Path("x/a.events.yaml")


def test_the_library_is_found() -> None:
    assert (library() / "emberwood" / "emberwood.yaml").is_file()
