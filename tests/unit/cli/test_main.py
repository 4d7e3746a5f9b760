"""The command as a whole: exit codes, help, and what it does not import."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from segue.cli import check, console
from segue.cli.main import COMMANDS, main

LIBRARY = Path(__file__).parents[3] / "rules" / "library"
EMBERWOOD = LIBRARY / "emberwood" / "emberwood.yaml"
MENUS = LIBRARY.parent / "cookbook" / "menus.yaml"
WITHOUT_SOUNDS = [
    ["check", str(MENUS)],
    ["describe", str(MENUS)],
]
LIGHT = [
    ["test", str(EMBERWOOD)],
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
    assert capsys.readouterr().out == f"segue {version('segue')}\n"


@pytest.mark.parametrize("arguments", [[], ["sing"], ["check"], ["timeline", "x.yaml", "--duration", "soon"]])
def test_an_invalid_command_line_is_bad_input(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["preveiw", "a.yaml"], "preview"),
        (["serve", "--lookahed", "3s"], "--lookahead"),
        (["preview", "a.yaml", "--outptu=b.wav"], "--output"),
    ],
)
def test_a_misspelt_command_or_flag_has_a_guess(
    arguments: list[str], meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(arguments)
    assert capsys.readouterr().err.endswith(f"; did you mean '{meant}'?\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([name, "--help"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: segue {name}")


# What takes long to import, and is never needed to read rules.
HEAVY = (
    "jax",
    "jaxlib",
    "scipy",
    "zmq",
    "mido",
    "soundfile",
    "soxr",
    "prometheus_client",
    "pyloudnorm",
    "bokeh",
    "websockets",
)
# What a service loads only when it is needed: until it serves, every second counts.
LATE = (
    "jax",
    "jaxlib",
    "mido",
    "pyloudnorm",
    "bokeh",
    "textual",
    "sounddevice",
    "websockets",
    "segue.model",
    "segue.report",
)
LATE_SCIPY = ("signal", "stats", "ndimage", "interpolate", "optimize", "linalg", "special", "fft", "sparse", "spatial")


def loaded(program: str, *arguments: str, folder: Path, among: Sequence[str]) -> tuple[set[str], str]:
    """The modules `among` that a program has loaded when it ends or says `done()`, and what it wrote on stderr."""
    end = f"def done(*told): print(*[name for name in {tuple(among)} if name in sys.modules], flush=True); os._exit(0)"
    ran = subprocess.run(
        [sys.executable, "-c", f"import os, sys\n{end}\n{program}\ndone()", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(ran.stdout.splitlines()[-1].split()), ran.stderr


def test_version_imports_nothing_heavy(tmp_path: Path) -> None:
    program = "from segue.cli.main import main\ntry: main(['--version'])\nexcept SystemExit: pass"
    heavy = ("numpy", *HEAVY)
    assert loaded(program, folder=tmp_path, among=heavy) == (set(), "")


@pytest.mark.parametrize("arguments", WITHOUT_SOUNDS, ids=lambda arguments: arguments[0])
def test_checking_rules_without_sounds_imports_no_numpy(arguments: list[str], tmp_path: Path) -> None:
    program = "from segue.cli.main import main\nassert main(sys.argv[1:]) == 0"
    heavy = ("numpy", *HEAVY)
    assert loaded(program, *arguments, folder=tmp_path, among=heavy) == (set(), "")


@pytest.mark.parametrize("arguments", LIGHT, ids=lambda arguments: " ".join(arguments[:2]))
def test_light_commands_import_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    program = "from segue.cli.main import main\nassert main(sys.argv[1:]) == 0"
    heavy = ("segue.score.sampler.sampler", *HEAVY)
    assert loaded(program, *arguments, folder=tmp_path, among=heavy) == (set(), "")


def test_checking_sound_files_imports_no_scipy(tmp_path: Path) -> None:
    program = "from segue.cli.main import main\nassert main(sys.argv[1:]) == 0"
    needed = {"soundfile", "soxr"}
    heavy = ("segue.score.sampler.sampler", *HEAVY)
    assert loaded(program, "check", str(EMBERWOOD), folder=tmp_path, among=heavy) == (needed, "")


def test_a_service_serves_before_it_imports_what_it_may_never_need(tmp_path: Path) -> None:
    program = (
        "from segue.cli import main, serve\nserve._ReadyLine.ready = done\n"
        "main.main(['serve', sys.argv[1], '--bind', 'tcp://127.0.0.1:0', '--log-level', 'error'])"
    )
    # numpy.ma and numpy.random come with careless use of NumPy, and cost as much as Segue's own modules.
    late = (*LATE, *(f"scipy.{part}" for part in LATE_SCIPY), "numpy.ma", "numpy.random")
    assert loaded(program, str(EMBERWOOD), folder=tmp_path, among=late) == (set(), "")


def test_ctrl_c_prints_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(arguments: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(check, "run", interrupted)
    assert main(["check", str(EMBERWOOD)]) == console.INTERRUPTED
    assert capsys.readouterr().err == ""


def test_a_reader_that_goes_away_prints_nothing() -> None:
    program = [sys.executable, "-m", "segue", "timeline", str(EMBERWOOD), "--json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
        code = process.wait()
    assert errors == b""
    assert code in (console.READER_GONE, -getattr(signal, "SIGPIPE", 13))


def test_an_ascii_terminal_gets_ascii() -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    program = [sys.executable, "-m", "segue", "timeline", str(EMBERWOOD), "--duration", "30s"]
    done = subprocess.run(program, env=environment, capture_output=True, check=True)
    text = done.stdout.decode("ascii")
    assert "calm -> combat" in text
    assert "?" not in text
    assert "@@@" in text


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_during_the_imports_prints_nothing(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'segue.cli.main': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupt())\n"
        "from segue.__main__ import main\n"
        "main()"
    )
    ran = subprocess.run([sys.executable, "-c", program, "--help"], cwd=tmp_path, capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize("module", ["segue", "segue.cli.main"])
def test_the_command_runs_as_a_module(module: str) -> None:
    ran = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("segue ")


BLAS_THREADS = "OPENBLAS_NUM_THREADS"


@pytest.mark.parametrize("chosen", [None, "2"])
def test_numpy_multiplies_on_one_thread_unless_the_user_says_otherwise(chosen: str | None, tmp_path: Path) -> None:
    program = (
        "import atexit, os, sys\n"
        f"atexit.register(lambda: print('numpy' in sys.modules, os.environ['{BLAS_THREADS}']))\n"
        "from segue.__main__ import main\n"
        "main()"
    )
    environment = {name: value for name, value in os.environ.items() if name != BLAS_THREADS}
    if chosen is not None:
        environment[BLAS_THREADS] = chosen
    command = [sys.executable, "-c", program, "check", str(EMBERWOOD)]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == f"True {chosen or 1}"
