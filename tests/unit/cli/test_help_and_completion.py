"""Help with examples, colours on terminals alone, and the completion of shells."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from segue.cli import console
from segue.cli.bench import PARTS
from segue.cli.completion import SHELLS
from segue.cli.main import COMMANDS, MODULES, build_parser, main


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def use_terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal that shows colours in place of stdout and stderr; pytest sets these anew before each test."""
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WT_SESSION", "1")
    shown = Terminal()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_parse(name: str) -> None:
    parser = build_parser()
    module = sys.modules[f"segue.cli.{MODULES.get(name, name)}"]
    examples = [line.strip() for line in module.EXAMPLES.splitlines()[1:]]
    assert examples
    for example in examples:
        program, *arguments = example.partition("  ")[0].partition(" > ")[0].split()
        assert (program, arguments[0]) == ("segue", name)
        parser.parse_args(arguments)


def test_help_keeps_the_lines_of_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    shown = capsys.readouterr().out
    assert "\nexamples:\n  segue check meadow.yaml\n  segue check music/ --strict\n" in shown
    assert "\x1b" not in shown


def test_a_terminal_shows_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = use_terminal(monkeypatch)
    console.print_lines("ok       Python", "2 passed, 1 failed", "3 files, 0 mistakes, 0 warnings")
    console.print_problems(["a.yaml:3:5: warning: b", "plain"])
    assert terminal.getvalue().splitlines() == [
        "\x1b[32mok\x1b[0m       Python",
        "\x1b[32m2 passed\x1b[0m, \x1b[31m1 failed\x1b[0m",
        "3 files, 0 mistakes, 0 warnings",
        "\x1b[1ma.yaml:3:5:\x1b[0m \x1b[33mwarning\x1b[0m: b",
        "plain",
    ]
    terminal.truncate(0)
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    assert "\x1b[1musage:\x1b[0m segue check" in terminal.getvalue()
    assert "\x1b[36m--strict\x1b[0m" in terminal.getvalue()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    terminal = use_terminal(monkeypatch)
    monkeypatch.setenv(name, value)
    console.print_lines("ok       Python")
    console.print_help("usage: segue")
    assert terminal.getvalue() == "ok       Python\nusage: segue"


def test_json_and_the_contents_of_files_have_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = use_terminal(monkeypatch)
    console.print_json({"text": "a.yaml:3:5: warning: b"})
    console.print_lines("\x1b[31ma name that sets colours")
    assert terminal.getvalue() == '{"text": "a.yaml:3:5: warning: b"}\n\\x1b[31ma name that sets colours\n'


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_names_every_command(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(name in script for name in (*COMMANDS, *PARTS, "why-not"))


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        (["pre"], "preview"),
        (["check", "--js"], "--json"),
        (["bench", "re"], "reaction"),
        (["preview", "mea"], "meadow.yaml"),
        (["completion", "z"], "zsh"),
        (["describe", "m"], "meadow.yaml music"),
        (["check", "m"], "meadow.yaml meadow.events.jsonl music"),
        (["serve", "--ready-format", "j"], "json"),
        (["serve", "--log-format", "te"], "text"),
        (["serve", "--log-level", "w"], "warning"),
        (["serve", "--log-file", "m"], "meadow.events.jsonl meadow.txt meadow.yaml music"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bash_completes(typed: list[str], completed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "bash"]) == 0
    (tmp_path / "script").write_text(capsys.readouterr().out, encoding="utf-8")
    for name in ("meadow.yaml", "meadow.events.jsonl", "meadow.txt"):
        (tmp_path / name).touch()
    (tmp_path / "music").mkdir()
    words = " ".join(["segue", *typed])
    program = f"source ./script; COMP_WORDS=({words}); COMP_CWORD={len(typed)}; _shtab_segue; echo ${{COMPREPLY[@]}}"
    done = subprocess.run(["bash", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (sorted(done.stdout.split()), done.stderr) == (sorted(completed.split()), "")
