"""The input of both implementations of the codec: sound with a little of everything."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segue.model.spectrostream.config import SpectroStreamConfig


def make_sound(config: SpectroStreamConfig, frames: int, seed: int) -> NDArray[np.float32]:
    """Make tones that glide, other ones in each channel, and noise that swells. Returns: float32 [S, C] in [-1, 1]."""
    rng = np.random.default_rng(seed)
    length = frames * config.frame_size
    time = np.arange(length) / length
    channels = []
    for _ in range(config.channels):
        glides = sum(
            np.sin(2 * np.pi * length * (low * time + (high - low) * time**2 / 2))
            for low, high in rng.uniform(0.001, 0.2, (3, 2))
        )
        channels.append(glides / 4 + time * rng.normal(size=length) / 10)
    return np.clip(np.stack(channels, axis=1), -1, 1).astype(np.float32)
