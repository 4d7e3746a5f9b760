"""Sound through the mixer of pygame, so that the game's own sounds play beside the music.

with connect(...) as music, PygameOutput(music.player):
    ...
"""

from __future__ import annotations

import importlib
import threading
from typing import Any, Final

from segue_sdk.limits import CHANNELS, SAMPLE_RATE
from segue_sdk.output import Output, OutputError
from segue_sdk.player import Player

# Samples the mixer asks for at once where this output starts it.
_MIXER_BUFFER: Final = 512
# A sound that ends inside one of the mixer's buffers leaves the rest of it silent: blocks are whole buffers.
_BLOCK: Final = 2_048
_POLL_S: Final = 0.005
_CLOSE_S: Final = 2.0
# pygame writes 32-bit float as 32 where it is asked for and, in some releases, as -32 where it is reported.
_FORMATS: Final = {
    (SAMPLE_RATE, 32, CHANNELS): "f",
    (SAMPLE_RATE, -32, CHANNELS): "f",
    (SAMPLE_RATE, -16, CHANNELS): "h",
}


class PygameOutput(Output):
    """Plays on a mixer channel of its own, which it adds to those that the game has.

    It starts the mixer if the game has not: 48 kHz, stereo, 32-bit float. A game that starts it itself calls
    `pygame.mixer.pre_init(48_000, 32, 2)` before `pygame.init()`; 16-bit samples (-16) work, too. `pygame.quit()` ends
    the output; before `pygame.mixer.quit()` it must be closed, since pygame's mixer must not be used while it ends.

    Args:
        player: What to play.
        block: Samples given to the mixer at once, a multiple of the mixer's buffer.
    Raises:
        OutputError: pygame is not installed, or its mixer cannot play 48 kHz stereo.
    """

    def __init__(self, player: Player, *, block: int = _BLOCK) -> None:
        self._pygame = _pygame()
        self._mixer = self._pygame.mixer
        self._player, self._block = player, block
        self._format = self._start()
        channels = self._mixer.get_num_channels()
        self._mixer.set_num_channels(channels + 1)
        self._channel = self._mixer.Channel(channels)
        self.name = "pygame's mixer"
        # One block plays and another one waits.
        player.latency_samples = 2 * block
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="segue-pygame", daemon=True)
        self._pygame.register_quit(self._end_thread)
        self._thread.start()

    def close(self) -> None:
        self._end_thread()
        if self._mixer.get_init() is not None:
            self._channel.stop()

    def _end_thread(self) -> None:
        self._closing.set()
        self._thread.join(_CLOSE_S)

    def _start(self) -> str:
        """Start the mixer if it does not run; the format of its samples. Raises: OutputError."""
        if self._mixer.get_init() is None:
            try:
                self._mixer.init(SAMPLE_RATE, 32, CHANNELS, _MIXER_BUFFER, allowedchanges=0)
            except self._pygame.error as error:
                raise OutputError(f"pygame's mixer does not start: {error}") from error
        found = self._mixer.get_init()
        if found not in _FORMATS:
            raise OutputError(
                f"pygame's mixer: expected 48000 Hz, 32-bit float or 16-bit samples and 2 channels, got {found}; "
                "call pygame.mixer.pre_init(48_000, 32, 2) before pygame.init()"
            )
        return _FORMATS[found]

    def _run(self) -> None:
        while not self._closing.wait(_POLL_S):
            while self._channel.get_queue() is None and not self._closing.is_set():
                self._channel.queue(self._mixer.Sound(buffer=self._next_block()))

    def _next_block(self) -> bytearray:
        size = 4 if self._format == "f" else 2
        data = bytearray(self._block * CHANNELS * size)
        if self._format == "f":
            self._player.read(memoryview(data).cast("f"))
        else:
            self._player.read_s16(memoryview(data).cast("h"))
        return data


def _pygame() -> Any:
    """The package. Raises: OutputError."""
    try:
        return importlib.import_module("pygame")
    except ImportError as error:
        raise OutputError("pygame is not installed: pip install pygame-ce") from error
