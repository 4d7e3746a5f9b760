"""The codec's weights as they are stored: names and shapes, as in the released files, and random ones for tests.

A released checkpoint holds quantiser and decoder below "params/soundstream/"; the encoder is a file of its own, with
its tensors below "params/encoder/".
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from segue.model.spectrostream.config import Size, SpectroStreamConfig
from segue.model.weights import LazyWeights, Shape, uniform_noise

CODEBOOKS = "quantizer/embedding"


def _convolution(path: str, taps: Size, inputs: int, outputs: int) -> Iterator[tuple[str, Shape]]:
    yield f"{path}/conv/kernel", (*taps, inputs, outputs)
    yield f"{path}/conv/bias", (outputs,)


def encoder_shapes(config: SpectroStreamConfig) -> dict[str, Shape]:
    """Return every stored tensor of the encoder, by name."""
    found: dict[str, Shape] = {}
    outer = (config.outer_taps, config.outer_taps)
    found.update(_convolution("base_conv_first", outer, 2, config.encoder_width))
    for block in config.encoder_blocks:
        rows, bins = block.kernel
        found.update(_convolution(f"{block.name}/conv2d_3x3", (3, 3), block.inputs, block.inputs))
        found.update(_convolution(f"{block.name}/conv2d_{rows}x{bins}_a", block.kernel, block.inputs, block.outputs))
        if block.projects:
            path = f"{block.name}/shortcut_layer/conv1x1"
            found.update(_convolution(path, (1, 1), block.inputs, block.outputs))
    top = config.encoder_top
    for name in ("conv2d_3x3", "conv2d_3x3_a"):
        found.update(_convolution(f"bottleneck/{name}", (3, 3), top, top))
    flat, width = config.bands * top, config.embedding_width
    found.update(_convolution("output_convs/conv1x1_last", (1, 1), flat, width))
    found.update(_convolution("output_convs/shortcut_layer/conv1x1_b1", (1, 1), flat, flat))
    found.update(_convolution("output_convs/shortcut_layer/conv1x1_b2", (1, 1), flat, width))
    return found


def decoder_shapes(config: SpectroStreamConfig) -> dict[str, Shape]:
    """Return every stored tensor of quantiser and decoder, by name."""
    found: dict[str, Shape] = {CODEBOOKS: (config.num_codebooks, config.cardinality, config.embedding_width)}
    top = config.decoder_top
    flat, width = config.bands * top, config.embedding_width
    found.update(_convolution("decoder/input_layer/conv1x1_first", (1, 1), width, flat))
    found.update(_convolution("decoder/input_layer/shortcut_layer/conv1x1_b1", (1, 1), width, flat))
    found.update(_convolution("decoder/input_layer/shortcut_layer/conv1x1_b2", (1, 1), flat, flat))
    for name in ("conv2d_3x3_a", "conv2d_3x3"):
        found.update(_convolution(f"decoder/input_layers_residual_unit/{name}", (3, 3), top, top))
    for block in config.decoder_blocks:
        (rows, bins), path = block.kernel, f"decoder/{block.name}"
        found.update(_convolution(f"{path}/conv2dtranspose_{rows}x{bins}", block.kernel, block.inputs, block.outputs))
        found.update(_convolution(f"{path}/conv2d_3x3", (3, 3), block.outputs, block.outputs))
        if block.projects:
            found.update(_convolution(f"{path}/shortcut_layer/conv1x1", (1, 1), block.inputs, block.outputs))
    outer = (config.outer_taps, config.outer_taps)
    found.update(_convolution("decoder/output_layer/base_conv_last", outer, config.decoder_width, 2))
    return found


def _random(shapes: dict[str, Shape], seed: int) -> LazyWeights:
    def made(name: str) -> NDArray[np.float32]:
        deviation = 0.1 if name.endswith("bias") else 1 / math.sqrt(math.prod(shapes[name][:-1]))
        if name == CODEBOOKS:
            deviation = 1.0
        return uniform_noise(name, shapes[name], seed, mean=0.0, deviation=deviation)

    return LazyWeights(shapes, made)


def random_encoder(config: SpectroStreamConfig, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return encoder weights for tests, no two parts alike; kernels keep the level of what they filter."""
    return dict(_random(encoder_shapes(config), seed))


def lazy_random_decoder(config: SpectroStreamConfig, seed: int) -> LazyWeights:
    """Return quantiser and decoder weights for tests, no two parts alike, each made when it is used."""
    return _random(decoder_shapes(config), seed)


def random_decoder(config: SpectroStreamConfig, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return quantiser and decoder weights for tests, no two parts alike."""
    return dict(lazy_random_decoder(config, seed))
