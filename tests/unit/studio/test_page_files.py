"""The built page is in the tree, is what its sources gave, and asks for nothing from the network."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
SOURCES: Final = ROOT / "middleware" / "studio_page"
CLIENT: Final = ROOT / "engine_sdk" / "web" / "src"
PAGE: Final = ROOT / "middleware" / "segue" / "studio" / "page"
ADVICE: Final = "build the page again: tests/studio/build"


def test_the_page_was_built_from_the_sources_as_they_are() -> None:
    files = [path for folder in (SOURCES, CLIENT) for path in folder.rglob("*") if path.is_file()]
    present = {
        path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if "node_modules" not in path.parts
    }
    built = json.loads((PAGE / "sources.json").read_text("utf-8"))
    changed = {name for name in present.keys() | built.keys() if built.get(name) != present.get(name)}
    assert changed == set(), ADVICE


def test_every_package_has_one_exact_version_and_its_licence_is_told() -> None:
    package = json.loads((SOURCES / "package.json").read_text("utf-8"))
    versions = package["dependencies"] | package["devDependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values())
    told = re.findall(r"^(\S+) (\d+\.\d+\.\d+) \((.+)\)$", (PAGE / "LICENSES.txt").read_text("utf-8"), re.MULTILINE)
    assert len(told) > 10
    assert {(name, version) for name, version, _ in told} <= package["dependencies"].items()
    assert {licence for *_, licence in told} == {"MIT"}


def test_the_page_names_its_own_files_alone() -> None:
    html = (PAGE / "index.html").read_text("utf-8")
    assert re.findall(r'(?:src|href)="([^"]*)"', html) == ["data:,", "studio.css", "studio.js"]
    assert "<style" not in html
    assert not re.search(r" on\w+=", html)
    assert "url(" not in (PAGE / "studio.css").read_text("utf-8")
