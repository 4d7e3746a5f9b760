"""Magenta RealTime 1 put together: from made-up weights, or from Google's files.

The language model is Google's first release; SpectroStream and MusicCoCa are read from the files of the second.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.contract import Samples
from segue.model.mrt1 import checkpoint
from segue.model.mrt1.config import MRT1_CONFIGS, EncoderDecoder
from segue.model.mrt1.generator import mrt1_engine, mrt1_generator
from segue.model.mrt1.weights import lazy_random_weights
from segue.model.mrt2 import Quantiser
from segue.model.parts import (
    MADE_UP_SEED,
    NOISE,
    NoiseEncoder,
    PlayableModel,
    chosen_library,
    keep_compiled_code,
    streaming_codec,
)
from segue.model.spectrostream.checkpoint import lazy_decoder, read_encoder
from segue.model.spectrostream.config import SPECTROSTREAM, SpectroStreamConfig
from segue.model.spectrostream.weights import lazy_random_decoder, random_encoder
from segue.model.weights import uniform_noise
from segue.model_files import CODEC_FILE, ENCODER_FILE, MODELS, STYLE_FOLDER, models_folder
from segue.style.musiccoca import DIMENSION, MusicCoCa, load_musiccoca

_CODEBOOK_DEVIATION: Final = DIMENSION**-0.5


def made_up_quantiser(config: EncoderDecoder, width: int) -> Quantiser:
    """Return a residual quantiser of embeddings [D] whose vectors are made up."""
    shape = (config.style_levels, config.style_cardinality, width)
    codebooks = uniform_noise("quantiser", shape, MADE_UP_SEED, mean=0.0, deviation=_CODEBOOK_DEVIATION)

    def quantise(embedding: NDArray[np.float32]) -> NDArray[np.int32]:
        left, tokens = embedding, []
        for level in codebooks:
            tokens.append(int(np.argmin(np.square(level - left).sum(axis=1))))
            left = left - level[tokens[-1]]
        return np.array(tokens, np.int32)

    return quantise


def noise_model(
    name: str, *, codec: SpectroStreamConfig = SPECTROSTREAM, recording: Samples | None = None
) -> PlayableModel:
    """Return a model whose weights are made up, for trying its speed and its path. Its name says that it is noise.

    Args:
        name: Of MRT1_CONFIGS.
        codec: The sizes of its codec.
        recording: As in `mrt1_generator`.

    Raises:
        ValueError: The recording is shorter than a frame.
    """
    keep_compiled_code()
    config, library = MRT1_CONFIGS[name], chosen_library(name)
    engine = mrt1_engine(config, lazy_random_weights(config, MADE_UP_SEED), library)
    sound_encoder = None if recording is None else random_encoder(codec, MADE_UP_SEED)
    decoder = streaming_codec(config, codec, lazy_random_decoder(codec, MADE_UP_SEED), sound_encoder, library)
    encoder = NoiseEncoder(DIMENSION)
    generator = mrt1_generator(
        engine,
        decoder,
        encoder=encoder.name,
        quantise=made_up_quantiser(config, DIMENSION),
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
        name: Of MRT1_CONFIGS.
        weights: Its checkpoint: T5X's, as an archive or a folder, or a converted one; None for the one in the models'
            folder.
        codec: The sizes of its codec.
        style: Its style encoder; None for the one in the models' folder.
        recording: As in `mrt1_generator`.

    Raises:
        CheckpointError: A file is not what it should be, or damaged.
        ValueError: The recording is shorter than a frame.
        GeneratorError: A file of the style encoder cannot be used.
    """
    keep_compiled_code()
    folder = models_folder()
    config, library = MRT1_CONFIGS[name], chosen_library(name)
    encoder = load_musiccoca(folder / STYLE_FOLDER) if style is None else style
    language_model = checkpoint.lazy(folder / MODELS[name][0].path if weights is None else weights, config)
    sound_encoder = None if recording is None else read_encoder(folder / ENCODER_FILE.path, codec)
    decoder = lazy_decoder(folder / CODEC_FILE.path, codec)
    generator = mrt1_generator(
        mrt1_engine(config, language_model, library),
        streaming_codec(config, codec, decoder, sound_encoder, library),
        encoder=encoder.name,
        quantise=encoder.quantise,
        recording=recording,
    )
    return PlayableModel(encoder, generator)
