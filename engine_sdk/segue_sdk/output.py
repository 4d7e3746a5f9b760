"""Sound out: a client's player to a sound device, to a WAV file in real time, or to nowhere in real time.

    with SegueClient(...) as client, open_output(client.player) as output:
        print("playing to", output.name)

A sound device needs the package `sounddevice` (and PortAudio, which its wheels bring on Windows and macOS).
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
import wave
from array import array
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from segue_sdk.limits import CHANNELS, SAMPLE_RATE
from segue_sdk.player import Player
from segue_sdk.take_buffer import Floats, integers

if TYPE_CHECKING:
    # typing has it from Python 3.11 on.
    from typing_extensions import Self

# A WAV counts its bytes in 32 bits.
_MOST_BYTES: Final = 2**32 - 2**20


class WaveFile:
    """Samples beyond what a WAV can hold (4 GiB, four hours at 24 bits) are left out. Raises: OSError when opened."""

    def __init__(self, path: Path, bits: int = 24) -> None:
        if bits not in (16, 24):
            raise ValueError(f"bits: expected 16 or 24, got {bits}")
        self._bits, self._left = bits, _MOST_BYTES
        self._file = path.open("wb")
        self._wave = wave.Wave_write(self._file)
        self._wave.setparams((CHANNELS, bits // 8, SAMPLE_RATE, 0, "NONE", ""))

    def write(self, block: Floats) -> None:
        """Interleaved stereo floats; beyond ±1 they are clipped."""
        data = _whole(block, self._bits)
        if len(data) <= self._left:
            self._left -= len(data)
            self._wave.writeframes(data)
            self._file.flush()

    def close(self) -> None:
        self._wave.close()
        self._file.close()


def _whole(block: Floats, bits: int) -> bytes:
    """Little-endian integers of 16 or 24 bits."""
    whole = integers(block, 16 if bits == 16 else 32)
    if sys.byteorder == "big":
        whole.byteswap()
    data = whole.tobytes()
    if bits == 16:
        return data
    # The upper three bytes of each integer of 32 bits.
    packed = bytearray(3 * len(block))
    for byte in range(3):
        packed[byte::3] = data[byte + 1 :: 4]
    return bytes(packed)


BLOCK: Final = 480
"""Samples read at once, 10 ms."""
_NAP_S: Final = 0.005
# A machine that slept does not make up for it by a burst of music nobody hears.
_MOST_BEHIND_S: Final = 0.25
_CLOSE_S: Final = 2.0


class Pacer:
    """How many blocks are due by now, given when it is asked."""

    def __init__(self, now_s: float) -> None:
        self._next_s = now_s

    def due(self, now_s: float) -> int:
        """Blocks since the last call that fit the time gone by; of a long gap the last quarter second."""
        self._next_s = max(self._next_s, now_s - _MOST_BEHIND_S)
        blocks = int((now_s - self._next_s) * SAMPLE_RATE / BLOCK)
        self._next_s += blocks * BLOCK / SAMPLE_RATE
        return blocks


class Clock:
    """Reads a player until it is closed and hands every block to `sink`, which must not keep it."""

    def __init__(self, player: Player, sink: Callable[[Floats], object] = lambda block: None) -> None:
        self._player, self._sink = player, sink
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-clock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading; nothing is handed to the sink afterwards."""
        self._closing.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        samples: array[float] = array("f", bytes(4 * CHANNELS * BLOCK))
        block: Floats = memoryview(samples)
        pacer = Pacer(time.monotonic())
        while not self._closing.wait(_NAP_S):
            for _ in range(pacer.due(time.monotonic())):
                self._player.read(block)
                self._sink(block)


Where: TypeAlias = Literal["auto", "device", "file", "none"]

# A device that asks for nothing for so long is gone, whether or not its driver says so.
_SILENT_S: Final = 2.0
_LATENCY_S: Final = 0.05


class OutputError(RuntimeError):
    """There is no such output: what was looked for, what was found, what to do."""


class Output:
    """Reads a player until it is closed. name: where it plays to, for people."""

    name: str

    def close(self) -> None:
        """Stop reading the player."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class NullOutput(Output):
    """Plays to nowhere, at the pace of the computer's clock: the session lives as if it were heard."""

    def __init__(self, player: Player) -> None:
        self.name = "no sound"
        self._clock = Clock(player)

    def close(self) -> None:
        self._clock.close()


