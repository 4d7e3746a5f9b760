"""The page about CI: its examples are valid, and its commands do what it says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
import yaml

from segue.cli.main import build_parser, main
from segue.file_kinds import library_folder

ROOT = Path(__file__).parents[3]
HOOK_CONFIG, WORKFLOW = (
    yaml.safe_load(text)
    for text in re.findall(r"```yaml\n(.*?)```", (ROOT / "rules" / "CI.md").read_text(encoding="utf-8"), re.DOTALL)
)
HOOKS: dict[str, Any] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
}
COMMANDS = [
    command for step in WORKFLOW["jobs"]["music"]["steps"] if (command := step.get("run", "")).startswith("segue ")
]


def test_the_page_names_the_hooks_of_the_repository() -> None:
    (repository,) = HOOK_CONFIG["repos"]
    assert [hook["id"] for hook in repository["hooks"]] == list(HOOKS)


@pytest.mark.parametrize("hook", HOOKS)
def test_hooks_run_with_the_arguments_of_the_page(hook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(library_folder(), "music")
    used = next(each for each in HOOK_CONFIG["repos"][0]["hooks"] if each["id"] == hook)
    program, *command = shlex.split(HOOKS[hook]["entry"])
    assert program == "segue"
    assert main([*command, *HOOKS[hook]["args"]]) == 0
    assert main([*command, *used["args"]]) == 0
    assert (HOOKS[hook]["pass_filenames"], HOOKS[hook]["files"]) == (False, "^music/")
    assert [(ROOT / needed).is_dir() for needed in HOOKS[hook]["additional_dependencies"]] == [True]


def test_the_job_writes_the_files_that_it_uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(library_folder(), "music")
    assert [main(shlex.split(command)[1:]) for command in COMMANDS] == [0, 0]
    steps = WORKFLOW["jobs"]["music"]["steps"]
    sarif, results = (each["with"].get("sarif_file") or each["with"]["path"] for each in steps[-2:])
    assert json.loads(Path(sarif).read_text(encoding="utf-8"))["runs"][0]["results"] == []
    suites = ElementTree.parse(results).getroot()
    assert [suite.get("failures") for suite in suites] == ["0"] * 4


def test_commands_of_the_job_parse() -> None:
    assert len(COMMANDS) == 2
    for command in COMMANDS:
        build_parser().parse_args(shlex.split(command)[1:])
