"""Sound through pyglet, which Arcade uses, so that the game's own sounds play beside the music.

with connect(...) as music, PygletOutput(music.player):
    ...
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Final

from segue_sdk.limits import CHANNELS, SAMPLE_RATE
from segue_sdk.output import Output, OutputError
from segue_sdk.player import Player

_SAMPLE_BYTES: Final = 2 * CHANNELS


class PygletOutput(Output):
    """Plays as a streaming source of 16-bit samples.

    pyglet buffers some 0.9 s ahead; what it has buffered counts as latency.

    Args:
        player: What to play.
    Raises:
        OutputError: pyglet is not installed.
    """

    def __init__(self, player: Player) -> None:
        media = _media()
        self._player, self._read = player, 0
        self._media_player = media.Player()
        self._media_player.queue(_source(media, self._next_bytes))
        self._media_player.play()
        self.name = "pyglet"

    def close(self) -> None:
        self._media_player.pause()
        self._media_player.delete()

    def _next_bytes(self, count: int) -> bytes:
        """The next bytes of sound, called by pyglet's audio thread."""
        data = bytearray(max(1, count // _SAMPLE_BYTES) * _SAMPLE_BYTES)
        self._read += len(data) // _SAMPLE_BYTES
        self._player.latency_samples = max(0, self._read - round(self._media_player.time * SAMPLE_RATE))
        self._player.read_s16(memoryview(data).cast("h"))
        return bytes(data)


def _source(media: Any, next_bytes: Callable[[int], bytes]) -> Any:
    """A source of pyglet's that never ends."""

    class Source(media.StreamingSource):  # type: ignore[misc]
        def __init__(self) -> None:
            self.audio_format = media.codecs.AudioFormat(channels=CHANNELS, sample_size=16, sample_rate=SAMPLE_RATE)

        def is_precise(self) -> bool:
            return True

        def get_audio_data(self, num_bytes: float, compensation_time: float = 0.0) -> Any:
            data = next_bytes(int(num_bytes))
            return media.codecs.AudioData(data, len(data))

    return Source()


def _media() -> Any:
    """pyglet's package of that name. Raises: OutputError."""
    try:
        importlib.import_module("pyglet.media.codecs")
        return importlib.import_module("pyglet.media")
    except ImportError as error:
        raise OutputError("pyglet is not installed: pip install pyglet") from error
