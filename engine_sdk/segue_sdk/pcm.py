"""Payloads to the floats a timeline keeps, without NumPy."""

from __future__ import annotations

import math
import sys
from array import array
from typing import Final

from segue_sdk.errors import ProtocolError
from segue_sdk.line import Floats

_S16_SCALE: Final = 1.0 / 32_768.0


def floats(pcm: bytes | memoryview, sample_format: str) -> Floats:
    """A payload's values as a memoryview of format "f", interleaved; without a copy where that is possible.

    Args: pcm: a whole number of values. sample_format: f32le or s16le.
    Raises: ProtocolError `not_finite` for a float that would be noise.
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
