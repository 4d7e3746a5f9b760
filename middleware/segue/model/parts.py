"""Parts that the released models share when they are put together.

D width of style embeddings.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from segue.contract import Codec, Samples, StyleEncoder
from segue.model.block_codec import BlockCodec
from segue.model.config import Configuration
from segue.model.generator import LanguageModelGenerator
from segue.model.mrt2 import BLOCK_FRAMES
from segue.model.native.arithmetic import arithmetic
from segue.model.native.compiler import cache_folder
from segue.model.native.library import Library
from segue.model.spectrostream.codec import SpectroStream
from segue.model.spectrostream.config import SpectroStreamConfig
from segue.model.weights import LazyWeights

log = logging.getLogger(__name__)

NOISE: Final = "noise"
"""In the names of whatever is made up: what it plays is noise, not music."""
MADE_UP_SEED: Final = 1
"""Of made-up weights."""


class PlayableModel(NamedTuple):
    """A generator, and the encoder that its styles come from."""

    encoder: StyleEncoder
    generator: LanguageModelGenerator


class NoiseEncoder:
    """Implements segue.contract.StyleEncoder with embeddings that follow from a prompt and mean nothing."""

    name: Final = NOISE
    audio_warning: Final = "its embedding is made up: the weights are random"

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension

    def embed_text(self, text: str) -> NDArray[np.float32]:
        return self._drawn(text.encode())

    def embed_audio(self, samples: Samples) -> NDArray[np.float32]:
        return self._drawn(samples.tobytes())

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return ()

    def _drawn(self, content: bytes) -> NDArray[np.float32]:
        seed = int.from_bytes(hashlib.sha256(content).digest()[:8], "little")
        # Uniform numbers, which every NumPy draws alike.
        row = np.random.default_rng(seed).random(self.dimension) - 0.5
        return (row / np.linalg.norm(row)).astype(np.float32)


def chosen_library(name: str) -> Library | None:
    """Return the kernels that a model is computed with, None for XLA, and log which."""
    chosen = arithmetic()
    log.info("%s computes with %s", name, chosen.text)
    return chosen.library


def streaming_codec(
    config: Configuration,
    sizes: SpectroStreamConfig,
    weights: LazyWeights,
    encoder: Mapping[str, Any] | None,
    library: Library | None,
) -> Codec[Any]:
    """Return the codec of a model: its frames sound the same however they are cut into calls.

    Args:
        config: The model, which says how many codebooks it uses.
        sizes: The codec's own.
        weights: Of the decoder, each read when it is used.
        encoder: Weights, to continue a recording.
        library: Kernels that decode in integers; None for XLA.
    """
    codebooks = config.codes.steps
    codec = SpectroStream(sizes, weights, encoder, num_codebooks=codebooks, blocks=(BLOCK_FRAMES, 1), library=library)
    # XLA's calls of different sizes round differently.
    return BlockCodec(codec, BLOCK_FRAMES) if library is None else codec


def keep_compiled_code() -> None:
    """Keep compiled code in the user's cache, so that later starts need not compile. JAX's own variable goes first."""
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
