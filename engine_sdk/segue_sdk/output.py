"""Sound out: a client's player to a sound device, to a WAV file in real time, or to nowhere in real time.

    with SegueClient(...) as client, open_output(client.player) as output:
        print("playing to", output.name)

A sound device needs the package `sounddevice` (and PortAudio, which its wheels bring on Windows and macOS).
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self, TypeAlias

from segue_sdk.clock import Clock
from segue_sdk.limits import CHANNELS, SAMPLE_RATE
from segue_sdk.player import Player
from segue_sdk.wave_file import WaveFile

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
