"""The codec's weight files: the released layout read unchanged, and written for tests.

Every tensor is checked against the configuration before any is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from safetensors.numpy import save_file

from segue.model.checkpoint import check_part, lazy_part, read_part
from segue.model.spectrostream.config import SpectroStreamConfig
from segue.model.spectrostream.weights import decoder_shapes, encoder_shapes
from segue.model.weights import LazyWeights, Weights

DECODER: Final = "params/soundstream/"
ENCODER: Final = "params/encoder/"
# Beside the decoder, a checkpoint holds the language model, and may hold the encoder, whose own file is read instead.
_BESIDE_DECODER: Final = ("params/depthformer/", f"{DECODER}encoder/")


def read_decoder(path: Path, config: SpectroStreamConfig) -> Weights:
    """Return quantiser and decoder from a model's checkpoint, in the types they are stored in.

    Raises:
        CheckpointError: Naming every tensor that is missing, extra, misshapen, of a wrong type or not finite.
    """
    return read_part(path, config.name, DECODER, decoder_shapes(config), _BESIDE_DECODER)


def lazy_decoder(path: Path, config: SpectroStreamConfig) -> LazyWeights:
    """Return quantiser and decoder, each tensor read when it is used. Raises: CheckpointError, as `lazy_part`."""
    return lazy_part(path, config.name, DECODER, decoder_shapes(config), _BESIDE_DECODER)


def check_decoder(path: Path, config: SpectroStreamConfig) -> None:
    """Check the part of quantiser and decoder of a model's checkpoint. Raises: CheckpointError, as `check_part`."""
    check_part(path, config.name, DECODER, decoder_shapes(config), _BESIDE_DECODER)


def read_encoder(path: Path, config: SpectroStreamConfig) -> Weights:
    """Return the encoder from its file, in the types they are stored in.

    Raises:
        CheckpointError: As read_decoder.
    """
    return read_part(path, f"{config.name} encoder", ENCODER, encoder_shapes(config), ())


def write_decoder(path: Path, weights: Mapping[str, ArrayLike]) -> None:
    """Write quantiser and decoder as in a released checkpoint."""
    save_file({DECODER + name: np.asarray(value) for name, value in weights.items()}, path)


def write_encoder(path: Path, weights: Mapping[str, ArrayLike]) -> None:
    """Write an encoder as in its released file."""
    save_file({ENCODER + name: np.asarray(value) for name, value in weights.items()}, path)
