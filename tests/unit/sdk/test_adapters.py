"""Outputs through pygame's mixer and pyglet: the samples of the player, without a gap, and their latency."""

from __future__ import annotations

import importlib
import math
import subprocess
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pygame
import pyglet
import pytest

from segue_sdk.output import OutputError
from segue_sdk.player import Player, ReceivedChunk
from segue_sdk.pygame_output import PygameOutput
from segue_sdk.pyglet_output import PygletOutput
from unit.sdk.router import PATIENCE_S

COUNT = 24_000

# A machine that tests has neither a sound device nor a display.
pyglet.options.audio = ("silent",)
pyglet.options.shadow_window = False


def player() -> Player:
    """A player with half a second of a tone."""
    made = Player()
    tone = array("f", [math.sin(at / 30) / 2 for at in range(COUNT) for _ in range(2)])
    made.enqueue(ReceivedChunk(0, 0, memoryview(tone), False))
    return made


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "nothing came"
        time.sleep(0.002)


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate() if thread.name.startswith("segue")}


# --- 16 bits --------------------------------------------------------------------------------------------------------


def test_samples_of_16_bits_are_those_of_read_rounded_and_clipped() -> None:
    made, expected = player(), player().read_array(4_000)
    whole = array("h", bytes(4 * 4_000))
    made.read_s16(memoryview(whole))
    assert whole.tolist() == [round(value * 32_767) for value in expected]
    assert made.position.committed == 4_000
    loud = Player()
    loud.enqueue(ReceivedChunk(0, 0, memoryview(array("f", [2.0, -2.0] * COUNT)), False))
    loud.read_s16(memoryview(whole))
    assert whole[-2:].tolist() == [32_767, -32_767]


# --- pygame ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def dummy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    yield
    pygame.mixer.quit()


# SDL's driver that writes to a file, slowed down: however busy the machine is, the next block is there in time.
_TO_FILE = """
import os, sys, time
sys.path[:0] = [sys.argv[1]]
os.environ.update(SDL_AUDIODRIVER="disk", SDL_DISKAUDIOFILE=sys.argv[2], SDL_DISKAUDIODELAY="60")
import pygame
from unit.sdk.test_adapters import COUNT, player
from segue_sdk.pygame_output import PygameOutput
if sys.argv[3] == "16":
    pygame.mixer.init(48_000, -16, 2, 512)
made = player()
with PygameOutput(made) as output:
    while made.position.committed < COUNT:
        time.sleep(0.01)
    time.sleep(1.0)
pygame.mixer.quit()
"""


@pytest.mark.parametrize(("bits", "format"), [(32, "f"), (16, "h")])
def test_pygame_plays_every_sample_once_and_without_a_gap(tmp_path: Path, bits: int, format: str) -> None:
    path = tmp_path / "out.raw"
    command = [sys.executable, "-c", _TO_FILE, str(Path(__file__).parents[2]), str(path), str(bits)]
    subprocess.run(command, check=True, timeout=120, capture_output=True)
    played: array[float] = array(format)
    data = path.read_bytes()
    played.frombytes(data[: len(data) // 8 * 8])
    scale = 1 if format == "f" else 32_767
    rounding = 1e-6 if format == "f" else 0.5001
    expected = [value * scale for value in player().read_array(COUNT - 1_440)]
    first = next(at for at, value in enumerate(played) if abs(value) > 0.01 * scale)
    of_expected = next(at for at, value in enumerate(expected) if abs(value) > 0.01 * scale)
    beginning = first - of_expected
    assert beginning >= 0
    assert played[beginning : beginning + len(expected)].tolist() == pytest.approx(expected, abs=rounding)


def test_pygame_keeps_its_channels_and_gives_the_output_one_more(dummy: None) -> None:
    pygame.mixer.init(48_000, 32, 2)
    made = player()
    with PygameOutput(made, block=1_024) as output:
        assert (pygame.mixer.get_num_channels(), output.name) == (9, "pygame's mixer")
        assert made.latency_samples == 2_048
        until(lambda: made.position.committed == COUNT)
    assert threads() == set()


def test_quitting_pygame_ends_the_output_first(dummy: None) -> None:
    with PygameOutput(player()):
        pygame.quit()
        assert threads() == set()


def test_a_mixer_of_another_rate_is_refused_and_the_error_says_what_to_call(dummy: None) -> None:
    pygame.mixer.init(44_100, -16, 2)
    with pytest.raises(OutputError, match=r"got \(44100, -16, 2\); call pygame.mixer.pre_init\(48_000, 32, 2\)"):
        PygameOutput(player())
    assert threads() == set()


def test_a_mixer_that_does_not_start_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no such driver")
    with pytest.raises(OutputError, match="pygame's mixer does not start: "):
        PygameOutput(player())


# --- pyglet ---------------------------------------------------------------------------------------------------------


def test_pyglet_reads_the_player() -> None:
    made = player()
    with PygletOutput(made) as output:
        assert output.name == "pyglet"
        until(lambda: made.position.committed == COUNT)


def test_pyglet_gets_whole_frames_of_16_bits_and_what_it_buffers_counts_as_latency() -> None:
    made, expected = player(), player()
    output = PygletOutput.__new__(PygletOutput)
    output._player, output._read = made, 0
    output._media_player = SimpleNamespace(time=0.0)
    samples = array("h", bytes(4 * 4_800))
    expected.read_s16(memoryview(samples))
    assert output._next_bytes(4 * 4_800 + 3) == samples.tobytes()
    assert (made.latency_samples, made.position.played) == (4_800, 0)
    output._media_player.time = 0.05
    output._next_bytes(4 * 4_800)
    assert (made.latency_samples, made.position.played) == (7_200, 2_400)


# --- missing packages -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("output", "package"), [(PygameOutput, "pygame-ce"), (PygletOutput, "pyglet")])
def test_a_missing_package_is_named(
    monkeypatch: pytest.MonkeyPatch, output: type[PygameOutput | PygletOutput], package: str
) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(OutputError, match=f"is not installed: pip install {package}$"):
        output(player())
