"""How commands end: on signals without leaving files, on full disks and closed pipes with one line."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from segue.cli.main import main
from segue.signals import delaying_signals, exit_if_signalled, exiting_on_signals

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals, /dev/full and limits of POSIX")

# Generous: it bounds a hang, not a speed.
PATIENCE_S = 60.0
RULES = """segue: 1
styles: {a: {text: "calm meadow flute"}}
layers: {x: {states: {s: {default: true, mix: {a: 1}}}}}
"""
FULL = [
    ["--version"],
    ["--help"],
    ["check", "r.yaml"],
    ["test", "r.test.yaml"],
    ["timeline", "r.yaml", "--duration", "2s"],
    ["schema"],
    ["init", "meadow"],
    ["bench", "rules", "r.yaml", "--seconds", "0"],
]
LIMITED = (
    "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000));"
    "from segue.cli.main import main; sys.exit(main(sys.argv[1:]))"
)
"""A disk that takes 60 kB of each file."""


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("r.yaml").write_text(RULES, encoding="utf-8")
    Path("r.test.yaml").write_text("rules: r.yaml\ntests: [{name: a, expect: [{at: 1s, bar: 1}]}]\n", encoding="utf-8")


def segue(arguments: Sequence[str], **streams: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "segue", *arguments]
    return subprocess.run(command, text=True, timeout=PATIENCE_S, check=False, **streams)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("arguments", FULL, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_full_disk_behind_stdout_prints_one_line(
    arguments: list[str], buffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", buffered)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = segue(arguments, stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == "standard output cannot be written: No space left on device\n"


def test_closed_streams_are_safe() -> None:
    script = '"$0" -m segue "$@"'
    for closing, expected in ((">&-", 2), ("2>&-", 0), ("<&-", 0), (">&- 2>&- <&-", 2)):
        command = ["sh", "-c", f"{script} {closing}", sys.executable, "check", "r.yaml"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
        assert done.returncode == expected, closing
        assert "Traceback" not in done.stderr
        assert Path("r.yaml").read_text(encoding="utf-8") == RULES


def test_an_unwritable_stderr_changes_no_exit_code() -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        assert segue(["check", "nowhere.yaml"], stdout=subprocess.DEVNULL, stderr=full).returncode == 2


@pytest.mark.parametrize("name", ["out.wav", "out.flac", "out.ogg"])
def test_a_full_disk_prints_one_line_and_leaves_no_file(name: str) -> None:
    command = [sys.executable, "-c", LIMITED, "preview", "r.yaml", "--quiet", "--duration", "8", "-o", name]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name}: cannot be written: ")
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in Path().iterdir()) == ["r.test.yaml", "r.yaml"]


def test_a_terminated_preview_removes_its_partial_files() -> None:
    command = [sys.executable, "-m", "segue", "preview", "r.yaml", "--duration", "600", "-o", "o.wav"]
    with subprocess.Popen([*command, "--stems", "stems"]) as process:
        end = time.monotonic() + PATIENCE_S
        while len(list(Path().rglob("*.part"))) < 6:
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert sorted(path.name for path in Path().rglob("*")) == ["r.test.yaml", "r.yaml"]


def test_a_second_signal_does_not_interrupt_the_clean_up() -> None:
    cleared = []

    def command() -> None:
        with exiting_on_signals():
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(PATIENCE_S)
            finally:
                os.kill(os.getpid(), signal.SIGTERM)
                cleared.append(True)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 143
    assert cleared == [True]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_delayed_signal_takes_effect_at_the_end_of_the_block() -> None:
    done = []

    def command() -> None:
        with exiting_on_signals(), delaying_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append(True)

    with pytest.raises(SystemExit) as ended:
        command()
    assert ended.value.code == 143
    assert done == [True]


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGTERM, SystemExit), (signal.SIGINT, KeyboardInterrupt)], ids=["term", "int"]
)
def test_a_signal_that_a_callback_swallows_takes_effect_later(number: signal.Signals, error: type) -> None:
    def callback() -> None:
        with contextlib.suppress(BaseException):
            os.kill(os.getpid(), number)
            time.sleep(PATIENCE_S)

    went_on = []

    def short() -> None:
        with exiting_on_signals():
            callback()
            went_on.append("to the end")

    def long() -> None:
        with exiting_on_signals():
            callback()
            exit_if_signalled()
            went_on.append("for ever")

    for command in (short, long):
        with pytest.raises(error):
            command()
    assert went_on == ["to the end"]
    # What was asked then is over.
    with exiting_on_signals():
        exit_if_signalled()


def test_ignored_signals_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with exiting_on_signals():
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_failing_file_system_prints_one_line_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(arguments: object) -> int:
        raise PermissionError(13, "Permission denied", "r.yaml")

    monkeypatch.setattr("segue.cli.check.run", failing)
    assert main(["check", "r.yaml"]) == 2
    assert capsys.readouterr().err == "r.yaml: Permission denied\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("command", ["check", "timeline"])
def test_output_works_in_every_terminal_encoding(command: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    Path("łąka→.yaml").write_text(RULES.replace("segue: 1", 'segue: 1\ntitle: "łąka → █"'), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "segue", command, "łąka→.yaml"],
        capture_output=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode(encoding)


def test_a_service_ends_with_the_program_that_started_it() -> None:
    command = [sys.executable, "-m", "segue", "serve", "r.yaml", "--bind", "tcp://127.0.0.1:0"]
    with subprocess.Popen(
        [*command, "--exit-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"serving on tcp://")
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(PATIENCE_S) == 0
