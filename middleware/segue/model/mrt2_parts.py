"""Magenta RealTime 2 put together: from made-up weights, or from Google's files.

D width of style embeddings.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from segue.contract import Codec, Samples, StyleEncoder
from segue.model import checkpoint
from segue.model.block_codec import BlockCodec
from segue.model.conditioning import TokenEncoder
from segue.model.config import CONFIGS, Depthformer, TokenConditioning
from segue.model.generator import LanguageModelGenerator
from segue.model.mrt2 import BLOCK_FRAMES, mrt2_engine, mrt2_generator, nearest_tokens
from segue.model.native.arithmetic import arithmetic
from segue.model.native.compiler import cache_folder
from segue.model.native.library import Library
from segue.model.spectrostream.checkpoint import check_decoder, lazy_decoder, read_encoder
from segue.model.spectrostream.codec import SpectroStream
from segue.model.spectrostream.config import SPECTROSTREAM, SpectroStreamConfig
from segue.model.spectrostream.weights import lazy_random_decoder, random_encoder
from segue.model.weights import LazyWeights, lazy_random_weights
from segue.model_files import ENCODER_FILE, MODELS, STYLE_FOLDER, models_folder
from segue.style.musiccoca import MusicCoCa, load_musiccoca

log = logging.getLogger(__name__)

NOISE: Final = "noise"
"""In the names of whatever is made up: what it plays is noise, not music."""
_SEED: Final = 1


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


def noise_model(
    name: str, *, codec: SpectroStreamConfig = SPECTROSTREAM, recording: Samples | None = None
) -> PlayableModel:
    """Return a model whose weights are made up, for trying its speed and its path. Its name says that it is noise.

    Args:
        name: A configuration conditioned by tokens.
        codec: The sizes of its codec.
        recording: As in `mrt2_generator`.

    Raises:
        ValueError: The recording is shorter than a frame.
    """
    keep_compiled_code()
    config = CONFIGS[name]
    library = _library(name)
    engine = mrt2_engine(config, lazy_random_weights(config, _SEED), library)
    sound_encoder = None if recording is None else random_encoder(codec, _SEED)
    decoder = _codec(config, codec, lazy_random_decoder(codec, _SEED), sound_encoder, library)
    tokens, table = config.conditioning, engine.fused.encoder
    if not isinstance(tokens, TokenConditioning) or not isinstance(table, TokenEncoder):
        raise ValueError(f"{name}: expected a model conditioned by tokens, got features")
    encoder = NoiseEncoder(tokens.style_width)
    generator = mrt2_generator(
        engine,
        decoder,
        encoder=encoder.name,
        quantise=nearest_tokens(table, tokens),
        name=f"{name}-{NOISE}",
        recording=recording,
    )
    return PlayableModel(encoder, generator)


def released_model(
    name: str,
    weights: Path | None = None,
    *,
    codec: SpectroStreamConfig = SPECTROSTREAM,
    style: MusicCoCa | None = None,
    recording: Samples | None = None,
) -> PlayableModel:
    """Return a model with Google's weights.

    Args:
        name: A configuration conditioned by tokens.
        weights: Its checkpoint; None for the one in the models' folder.
        codec: The sizes of its codec.
        style: Its style encoder; None for the one in the models' folder.
        recording: As in `mrt2_generator`.

    Raises:
        CheckpointError: The file is not the model's, or damaged; or the encoder's file, where there is a recording.
        ValueError: The recording is shorter than a frame.
        GeneratorError: A file of the style encoder cannot be used.
    """
    keep_compiled_code()
    folder = models_folder()
    config = CONFIGS[name]
    path = folder / MODELS[name][0].path if weights is None else weights
    encoder = load_musiccoca(folder / STYLE_FOLDER) if style is None else style
    language_model, decoder = checkpoint.lazy(path, config), lazy_decoder(path, codec)
    sound_encoder = None if recording is None else read_encoder(folder / ENCODER_FILE.path, codec)
    library = _library(name)
    generator = mrt2_generator(
        mrt2_engine(config, language_model, library),
        _codec(config, codec, decoder, sound_encoder, library),
        encoder=encoder.name,
        quantise=encoder.quantise,
        recording=recording,
    )
    return PlayableModel(encoder, generator)


def check_weights(name: str, path: Path, codec: SpectroStreamConfig = SPECTROSTREAM) -> None:
    """Check that a file holds a model, without reading its weights.

    Raises:
        CheckpointError: It is damaged or not that model; every tensor that differs is named.
    """
    checkpoint.check(path, CONFIGS[name])
    check_decoder(path, codec)


def _library(name: str) -> Library | None:
    """Return the kernels that a model is computed with, None for XLA, and log which."""
    chosen = arithmetic()
    log.info("%s computes with %s", name, chosen.text)
    return chosen.library


def _codec(
    config: Depthformer,
    sizes: SpectroStreamConfig,
    weights: LazyWeights,
    encoder: Mapping[str, Any] | None,
    library: Library | None,
) -> Codec[Any]:
    codebooks = config.codes.steps
    codec = SpectroStream(sizes, weights, encoder, num_codebooks=codebooks, blocks=(BLOCK_FRAMES, 1), library=library)
    # XLA's calls of different sizes round differently.
    return BlockCodec(codec, BLOCK_FRAMES) if library is None else codec


def keep_compiled_code() -> None:
    """Keep compiled code in the user's cache, so that later starts need not compile. JAX's own variable goes first."""
    if not os.environ.get("JAX_COMPILATION_CACHE_DIR"):
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "compiled"))
