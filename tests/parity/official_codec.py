"""The reference of the codec: Google's SpectroStream (magenta-rt 2.0.3), built at any size, with weights from a file.

It runs only in the environment of requirements.txt.
"""

from __future__ import annotations

from pathlib import Path

import flax.traverse_util
import jax
import jax.numpy as jnp
import magenta_rt  # noqa: F401  (makes its copy of sequence_layers importable)
import numpy as np
import safetensors.flax
import sequence_layers.jax as sl
from magenta_rt.jax import spectrostream
from numpy.typing import NDArray

from segue.model.spectrostream.config import SpectroStreamConfig

Floats = NDArray[np.float32]


def _config(config: SpectroStreamConfig) -> spectrostream.SpectroStream.Config:
    return spectrostream.SpectroStream.Config(
        audio_sample_rate=48_000.0,
        stft_frame_length=2 * config.hop,
        stft_frame_step=config.hop,
        stft_fft_length=2 * config.hop,
        ratios=config.strides,
        mults=config.multipliers,
        dilations=None,
        is_resnet=True,
        activation=sl.Elu.Config(),
        causal=True,
        num_bins=config.hop,
        num_channels=2 * config.channels,
        channel_splits=config.channels,
        channel_recombo_block=-2,
        num_features=config.embedding_width,
        encoder_base_conv_depth=config.encoder_width,
        encoder_base_conv_size=config.outer_taps,
        encoder_lookahead=0,
        decoder_base_conv_depth=config.decoder_width,
        decoder_base_conv_size=config.outer_taps,
        decoder_lookahead=config.lookahead,
        quantizer=spectrostream.ResidualVectorQuantizer.Config(
            num_quantizers=config.num_codebooks,
            num_embeddings=config.cardinality,
            embedding_dim=config.embedding_width,
            use_unique_codes=False,
            beta=1.0,
            dynamic_masking=True,
            target_num_quantizers=(config.num_codebooks,),
            full_quantizer_dropout_rate=0.5,
            full_quantizer_commitment=False,
        ),
    )


def _tree(path: Path, prefix: str) -> dict:
    flat = safetensors.flax.load_file(str(path))
    names = {name.removeprefix(prefix): value for name, value in flat.items() if name.startswith(prefix)}
    return flax.traverse_util.unflatten_dict({tuple(name.split("/")): value for name, value in names.items()})


class OfficialCodec:
    """Google's codec with weights from files in the released layout: a checkpoint, and the encoder's."""

    def __init__(self, config: SpectroStreamConfig, checkpoint: Path, encoder: Path) -> None:
        self.config = config
        tree = _tree(checkpoint, "params/soundstream/") | {"encoder": _tree(encoder, "params/encoder/")}
        self.params = {"params": tree}
        self.module = _config(config).make()
        self._step = jax.jit(self._one_step)

    def _apply(self, values: jax.Array, method) -> Floats:
        def call(params, values):
            return self.module.apply(params, sl.Sequence.from_values(values), method=method).values

        return np.asarray(jax.jit(call)(self.params, values[None]))[0]

    def embeddings(self, samples: Floats) -> Floats:
        """Return embeddings [T, D] of sound [S, C], in one piece."""
        return self._apply(samples, lambda module, x: module.waveform_to_embeddings(x, training=False))

    def quantised(self, embeddings: Floats) -> NDArray[np.int32]:
        """Return the codes [T, K] of embeddings [T, D], all levels."""
        return self._apply(embeddings, lambda module, x: module.quantizer.embeddings_to_codes(x))

    def dequantised(self, codes: NDArray[np.int32]) -> Floats:
        """Return the embeddings [T, D] of codes [T, K]."""
        return self._apply(codes, lambda module, x: module.quantizer.codes_to_embeddings(x))

    def codes(self, samples: Floats) -> NDArray[np.int32]:
        """Return the codes [T, K] of sound [S, C], in one piece, all levels."""
        return self._apply(samples, lambda module, x: module.waveform_to_codes(x, training=False))

    def waveform(self, embeddings: Floats) -> Floats:
        """Return the sound [S - lookahead, C] of embeddings [T, D], in one piece."""
        return self._apply(embeddings, lambda module, x: module.embeddings_to_waveform(x, training=False))

    def start(self):
        """Return the state of the streaming decoder."""

        def initial(module):
            spec = jax.ShapeDtypeStruct((self.config.embedding_width,), jnp.float32)
            return module.get_embeddings_to_waveform_layer().get_initial_state(1, spec, training=False)

        return self.module.apply(self.params, method=initial)

    def _one_step(self, params, embeddings, state):
        def step(module, x, state):
            return module.get_embeddings_to_waveform_layer().step(x, state, training=False)

        y, state = self.module.apply(params, sl.Sequence.from_values(embeddings[None]), state, method=step)
        return y.mask_invalid().values[0], state

    def step(self, embeddings: Floats, state):
        """Return (samples of one or more frames' embeddings [T, D], the state after them)."""
        return self._step(self.params, embeddings, state)

    def streamed(self, embeddings: Floats) -> Floats:
        """Return the sound [S, C] of embeddings [T, D], frame by frame."""
        state, samples = self.start(), []
        for frame in embeddings:
            made, state = self.step(frame[None], state)
            samples.append(np.asarray(made))
        return np.concatenate(samples)
