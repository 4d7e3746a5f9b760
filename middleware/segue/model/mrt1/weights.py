"""The weights of Magenta RealTime 1 as they are stored: names and shapes of the released T5X checkpoints.

Source: flaxformer at 399ea3a with magenta-rt 0.3.0's `DepthformerDecoder`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.model.config import Stack
from segue.model.mrt1.config import EncoderDecoder
from segue.model.weights import LazyWeights, Shape, uniform_noise

EMBEDDING: Final = "token_embedder/embedding"
ENCODER: Final = "encoder/layers_"
ENCODER_NORM: Final = "encoder/encoder_norm/scale"
TEMPORAL: Final = "decoder/decoder/temporal_decoder/layers_"
TEMPORAL_BIAS: Final = "decoder/decoder/temporal_decoder/relpos_bias/rel_embedding"
DEPTH: Final = "decoder/decoder/depth_decoder/depth_layers_"
DEPTH_BIAS: Final = "decoder/decoder/depth_decoder/relpos_bias_depth/rel_embedding"
DECODER_NORM: Final = "decoder/decoder_norm/scale"
LOGITS: Final = "decoder/logits_dense/kernel"


def _attention(path: str, stack: Stack) -> Iterator[tuple[str, Shape]]:
    inner = stack.heads * stack.head_width
    for role in ("query", "key", "value"):
        yield f"{path}/{role}/kernel", (stack.width, inner)
    yield f"{path}/out/kernel", (inner, stack.width)


def _layers(path: str, stack: Stack, own: str, *, cross: bool) -> Iterator[tuple[str, Shape]]:
    for index in range(stack.layers):
        at = f"{path}{index}"
        yield f"{at}/pre_{own}_layer_norm/scale", (stack.width,)
        yield from _attention(f"{at}/{own}", stack)
        if cross:
            yield f"{at}/pre_cross_attention_layer_norm/scale", (stack.width,)
            yield from _attention(f"{at}/encoder_decoder_attention", stack)
        yield f"{at}/pre_mlp_layer_norm/scale", (stack.width,)
        yield f"{at}/mlp/wi_0/kernel", (stack.width, stack.hidden)
        yield f"{at}/mlp/wi_1/kernel", (stack.width, stack.hidden)
        yield f"{at}/mlp/wo/kernel", (stack.hidden, stack.width)


def shapes(config: EncoderDecoder) -> dict[str, Shape]:
    """Return every stored tensor of a model, by name."""
    return {
        EMBEDDING: (config.rows, config.width),
        **dict(_layers(ENCODER, config.encoder, "attention", cross=False)),
        ENCODER_NORM: (config.width,),
        **dict(_layers(TEMPORAL, config.temporal, "self_attention", cross=True)),
        TEMPORAL_BIAS: (config.temporal.heads, config.temporal_buckets),
        **dict(_layers(DEPTH, config.depth, "self_attention", cross=False)),
        DEPTH_BIAS: (config.depth.heads, config.depth_buckets),
        DECODER_NORM: (config.width,),
        LOGITS: (config.width, config.rows),
    }


def count(config: EncoderDecoder) -> int:
    """Number of parameters."""
    return sum(math.prod(shape) for shape in shapes(config).values())


def lazy_random_weights(config: EncoderDecoder, seed: int) -> LazyWeights:
    """Return weights for tests, no two parts alike, each made when it is used."""
    named = shapes(config)

    def made(name: str) -> NDArray[np.float32]:
        shape = named[name]
        if name.endswith("/scale"):
            return uniform_noise(name, shape, seed, mean=1.0, deviation=0.2)
        # A query's scale is in its matrix.
        gain = config.encoder.head_width**-0.5 if "/query/" in name else 1.0
        deviation = gain / math.sqrt(shape[0]) if name.endswith("/kernel") else 1.0
        return uniform_noise(name, shape, seed, mean=0.0, deviation=deviation)

    return LazyWeights(named, made)


def random_weights(config: EncoderDecoder, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return weights for tests, no two parts alike."""
    return dict(lazy_random_weights(config, seed))
