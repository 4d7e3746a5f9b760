"""SpectroStream's decoder: one embedding a frame to spectra, causal but for its lookahead.

B batch, C channels, T frames, R rows (T * rows of a frame), F bins, D embedding width.
Source: SpectroStream (Li et al. 2025), section 3; sizes of magenta-rt 2.0.3.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from segue.model.spectrostream.config import Size, SpectroStreamConfig
from segue.model.spectrostream.kernels import PlainKernel, fast_kernel
from segue.model.spectrostream.layers import Conv, Dense, Rows, Upsampling, elu, phases, repeat, waveform
from segue.model.weights import Weights


class UpBlock(NamedTuple):
    """Residual block: ELU, transposed convolution, ELU, 3x3; beside it the input repeated, projected where the width
    changes.
    """

    up: Upsampling
    conv: Conv
    shortcut: Dense | None


class Decoder(NamedTuple):
    """The layers of the decoder, in the order in which they compute."""

    first: Dense
    first_hidden: Dense
    first_shortcut: Dense
    entry: tuple[Conv, Conv]
    blocks: tuple[UpBlock, ...]
    last: Conv


class DecoderState(NamedTuple):
    """What each layer keeps, in the order of Decoder.

    Every leaf has its rows of a batch on the first axis, as many as its layer treats for one row of the batch: one, or
    one a channel.

    Attributes:
        seen: Frames decoded so far, at most the lookahead.
        overlap: What the last window adds to the next samples.
    """

    seen: Int[Array, " B"]
    entry: tuple[Rows, Rows]
    blocks: tuple[tuple[Rows, Rows], ...]
    last: Rows
    overlap: Float[Array, "B*C S"]


def decoder(weights: Weights, config: SpectroStreamConfig) -> Decoder:
    """Return stored weights as the layers compute with them."""

    def parts(path: str) -> tuple[Array, Array]:
        kernel, bias = weights[f"decoder/{path}/conv/kernel"], weights[f"decoder/{path}/conv/bias"]
        return jnp.asarray(kernel, jnp.float32), jnp.asarray(bias, jnp.float32)

    def dense(path: str) -> Dense:
        kernel, bias = parts(path)
        return Dense(kernel[0, 0].T, bias)

    def conv(path: str, rows: int) -> Conv:
        kernel, bias = parts(path)
        return Conv(fast_kernel(kernel, rows), bias)

    def up(path: str, rows: int, strides: Size) -> Upsampling:
        kernel, bias = parts(path)
        return Upsampling(fast_kernel(phases(kernel, strides), rows), bias)

    blocks, rows = [], 1
    for block in config.decoder_blocks:
        high, wide = block.kernel
        own = up(f"{block.name}/conv2dtranspose_{high}x{wide}", rows, block.strides)
        rows *= block.strides[0]
        blocks.append(
            UpBlock(
                up=own,
                conv=conv(f"{block.name}/conv2d_3x3", rows),
                shortcut=dense(f"{block.name}/shortcut_layer/conv1x1") if block.projects else None,
            )
        )
    last, bias = parts("output_layer/base_conv_last")
    return Decoder(
        first=dense("input_layer/conv1x1_first"),
        first_hidden=dense("input_layer/shortcut_layer/conv1x1_b1"),
        first_shortcut=dense("input_layer/shortcut_layer/conv1x1_b2"),
        entry=(conv("input_layers_residual_unit/conv2d_3x3_a", 1), conv("input_layers_residual_unit/conv2d_3x3", 1)),
        blocks=tuple(blocks),
        last=Conv(PlainKernel(last), bias),
    )


def start_decoder(layers: Decoder, config: SpectroStreamConfig, batch: int) -> DecoderState:
    """Return the state before the first frame: silence."""
    parts, bins = batch, config.bands
    entry = (layers.entry[0].silence(parts, bins), layers.entry[1].silence(parts, bins))
    blocks = []
    for index, (block, sizes) in enumerate(zip(layers.blocks, config.decoder_blocks, strict=True)):
        if index == 1:
            parts = batch * config.channels
        up = block.up.silence(parts, bins)
        bins *= sizes.strides[1]
        blocks.append((up, block.conv.silence(parts, bins)))
    return DecoderState(
        seen=jnp.zeros(batch, jnp.int32),
        entry=entry,
        blocks=tuple(blocks),
        last=layers.last.silence(parts, bins),
        overlap=jnp.zeros((parts, config.hop)),
    )


def decode(
    layers: Decoder, config: SpectroStreamConfig, embeddings: Float[Array, "B T D"], state: DecoderState
) -> tuple[Float[Array, "B S C"], DecoderState]:
    """Return (T * frame_size samples, the state after them). Sound lags by the lookahead, which is silent at first."""
    rows, state = _features(layers, config, embeddings, state)
    # The rows before the first frame's are not sound: the lookahead's, which a decoder of whole pieces cuts off.
    index = jnp.arange(rows.shape[1]) + config.rows * jnp.repeat(state.seen, config.channels)[:, None]
    heard = index >= config.rows * config.lookahead
    samples, overlap = waveform(jnp.where(heard[..., None, None], rows, 0.0), state.overlap, config.channels)
    seen = jnp.minimum(state.seen + embeddings.shape[1], config.lookahead)
    return samples, state._replace(seen=seen, overlap=overlap)


def _features(
    layers: Decoder, config: SpectroStreamConfig, embeddings: Float[Array, "B T D"], state: DecoderState
) -> tuple[Float[Array, "B*C R F 2"], DecoderState]:
    """Return (spectra, the state with what the convolutions keep)."""
    x = layers.first(embeddings) + layers.first_shortcut(elu(layers.first_hidden(embeddings)))
    x = x.reshape(*x.shape[:2], config.bands, -1)
    y, one = layers.entry[0](elu(x), state.entry[0])
    y, two = layers.entry[1](elu(y), state.entry[1])
    x, entry, kept = x + y, (one, two), []
    for index, (block, sizes) in enumerate(zip(layers.blocks, config.decoder_blocks, strict=True)):
        if index == 1:
            x = _apart(x, config.channels)
        y, one = block.up(elu(x), state.blocks[index][0], sizes.strides)
        y, two = block.conv(elu(y), state.blocks[index][1])
        x = y + repeat(x if block.shortcut is None else block.shortcut(x), sizes.strides)
        kept.append((one, two))
    rows, last = layers.last(elu(x), state.last)
    return rows, state._replace(entry=entry, blocks=tuple(kept), last=last)


def _apart(x: Float[Array, "B R F C*D"], channels: int) -> Float[Array, "B*C R F D"]:
    batch, rows, bins, width = x.shape
    apart = x.reshape(batch, rows, bins, channels, width // channels)
    return apart.transpose(0, 3, 1, 2, 4).reshape(batch * channels, rows, bins, width // channels)