class FileOutput(Output):
    """Plays into a WAV file at the pace of the computer's clock. bits: 16 or 24.

    Raises: OutputError if the file cannot be written.
    """

    def __init__(self, player: Player, path: Path, bits: int = 24) -> None:
        self.name = str(path)
        try:
            self._file = WaveFile(path, bits)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
        self._clock = Clock(player, self._file.write)

    def close(self) -> None:
        self._clock.close()
        self._file.close()


class DeviceOutput(Output):
    """Plays to a sound device; should it vanish, on to nowhere, so that the session lives.

    device: name or number as `python -m sounddevice` lists them; None for the system's. latency_s: asked for; what the
    device grants goes into `player.latency`. on_lost: called once from another thread, with the reason.

    Raises: OutputError without the package, PortAudio or a device that plays 48 kHz stereo.
    """

    def __init__(
        self,
        player: Player,
        device: str | int | None = None,
        *,
        latency_s: float = _LATENCY_S,
        on_lost: Callable[[str], object] = lambda reason: None,
    ) -> None:
        self._player, self._on_lost = player, on_lost
        self._calls = 0
        self._clock: Clock | None = None
        self._closing, self._finished = threading.Event(), threading.Event()
        sounddevice = _sounddevice()
        try:
            self._stream = self._open(sounddevice, device, latency_s)
            self.name = str(sounddevice.query_devices(self._stream.device)["name"])
        except (sounddevice.PortAudioError, ValueError) as error:
            wanted = "the default output" if device is None else repr(device)
            raise OutputError(
                f"sound device: expected {wanted} to play 48 kHz stereo; {error}; "
                "`python -m sounddevice` lists what there is"
            ) from error
        player.latency = round(self._stream.latency * SAMPLE_RATE)
        self._watch = threading.Thread(target=self._watch_device, name="segue-device", daemon=True)
        self._watch.start()

    def close(self) -> None:
        self._closing.set()
        self._finished.set()
        self._watch.join()
        if self._clock is None:
            self._stream.close(ignore_errors=True)
        else:
            self._clock.close()

    def _open(self, sounddevice: Any, device: str | int | None, latency_s: float) -> Any:
        """A stream that runs. Raises: PortAudioError, ValueError."""
        stream = sounddevice.RawOutputStream(
            samplerate=SAMPLE_RATE,
            channels=CHANNELS,
            dtype="float32",
            device=device,
            latency=latency_s,
            callback=self._fill,
            finished_callback=self._finished.set,
        )
        try:
            stream.start()
        except sounddevice.PortAudioError:
            stream.close(ignore_errors=True)
            raise
        return stream

    def _fill(self, out: Any, frames: int, time: Any, status: Any) -> None:
        """The audio callback: PortAudio's buffer is filled in place."""
        self._calls += 1
        self._player.read(memoryview(out).cast("B").cast("f"))

    def _watch_device(self) -> None:
        seen = -1
        while not self._finished.wait(_SILENT_S) and seen != self._calls:
            seen = self._calls
        if self._closing.is_set():
            return
        # Closing waits for a callback under way: never do two threads read the player.
        self._stream.close(ignore_errors=True)
        self._player.latency = 0
        lost, self.name = self.name, "no sound"
        self._clock = Clock(self._player)
        self._on_lost(f"the sound device {lost} is gone; the session goes on without sound")


def open_output(
    player: Player,
    where: Where = "auto",
    *,
    file: Path = Path("segue.wav"),
    bits: int = 24,
    device: str | int | None = None,
    on_lost: Callable[[str], object] = lambda reason: None,
) -> Output:
    """The output to play to. "auto": the sound device if there is one, else `file`.

    Raises: OutputError if it cannot be had.
    """
    if where == "none":
        return NullOutput(player)
    if where == "file":
        return FileOutput(player, file, bits)
    try:
        return DeviceOutput(player, device, on_lost=on_lost)
    except OutputError:
        if where == "device":
            raise
        return FileOutput(player, file, bits)


def _sounddevice() -> Any:
    """The package. Raises: OutputError."""
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise OutputError("sound device: the package sounddevice is not installed: pip install sounddevice") from error
    except OSError as error:
        raise OutputError(
            f"sound device: PortAudio is not installed ({error}); on Debian: apt install libportaudio2"
        ) from error
