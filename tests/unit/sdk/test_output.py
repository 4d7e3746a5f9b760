"""Outputs: without sound in real time, WAV files, sound devices that are missing or vanish."""

from __future__ import annotations

import math
import sys
import threading
import time
import wave
from array import array
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from segue_sdk.output import BLOCK, DeviceOutput, FileOutput, NullOutput, OutputError, Pacer, WaveFile, open_output
from segue_sdk.player import Player, ReceivedChunk
from unit.sdk.router import PATIENCE_S

COUNT = 24_000


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


# --- the clock ------------------------------------------------------------------------------------------------------


def test_blocks_are_due_in_real_time_for_irregular_calls() -> None:
    pacer, now, blocks = Pacer(5.0), 5.0, 0
    for step in (1 / 1024, 13 / 1024, 0.0, 31 / 1024, 7 / 1024, 204 / 1024, 64 / 1024):
        now += step
        blocks += pacer.due(now)
    assert blocks == int(320 / 1024 * 48_000 / BLOCK)


def test_after_a_long_gap_only_a_quarter_second_is_due() -> None:
    pacer = Pacer(0.0)
    assert pacer.due(3_600.0) == 25
    assert pacer.due(3_600.0) == 0


def test_the_output_without_sound_reads_the_player_until_it_is_closed() -> None:
    made = player()
    with NullOutput(made) as output:
        until(lambda: made.position.committed == COUNT)
        assert output.name == "no sound"
    assert threads() == set()


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [16, 24])
def test_a_file_contains_the_samples_of_the_player(tmp_path: Path, bits: int) -> None:
    made, path = player(), tmp_path / "out.wav"
    with open_output(made, "file", file=path, bits=bits) as output:
        assert output.name == str(path)
        until(lambda: made.position.committed == COUNT)
    expected = player().read_array(COUNT)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 2, bits // 8)
        assert file.getnframes() >= COUNT
        data, width = file.readframes(COUNT), bits // 8
    values = [int.from_bytes(data[at : at + width], "little", signed=True) for at in range(0, len(data), width)]
    worst = max(abs(value / 2 ** (bits - 1) - wanted) for value, wanted in zip(values, expected, strict=True))
    assert worst <= 2.0 ** (1 - bits) + 0.5 / 2 ** (bits - 1)
    assert max(values) > 0.4 * 2 ** (bits - 1)


def test_samples_are_clipped_and_the_file_is_valid_while_it_grows(tmp_path: Path) -> None:
    path = tmp_path / "out.wav"
    file = WaveFile(path, 16)
    file.write(memoryview(array("f", [2.0, -2.0])))
    with wave.open(str(path)) as so_far:
        assert array("h", so_far.readframes(9)).tolist() == [32_767, -32_767]
    file.close()


def test_a_file_that_cannot_be_written_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written: No such file"):
        FileOutput(Player(), tmp_path / "no" / "out.wav")
    with pytest.raises(ValueError, match="16 or 24"):
        WaveFile(tmp_path / "out.wav", 8)
    assert threads() == set()


# --- devices --------------------------------------------------------------------------------------------------------


class PortAudioError(Exception):
    """As sounddevice's."""


class Stream:
    """A device that asks for blocks when the test does."""

    def __init__(self, *, callback: Any, finished_callback: Any, device: Any, **options: Any) -> None:
        if device == "nowhere":
            raise ValueError("No output device matching 'nowhere'")
        self.options, self._callback, self.finished = options, callback, finished_callback
        self.device, self.latency, self.closed = 3, 0.02, False
        Stream.last = self

    last: Stream

    def start(self) -> None:
        if self.device != 3:
            raise PortAudioError("cannot start")

    def ask(self, frames: int) -> array[float]:
        out = array("f", [9.0] * (2 * frames))
        self._callback(memoryview(out).cast("B"), frames, None, None)
        return out

    def close(self, ignore_errors: bool = True) -> None:
        self.closed = True
        self.finished()


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(
        RawOutputStream=Stream, PortAudioError=PortAudioError, query_devices=lambda number: {"name": f"card {number}"}
    )
    monkeypatch.setitem(sys.modules, "sounddevice", module)  # type: ignore[arg-type]
    # A slow test must not count as a device that vanished.
    monkeypatch.setattr("segue_sdk.output._SILENT_S", 600.0)


@pytest.mark.usefixtures("device")
def test_a_device_gets_the_samples_of_the_player_and_sets_its_latency() -> None:
    made = player()
    with open_output(made) as output:
        assert output.name == "card 3"
        options = Stream.last.options
        assert (options["samplerate"], options["channels"], options["dtype"]) == (48_000, 2, "float32")
        assert Stream.last.ask(4_800) == player().read_array(4_800)
        assert made.position.played == 4_800 - 960
    assert Stream.last.closed
    assert threads() == set()


@pytest.mark.usefixtures("device")
def test_the_session_goes_on_after_a_device_vanishes() -> None:
    made, told = player(), list[str]()
    with DeviceOutput(made, on_lost=told.append) as output:
        Stream.last.ask(480)
        Stream.last.finished()
        until(lambda: made.position.committed == COUNT)
        until(lambda: bool(told))
        assert Stream.last.closed
        assert (output.name, made.latency_samples) == ("no sound", 0)
    assert told == ["the sound device card 3 is gone; the session goes on without sound"]
    assert threads() == set()


@pytest.mark.usefixtures("device")
def test_a_device_that_asks_for_nothing_counts_as_vanished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segue_sdk.output._SILENT_S", 0.02)
    made = player()
    with DeviceOutput(made):
        until(lambda: made.position.committed == COUNT)


@pytest.mark.usefixtures("device")
def test_a_missing_device_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"expected 'nowhere' to play 48 kHz stereo; No output.*lists what there is"):
        open_output(Player(), "device", device="nowhere")
    with open_output(Player(), "auto", device="nowhere", file=tmp_path / "a.wav") as output:
        assert isinstance(output, FileOutput)


@pytest.mark.parametrize(
    ("error", "message"),
    [(ImportError(), "pip install sounddevice"), (OSError("PortAudio library not found"), "apt install libportaudio2")],
)
def test_without_the_package_or_portaudio_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    message: str,
) -> None:
    def fail(name: str) -> None:
        raise error

    monkeypatch.setattr("segue_sdk.output.importlib.import_module", fail)
    with pytest.raises(OutputError, match=message):
        open_output(Player(), "device")
    assert caplog.messages == []
    with open_output(Player(), "auto", file=tmp_path / "a.wav") as output:
        assert output.name == str(tmp_path / "a.wav")
    (warning,) = caplog.messages
    assert message in warning
    assert warning.endswith(f"; writing {tmp_path / 'a.wav'} instead")
