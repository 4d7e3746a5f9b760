"""The samples of one take by absolute position, and the conversion of payloads to samples."""

from __future__ import annotations

import math
import sys
from array import array
from bisect import bisect_right
from typing import Final, TypeAlias

from segue_sdk.errors import ProtocolError
from segue_sdk.limits import CHANNELS

Floats: TypeAlias = "memoryview[float]"
"""Interleaved stereo samples: a memoryview of format "f"."""


class TakeBuffer:
    """The received samples of a take; what came first is never overwritten.

    A *run* is a stretch without a gap.

    Attributes:
        take: The take's number.
        opening: Where the take begins with the crossfade from the take before; None if not known.
    """

    def __init__(self, take: int) -> None:
        self.take = take
        self.opening: int | None = None
        self._runs: list[tuple[int, int]] = []
        self._starts: list[int] = []
        self._pieces: list[Floats] = []

    def __bool__(self) -> bool:
        return bool(self._runs)

    def has(self, position: int) -> bool:
        """Whether the sample at `position` was received."""
        return any(start <= position < end for start, end in self._runs)

    def end(self, position: int) -> int:
        """The end of the run that `position` lies in; `position` itself if it lies in none."""
        return next((end for start, end in self._runs if start <= position < end), position)

    def starts_after(self, position: int) -> list[int]:
        """Where runs begin beyond `position`."""
        return [start for start, _ in self._runs if start > position]

    def write(self, start: int, samples: Floats) -> bool:
        """Fill the gaps of [start, start + count) with interleaved floats; False if there was none."""
        end = start + len(samples) // CHANNELS
        gaps = self._gaps(start, end)
        for first, last in gaps:
            index = bisect_right(self._starts, first)
            self._starts.insert(index, first)
            self._pieces.insert(index, samples[(first - start) * CHANNELS : (last - start) * CHANNELS])
        merged: list[tuple[int, int]] = []
        for first, last in sorted([*self._runs, *gaps]):
            if merged and merged[-1][1] == first:
                merged[-1] = (merged[-1][0], last)
            else:
                merged.append((first, last))
        self._runs = merged
        return bool(gaps)

    def copy(self, position: int, out: Floats) -> None:
        """The samples from `position` on, all of which were received, into `out`."""
        index, filled = bisect_right(self._starts, position) - 1, 0
        skip = (position - self._starts[index]) * CHANNELS
        while filled < len(out):
            piece = self._pieces[index][skip : skip + len(out) - filled]
            out[filled : filled + len(piece)] = piece
            filled, index, skip = filled + len(piece), index + 1, 0

    def forget(self, position: int) -> None:
        """Free samples before `position`; a run that ends there is still known."""
        self._runs = [run for run in self._runs if run[1] >= position]
        while self._pieces and self._starts[0] + len(self._pieces[0]) // CHANNELS <= position:
            del self._starts[0], self._pieces[0]

    def _gaps(self, start: int, end: int) -> list[tuple[int, int]]:
        gaps, at = [], start
        for first, last in self._runs:
            if last <= at or first >= end:
                continue
            if first > at:
                gaps.append((at, first))
            at = max(at, last)
        if at < end:
            gaps.append((at, end))
        return gaps


_S16_SCALE: Final = 1.0 / 32_768.0


def integers(samples: Floats, bits: int) -> array[int]:
    """Samples as integers of 16 or 32 bits, clipped to full scale."""
    scale = 2.0 ** (bits - 1) - 1
    return array("h" if bits == 16 else "i", [round(max(-1.0, min(1.0, value)) * scale) for value in samples])


def floats(pcm: bytes | memoryview, sample_format: str) -> Floats:
    """Convert a payload to interleaved floats, without a copy where that is possible.

    Args:
        pcm: A whole number of values.
        sample_format: f32le or s16le.
    Returns:
        A memoryview of format "f".
    Raises:
        ProtocolError: `not_finite` for a value that is no finite number.
    """
    if sample_format == "s16le":
        whole = array("h", bytes(pcm))
        if sys.byteorder == "big":
            whole.byteswap()
        return memoryview(array("f", [value * _S16_SCALE for value in whole]))
    values: Floats = memoryview(pcm).cast("B").cast("f")
    if sys.byteorder == "big":
        swapped = array("f", bytes(pcm))
        swapped.byteswap()
        values = memoryview(swapped)
    if not all(map(math.isfinite, values)):
        raise ProtocolError("not_finite", "payload: a value that is not finite")
    return values
