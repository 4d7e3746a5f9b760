"""The frozen service plays the same music as the one in this checkout, and has what it must be shipped with."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from segue_sdk.client import SegueClient
from segue_sdk.limits import SAMPLE_RATE
from segue_sdk.messages import Hello

pytestmark = pytest.mark.heavy

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "build/bundle/segue-service"
BUNDLED: Final = [str(FOLDER / "segue")]
INSTALLED: Final = [sys.executable, "-m", "segue"]
EMBERWOOD: Final = ROOT / "rules/library/emberwood/emberwood.yaml"
SECONDS: Final = 5
# Bounds a hang, not a speed.
PATIENCE_S: Final = 60.0
# Megabytes (10^6 bytes); the folder has some 90, its archive some 40.
MOST_MB: Final = 120
MOST_ARCHIVE_MB: Final = 50


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*BUNDLED, *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE_S)


@contextmanager
def serving(command: list[str]) -> Iterator[dict[str, Any]]:
    """A service, as a game engine starts it: its ready line. It ends with its standard input."""
    started = [*command, "serve", str(EMBERWOOD), "--bind", "tcp://127.0.0.1:0", "--exit-with-stdin"]
    with subprocess.Popen(
        [*started, "--ready-format", "json"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            yield json.loads(process.stdout.readline())
            process.stdin.close()
            assert process.wait(PATIENCE_S) == 0, process.stderr.read()
        finally:
            process.kill()


def music(ready: dict[str, Any]) -> bytes:
    """The first SECONDS of the music, as a game's sound card gets them."""
    arrived = threading.Event()
    hello = Hello(versions=(1,), client="bundle", seed=7, lookahead_ms=2_000 * SECONDS)
    with SegueClient(ready["addresses"][0], hello, wake=arrived.set) as client:
        while client.player.position.have < SECONDS * SAMPLE_RATE:
            assert arrived.wait(PATIENCE_S), "no music"
            arrived.clear()
            client.poll()
            # Takes in what has arrived; the position says so afterwards.
            client.player.read_array(0)
        return client.player.read_array(SECONDS * SAMPLE_RATE).tobytes()


def test_it_plays_the_same_samples_and_ends_with_its_standard_input() -> None:
    with serving(BUNDLED) as ready:
        assert ready["ready"] is True
        assert ready["rules"]["emberwood"]["default"] is True
        frozen = music(ready)
    with serving(INSTALLED) as ready:
        expected = music(ready)
    assert len(expected) == SECONDS * SAMPLE_RATE * 8
    assert any(expected)
    assert frozen == expected


def test_it_describes_rules_as_the_installed_one() -> None:
    described = run("describe", str(EMBERWOOD))
    expected = subprocess.run(
        [*INSTALLED, "describe", str(EMBERWOOD)], capture_output=True, text=True, check=True, timeout=PATIENCE_S
    )
    assert described.stdout == expected.stdout


def test_it_takes_sounds_as_style_prompts(tmp_path: Path) -> None:
    rules = tmp_path / "sound.yaml"
    sound = next(EMBERWOOD.parent.rglob("*.ogg"))
    (tmp_path / sound.name).write_bytes(sound.read_bytes())
    rules.write_text(
        "segue: 1\nstyles:\n  heard: {audio: " + sound.name + "}\n"
        "layers:\n  place:\n    states:\n      here: {default: true, mix: {heard: 1}}\n"
    )
    done = run("preview", str(rules), "--duration", "1", "-o", str(tmp_path / "heard.wav"))
    assert done.returncode == 0, done.stderr


def test_commands_that_are_left_out_say_so() -> None:
    done = run("play", str(EMBERWOOD))
    assert done.returncode == 2
    assert done.stderr == "segue play is not part of the bundled service: install Segue and run it there\n"


def test_everything_has_its_licence() -> None:
    licences = FOLDER / "LICENSES"
    listed = (licences / "README.txt").read_text("utf-8")
    for name in ("numpy", "scipy", "soundfile", "soxr", "msgpack", "websockets", "pyinstaller", "python", "segue"):
        assert any((licences / name).iterdir()), name
        assert name in listed.lower()
    assert "libsndfile" in listed
    texts = [file.read_text("utf-8", "replace") for file in (licences / "soundfile").iterdir()]
    assert any("GNU LESSER GENERAL PUBLIC LICENSE" in text.upper() for text in texts)


def test_its_size() -> None:
    folder_mb = sum(file.lstat().st_size for file in FOLDER.rglob("*") if file.is_file()) / 1e6
    (archive,) = [file for file in FOLDER.parent.glob("segue-service-*") if file.is_file()]
    archive_mb = archive.stat().st_size / 1e6
    print(f"{folder_mb:.0f} MB, {archive_mb:.0f} MB as an archive")
    assert folder_mb <= MOST_MB
    assert archive_mb <= MOST_ARCHIVE_MB


def test_nothing_in_it_is_left_from_tests_and_other_programs() -> None:
    inside = [str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*")]
    unwanted = ("/tests/", "tcl", "jax", "scipy/stats", "scipy.libs", "zmq", "libmvec")
    assert [name for name in inside if any(word in name for word in unwanted)] == []
