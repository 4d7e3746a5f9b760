"""Changing sample rates, at once and in streams. The filter is soxr's."""

from __future__ import annotations

import numpy as np
import soxr

from segue.contract import CHANNELS, SAMPLE_RATE, Samples

QUALITY = "HQ"


def resample(samples: Samples, rate: float, to: float = SAMPLE_RATE) -> Samples:
    """`samples` [S, C] at `rate` Hz as [round(S * to / rate), C] at `to` Hz, delay compensated."""
    if rate == to or not len(samples):
        return samples
    return np.asarray(soxr.resample(samples, rate, to, quality=QUALITY), np.float32)


class ResampleStream:
    """Resampling in blocks: the outputs joined are `resample` of the inputs joined, up to rounding.

    A stateful object, for the edges of the house; output comes when the filter has seen enough, the rest with `last`.
    """

    def __init__(self, rate: float, to: float = SAMPLE_RATE, channels: int = CHANNELS) -> None:
        self._stream = soxr.ResampleStream(rate, to, channels, dtype="float32", quality=QUALITY)

    def process(self, samples: Samples, *, last: bool = False) -> Samples:
        """What is ready after the next block [S, C]; `last` drains the filter."""
        return np.asarray(self._stream.resample_chunk(samples, last=last), np.float32)
