"""Magenta RealTime 2 put together: from made-up weights, or from Google's files."""

from __future__ import annotations

from pathlib import Path

from segue.contract import Samples
from segue.model import checkpoint
from segue.model.conditioning import TokenEncoder
from segue.model.config import CONFIGS, TokenConditioning
from segue.model.mrt2 import mrt2_engine, mrt2_generator, nearest_tokens
from segue.model.parts import (
    MADE_UP_SEED,
    NOISE,
    NoiseEncoder,
    PlayableModel,
    chosen_library,
    keep_compiled_code,
    streaming_codec,
)
from segue.model.spectrostream.checkpoint import check_decoder, lazy_decoder, read_encoder
from segue.model.spectrostream.config import SPECTROSTREAM, SpectroStreamConfig
from segue.model.spectrostream.weights import lazy_random_decoder, random_encoder
from segue.model.weights import lazy_random_weights
from segue.model_files import ENCODER_FILE, MODELS, STYLE_FOLDER, models_folder
from segue.style.musiccoca import MusicCoCa, load_musiccoca


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
    library = chosen_library(name)
    engine = mrt2_engine(config, lazy_random_weights(config, MADE_UP_SEED), library)
    sound_encoder = None if recording is None else random_encoder(codec, MADE_UP_SEED)
    decoder = streaming_codec(config, codec, lazy_random_decoder(codec, MADE_UP_SEED), sound_encoder, library)
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
    library = chosen_library(name)
    generator = mrt2_generator(
        mrt2_engine(config, language_model, library),
        streaming_codec(config, codec, decoder, sound_encoder, library),
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
