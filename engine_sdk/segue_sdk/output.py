"""Outputs: they play a client's player to a sound device, into a WAV file in real time, or without sound in real time.

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
from segue_sdk.log import log
from segue_sdk.player import Player
from segue_sdk.take_buffer import Floats, integers

if TYPE_CHECKING:
    # typing has it from Python 3.11 on.
    from typing_extensions import Self

# A WAV file counts its bytes in 32 bits.
_MOST_BYTES: Final = 2**32 - 2**20


class WaveFile:
    """A WAV file that can be read while it is written.

    Samples beyond what it can hold (4 GiB, four hours at 24 bits) are left out.

    Raises:
        OSError: The file cannot be opened.
    """

    def __init__(self, path: Path, bits: int = 24) -> None:
        if bits not in (16, 24):
            raise ValueError(f"bits: expected 16 or 24, got {bits}")
        self._bits, self._left = bits, _MOST_BYTES
        self._file = path.open("wb")
        self._wave = wave.Wave_write(self._file)
        self._wave.setparams((CHANNELS, bits // 8, SAMPLE_RATE, 0, "NONE", ""))

    def write(self, block: Floats) -> None:
        """Append interleaved stereo floats, clipped at ±1."""
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
_POLL_S: Final = 0.005
# After a longer gap, such as a computer's sleep, the music is not caught up.
_MOST_BEHIND_S: Final = 0.25
_CLOSE_S: Final = 2.0


class Pacer:
    """Counts the blocks that are due in real time."""

    def __init__(self, now_s: float) -> None:
        self._next_s = now_s

    def due(self, now_s: float) -> int:
        """The blocks due since the last call; of a long gap those of the last quarter second."""
        self._next_s = max(self._next_s, now_s - _MOST_BEHIND_S)
        blocks = int((now_s - self._next_s) * SAMPLE_RATE / BLOCK)
        self._next_s += blocks * BLOCK / SAMPLE_RATE
        return blocks


class RealTimeReader:
    """A thread that reads a player in real time and passes each block to `sink`, which must not keep it."""

    def __init__(self, player: Player, sink: Callable[[Floats], object] = lambda block: None) -> None:
        self._player, self._sink = player, sink
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-clock", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading; `sink` is not called afterwards."""
        self._closing.set()
        self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        samples: array[float] = array("f", bytes(4 * CHANNELS * BLOCK))
        block: Floats = memoryview(samples)
        pacer = Pacer(time.monotonic())
        while not self._closing.wait(_POLL_S):
            for _ in range(pacer.due(time.monotonic())):
                self._player.read(block)
                self._sink(block)


Where: TypeAlias = Literal["auto", "device", "file", "none"]

# A device that asks for no samples for this long is gone, whether or not its driver reports it.
_SILENT_S: Final = 2.0
_LATENCY_S: Final = 0.05


class OutputError(RuntimeError):
    """An output cannot be opened. The text says what was expected, what was found, what to do."""


class Output:
    """Reads a player until it is closed.

    Attributes:
        name: What it plays to, for people.
    """

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
    """Reads in real time without sound; the session runs as if it were heard."""

    def __init__(self, player: Player) -> None:
        self.name = "no sound"
        self._clock = RealTimeReader(player)

    def close(self) -> None:
        self._clock.close()


class FileOutput(Output):
    """Plays into a WAV file in real time.

    Args:
        player: What to play.
        path: The file.
        bits: 16 or 24.
    Raises:
        OutputError: The file cannot be written.
    """

    def __init__(self, player: Player, path: Path, bits: int = 24) -> None:
        self.name = str(path)
        try:
            self._file = WaveFile(path, bits)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written: {error.strerror or error}") from error
        self._clock = RealTimeReader(player, self._file.write)

    def close(self) -> None:
        self._clock.close()
        self._file.close()


class DeviceOutput(Output):
    """Plays to a sound device. If the device vanishes, the session goes on without sound.

    Args:
        player: What to play. Its `latency_samples` become what the device grants.
        device: Name or number as `python -m sounddevice` lists them; None for the system's default.
        latency_s: Wanted latency.
        on_lost: Called once from another thread with the reason if the device vanishes.
    Raises:
        OutputError: The package, PortAudio or a device that plays 48 kHz stereo is missing.
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
        self._clock: RealTimeReader | None = None
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
        player.latency_samples = round(self._stream.latency * SAMPLE_RATE)
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
        """Start a stream. Raises: PortAudioError, ValueError."""
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
        # Closing waits for a callback under way, so that two threads never read the player at once.
        self._stream.close(ignore_errors=True)
        self._player.latency_samples = 0
        lost, self.name = self.name, "no sound"
        self._clock = RealTimeReader(self._player)
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
    """Open an output.

    Args:
        player: What to play.
        where: "device", "file", "none" (in real time without sound), or "auto": the device if there is one, else the
            file.
        file: The WAV file.
        bits: Of the file, 16 or 24.
        device: Name or number of the sound device; None for the system's default.
        on_lost: Called once with the reason if the device vanishes.
    Raises:
        OutputError: It cannot be opened.
    """
    if where == "none":
        return NullOutput(player)
    if where == "file":
        return FileOutput(player, file, bits)
    try:
        return DeviceOutput(player, device, on_lost=on_lost)
    except OutputError as error:
        if where == "device":
            raise
        output = FileOutput(player, file, bits)
        log.warning("%s; writing %s instead", error, file)
        return output


def _sounddevice() -> Any:
    """The package of that name. Raises: OutputError."""
    try:
        return importlib.import_module("sounddevice")
    except ImportError as error:
        raise OutputError("sound device: the package sounddevice is not installed: pip install sounddevice") from error
    except OSError as error:
        raise OutputError(
            f"sound device: PortAudio is not installed ({error}); on Debian: apt install libportaudio2"
        ) from error
