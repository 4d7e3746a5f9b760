"""The five minutes of the README, done step by step: what it says to write works and prints what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from segue.cli import console
from segue.cli.main import COMMANDS, main

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
WALK = README[README.index("## Five minutes") : README.index("## The command")]
YAML = re.findall(r"```yaml\n(.*?)```", WALK, re.DOTALL)


def edit(path: str, pattern: str, text: str) -> None:
    file = Path(path)
    before = file.read_text(encoding="utf-8")
    after, count = re.subn(pattern, lambda _: text, before, count=1, flags=re.MULTILINE)
    assert count == 1
    file.write_text(after, encoding="utf-8")


def test_five_minutes_of_the_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    place, style, state, test = YAML

    assert main(["init", "meadow"]) == 0
    wrote = capsys.readouterr().out
    assert all(line in WALK for line in wrote.splitlines() if line.startswith("wrote"))
    assert main(["test", "meadow.yaml"]) == 0
    assert capsys.readouterr().out == "3 passed, 0 failed\n"

    edit("meadow.yaml", r"^  place:  \{type.*\n", place)
    edit("meadow.yaml", r"(?=\nlayers:)", style)
    edit("meadow.yaml", r"^(?=  action:)", state)
    with Path("meadow.test.yaml").open("a", encoding="utf-8") as file:
        file.write(test)
    assert main(["test", "meadow.yaml"]) == 0
    assert capsys.readouterr().out == "4 passed, 0 failed\n"

    edit("meadow.yaml", "mix: {hollows: 1}", "mix: {hollow: 1}")
    assert main(["check", "meadow.yaml"]) == 2
    message = capsys.readouterr().err
    assert message in WALK

    edit("meadow.yaml", "mix: {hollow: 1}", "mix: {hollows: 1}")
    (cave,) = re.findall(r"Append `(- .*)` to `meadow.events.yaml`", WALK)
    with Path("meadow.events.yaml").open("a", encoding="utf-8") as file:
        file.write(f"{cave}\n")
    assert main(["timeline", "meadow.yaml"]) == 0
    assert re.search("outside (→|->) cave", capsys.readouterr().out)
    edit("meadow.yaml", "hold: 4s", "hold: 1s")
    assert main(["test", "meadow.yaml"]) == 1
    told = capsys.readouterr().out
    first_failure = told[: told.index("meadow.test.yaml", 1)]
    assert first_failure in WALK


def test_every_command_in_the_readme_exists() -> None:
    table = README[README.index("## The command") : README.index("## How it works")]
    assert set(re.findall(r"^\| `segue (\w+)", table, re.MULTILINE)) <= set(COMMANDS)


def test_the_readme_lists_every_exit_code() -> None:
    sentence = README[README.index("Exit codes: ") : README.index("FILE may be")]
    codes = {int(code) for code in re.findall(r"(?:^Exit codes:|;) (\d+)(?! \+ n)\b", sentence.replace("\n", " "))}
    assert codes == {code for code in vars(console).values() if type(code) is int}
    assert "128 + n" in sentence


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "rules/CI.md",
        "rules/COOKBOOK.md",
        "rules/DESCRIPTION.md",
        "rules/RULE_TESTS.md",
        "rules/STYLE_TEXTS.md",
        "rules/WWISE_FMOD.md",
    ],
)
def test_links_of_pages_resolve(page: str) -> None:
    path = Path(__file__).parents[3] / page
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (path.parent / link).exists()] == []
