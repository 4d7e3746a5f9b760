"""A WAV file that grows as the music plays, and can be read whenever it is."""

from __future__ import annotations

import sys
import wave
from array import array
from pathlib import Path
from typing import Final

from segue_sdk.limits import CHANNELS, SAMPLE_RATE
from segue_sdk.line import Floats

# A WAV counts its bytes in 32 bits.
_MOST_BYTES: Final = 2**32 - 2**20
_SCALE: Final = {16: 2.0**15 - 1, 24: 2.0**31 - 1}


class WaveFile:
    """Samples beyond what a WAV can hold (4 GiB, four hours at 24 bits) are left out. Raises: OSError when opened."""

    def __init__(self, path: Path, bits: int = 24) -> None:
        if bits not in _SCALE:
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
    scale = _SCALE[bits]
    whole = array("h" if bits == 16 else "i", [round(max(-1.0, min(1.0, value)) * scale) for value in block])
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
