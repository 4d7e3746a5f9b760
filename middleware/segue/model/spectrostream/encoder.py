"""SpectroStream's encoder: spectra to one embedding a frame.

B batch, C channels, T frames, R rows (T * rows of a frame), F bins, D embedding width.
Source: SpectroStream (Li et al. 2025), section 3; sizes of magenta-rt 2.0.3.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from segue.model.spectrostream.config import SpectroStreamConfig
from segue.model.spectrostream.kernels import PlainKernel
from segue.model.spectrostream.layers import Conv, Dense, Downsampling, Rows, average, elu
from segue.model.weights import Weights


class DownBlock(NamedTuple):
    """Residual block: ELU, 3x3, ELU, strided convolution; beside it means, and a projection where the width changes."""

    conv: Conv
    down: Downsampling
    shortcut: Dense | None


class Encoder(NamedTuple):
    """The layers of the encoder, in the order in which they compute."""

    first: Conv
    blocks: tuple[DownBlock, ...]
    bottleneck: tuple[Conv, Conv]
    last: Dense
    last_hidden: Dense
    last_shortcut: Dense


class EncoderPast(NamedTuple):
    """What each layer keeps, in the order of Encoder."""

    first: Rows
    blocks: tuple[tuple[Rows, Rows], ...]
    bottleneck: tuple[Rows, Rows]


def encoder(weights: Weights, config: SpectroStreamConfig) -> Encoder:
    """Return stored weights as the layers compute with them."""

    def parts(path: str) -> tuple[Array, Array]:
        kernel, bias = weights[f"{path}/conv/kernel"], weights[f"{path}/conv/bias"]
        return jnp.asarray(kernel, jnp.float32), jnp.asarray(bias, jnp.float32)

    def conv(path: str) -> Conv:
        kernel, bias = parts(path)
        return Conv(PlainKernel(kernel), bias)

    def down(path: str) -> Downsampling:
        kernel, bias = parts(path)
        return Downsampling(PlainKernel(kernel), bias)

    def dense(path: str) -> Dense:
        kernel, bias = parts(path)
        return Dense(kernel[0, 0].T, bias)

    blocks = []
    for block in config.encoder_blocks:
        rows, bins = block.kernel
        blocks.append(
            DownBlock(
                conv=conv(f"{block.name}/conv2d_3x3"),
                down=down(f"{block.name}/conv2d_{rows}x{bins}_a"),
                shortcut=dense(f"{block.name}/shortcut_layer/conv1x1") if block.projects else None,
            )
        )
    return Encoder(
        first=conv("base_conv_first"),
        blocks=tuple(blocks),
        bottleneck=(conv("bottleneck/conv2d_3x3"), conv("bottleneck/conv2d_3x3_a")),
        last=dense("output_convs/conv1x1_last"),
        last_hidden=dense("output_convs/shortcut_layer/conv1x1_b1"),
        last_shortcut=dense("output_convs/shortcut_layer/conv1x1_b2"),
    )


def start_encoder(layers: Encoder, config: SpectroStreamConfig, batch: int) -> EncoderPast:
    """Return what the layers keep before the first row: silence."""
    parts, bins = batch * config.channels, config.hop
    first, blocks = layers.first.silence(parts, bins), []
    for index, (block, sizes) in enumerate(zip(layers.blocks, config.encoder_blocks, strict=True)):
        if index == len(layers.blocks) - 1:
            parts = batch
        blocks.append((block.conv.silence(parts, bins), block.down.silence(parts, bins, sizes.strides)))
        bins //= sizes.strides[1]
    one, two = layers.bottleneck
    return EncoderPast(first, tuple(blocks), (one.silence(batch, bins), two.silence(batch, bins)))


def encode(
    layers: Encoder, config: SpectroStreamConfig, rows: Float[Array, "B*C R F 2"], past: EncoderPast
) -> tuple[Float[Array, "B T D"], EncoderPast]:
    """Return (embeddings, what to keep).

    Args:
        rows: Of whole frames.
    """
    x, first = layers.first(rows, past.first)
    kept = []
    for index, (block, sizes) in enumerate(zip(layers.blocks, config.encoder_blocks, strict=True)):
        if index == len(layers.blocks) - 1:
            x = _joined(x, config.channels)
        y, one = block.conv(elu(x), past.blocks[index][0])
        y, two = block.down(elu(y), past.blocks[index][1], sizes.strides)
        beside = average(x, sizes.strides)
        x = y + (beside if block.shortcut is None else block.shortcut(beside))
        kept.append((one, two))
    y, one = layers.bottleneck[0](elu(x), past.bottleneck[0])
    y, two = layers.bottleneck[1](elu(y), past.bottleneck[1])
    flat = (x + y).reshape(*x.shape[:2], -1)
    embeddings = layers.last(flat) + layers.last_shortcut(elu(layers.last_hidden(elu(flat))))
    return embeddings, EncoderPast(first, tuple(kept), (one, two))


def _joined(x: Float[Array, "B*C R F D"], channels: int) -> Float[Array, "B R F C*D"]:
    parts, rows, bins, width = x.shape
    apart = x.reshape(parts // channels, channels, rows, bins, width)
    return apart.transpose(0, 2, 3, 1, 4).reshape(parts // channels, rows, bins, channels * width)
