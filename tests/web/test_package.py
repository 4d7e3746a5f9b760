"""The npm package as a game gets it: its files, and the types that TypeScript finds in it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from web.playing import ROOT

pytestmark = pytest.mark.heavy

PACKAGE: Final = ROOT / "engine_sdk/web"
TOOLS: Final = ROOT / ".cache/clients/web/node_modules/.bin"
STRICT: Final = ("--noEmit", "--strict", "--target", "ES2022", "--module", "esnext", "--moduleResolution", "bundler")


def test_a_game_in_typescript_compiles_against_the_packed_types(tmp_path: Path) -> None:
    environment = {**os.environ, "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}"}
    packing = ["npm", "pack", "--json", "--pack-destination", str(tmp_path)]
    packed = subprocess.run(packing, cwd=PACKAGE, env=environment, check=True, capture_output=True, text=True)
    # npm prints what the package's own scripts print as well.
    report = json.loads(packed.stdout[packed.stdout.index("[\n") :])[0]
    files = {file["path"] for file in report["files"]}
    assert {"LICENSE", "README.md", "package.json", "src/index.js", "src/audio/worklet.js", "types/index.d.ts"} <= files
    assert not [name for name in files if name.startswith(("examples", "node_modules"))]
    installed = tmp_path / "node_modules/segue-web"
    installed.mkdir(parents=True)
    subprocess.run(["tar", "xf", tmp_path / report["filename"], "-C", installed, "--strip-components=1"], check=True)
    game = tmp_path / "consumer.ts"
    game.write_text((ROOT / "tests/web/consumer.ts").read_text("utf-8"), "utf-8")
    compiled = subprocess.run(
        [TOOLS / "tsc", *STRICT, "--lib", "ES2023,DOM", game], cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert compiled.returncode == 0, compiled.stdout


def test_the_package_has_no_dependency_and_the_version_of_the_sdk() -> None:
    package = json.loads((PACKAGE / "package.json").read_text("utf-8"))
    assert "dependencies" not in package
    assert f'version = "{package["version"]}"' in (ROOT / "engine_sdk/pyproject.toml").read_text("utf-8")
