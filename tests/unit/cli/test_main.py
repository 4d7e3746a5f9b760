"""The command as a whole: exit codes, help, and what it does not load."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from segue.cli import main as command
from segue.cli.main import COMMANDS, main

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
EMBERWOOD = LIBRARY / "emberwood" / "emberwood.yaml"
MENUS = LIBRARY.parent / "cookbook" / "menus.yaml"
LIGHT = [
    ["check", str(EMBERWOOD)],
    ["test", str(MENUS)],
    ["timeline", str(EMBERWOOD), "--duration", "2s"],
    ["schema"],
    ["schema", "--reference"],
    ["init", "meadow"],
    ["bench", "rules", str(MENUS), "--seconds", "0"],
]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("segue ")


@pytest.mark.parametrize("arguments", [[], ["sing"], ["check"], ["timeline", "x.yaml", "--duration", "soon"]])
def test_a_command_line_that_makes_no_sense_is_bad_input(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: segue {name}")


@pytest.mark.parametrize("arguments", LIGHT, ids=lambda arguments: " ".join(arguments[:2]))
def test_needs_no_model_no_sampler_and_no_sockets(arguments: list[str], tmp_path: Path) -> None:
    program = (
        "import sys; from segue.cli.main import main; code = main(sys.argv[1:]); "
        "heavy = {'jax', 'jaxlib', 'zmq', 'symusic', 'soundfile'} & set(sys.modules); "
        "sys.exit(f'loaded {heavy}' if heavy else code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_an_interrupt_is_quiet(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.check, "run", interrupted)
    assert main(["check", str(EMBERWOOD)]) == command.INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_is_quiet() -> None:
    program = [sys.executable, "-m", "segue.cli.main", "timeline", str(EMBERWOOD), "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        code = process.wait()
    assert errors == b""
    assert code in (command.READER_GONE, -getattr(signal, "SIGPIPE", 13))


def test_a_terminal_that_knows_ascii_only_gets_ascii() -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    program = [sys.executable, "-m", "segue.cli.main", "timeline", str(EMBERWOOD), "--duration", "30s"]
    done = subprocess.run(program, env=environment, capture_output=True, check=True)
    text = done.stdout.decode("ascii")
    assert "calm -> combat" in text
    assert "?" not in text
    assert "@@@" in text
