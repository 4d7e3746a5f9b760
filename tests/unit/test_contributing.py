"""CONTRIBUTING.md and GLOSSARY.md agree with the tree: paths, names, modules and make targets exist."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ("CONTRIBUTING.md", "GLOSSARY.md")
_PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|py|toml|yaml)")
_NAME = re.compile(r"[A-Z][a-z]+[A-Z]\w+|[A-Z]\w+\.[a-z]\w*|[a-z]\w*_\w+")


def read(page: str) -> str:
    return (ROOT / page).read_text("utf-8")


def quoted(text: str) -> list[str]:
    """Return the texts between backticks, those of code blocks left out."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page: str) -> None:
    found = [*filter(_PATH.fullmatch, quoted(read(page))), *re.findall(r"\]\(([^)#]+)\)", read(page))]
    assert len(found) > 5
    assert [path for path in found if not (ROOT / path).exists()] == []


def test_every_name_in_the_path_of_an_event_is_in_a_file_of_its_row() -> None:
    section = read("CONTRIBUTING.md").partition("## The path of an event")[2].partition("## How to add")[0]
    rows = [line for line in section.splitlines() if re.match(r"\| \d+ \|", line)]
    assert len(rows) >= 20
    for row in rows:
        paths = [text for text in quoted(row) if _PATH.fullmatch(text)]
        sources = "\n".join((ROOT / path).read_text("utf-8") for path in paths)
        for name in filter(_NAME.fullmatch, quoted(row)):
            assert all(re.search(rf"\b{part}\b", sources) for part in name.split(".")), (name, paths)


@pytest.mark.parametrize("page", PAGES)
def test_every_module_and_make_target_exists(page: str) -> None:
    text = read(page)
    for module in re.findall(r"python -m ([\w.]+)", text):
        assert find_spec(module) is not None, module
    makefile = read("Makefile")
    for target in re.findall(r"`make ([\w-]+)`", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
