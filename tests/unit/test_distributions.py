"""What `pyproject.toml` of Segue and of its SDK say: dependencies, extras, versions, licences, types."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = (
    ROOT / "middleware" / "segue",
    ROOT / "rules" / "segue_rules",
    ROOT / "rules" / "segue_yaml",
    ROOT / "engine_sdk" / "segue_sdk",
)


def project(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=; ]", requirement)[0].lower().replace("_", "-") for requirement in requirements}


def imports(*files: Path) -> Iterator[str]:
    """The top-level packages that files import anywhere in them."""
    for file in files:
        for line in file.read_text("utf-8").splitlines():
            if found := re.match(r"\s*(?:import|from) ([a-z_0-9]+)\b(?!:)", line):
                yield found[1]


def test_segue_depends_on_the_sdk_of_this_checkout() -> None:
    sdk = project(ROOT / "engine_sdk")
    assert sdk["name"] == "segue-sdk"
    assert f"segue-sdk=={sdk['version']}" in project(ROOT)["dependencies"]


def test_the_wheel_of_segue_leaves_the_sdk_to_its_own() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert build["targets"]["wheel"]["packages"] == ["middleware/segue", "rules/segue_rules", "rules/segue_yaml"]
    assert not any("engine_sdk" in folder for folder in build["dev-mode-dirs"])


def test_the_sdk_needs_zmq_and_messagepack_alone() -> None:
    assert names(project(ROOT / "engine_sdk")["dependencies"]) == {"msgpack", "pyzmq"}


def test_nothing_says_to_install_segue_from_an_index() -> None:
    pages = [file for ending in ("md", "py", "ipynb") for file in ROOT.rglob(f"*.{ending}")]
    pages = [file for file in pages if not any(part.startswith(".") for part in file.relative_to(ROOT).parts)]
    wrong = [file for file in pages if re.search(r"pip install ['\"]?" + "segue", file.read_text("utf-8"))]
    assert [file.relative_to(ROOT).as_posix() for file in wrong] == []


def test_jax_is_an_extra() -> None:
    segue = project(ROOT)
    assert names(segue["optional-dependencies"]["models"]) == {"jax", "jaxtyping"}
    assert not names(segue["dependencies"]) & {"jax", "jaxlib", "jaxtyping", "symusic"}


def test_only_the_model_and_its_training_import_jax() -> None:
    segue = ROOT / "middleware" / "segue"
    files = [file for package in PACKAGES for file in package.rglob("*.py")]
    others = [file for file in files if not {segue / "model", segue / "training"} & set(file.parents)]
    assert not {"jax", "jaxlib", "jaxtyping"} & set(imports(*others))


@pytest.mark.parametrize("package", ["jax", "jaxtyping"])
@pytest.mark.parametrize("module", ["segue.model.config", "segue.training.words.fit"])
def test_without_jax_the_error_names_the_extra(package: str, module: str) -> None:
    program = (
        "import importlib.util as util\nfind = util.find_spec\n"
        f"util.find_spec = lambda name, *rest: None if name == {package!r} else find(name, *rest)\n"
        f"try:\n    import {module}\nexcept ModuleNotFoundError as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    advice = "install the extra segue[models]: run pip install '.[models]' in the checkout"
    assert ran.stdout == f"the package {package} is missing; {advice}\n"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_packages_ship_their_types(package: Path) -> None:
    assert (package / "py.typed").is_file()


def test_the_sdk_ships_the_licence() -> None:
    assert (ROOT / "engine_sdk" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_every_dependency_is_pinned_for_development() -> None:
    segue = project(ROOT)
    wanted = names(segue["dependencies"]) | names(project(ROOT / "engine_sdk")["dependencies"])
    for extra in segue["optional-dependencies"].values():
        wanted |= names(extra)
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    assert wanted - pinned == {"segue", "segue-sdk"}
