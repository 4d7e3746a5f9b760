"""A model's weights as they are stored: names and shapes, as in the released checkpoints, and ways to fill them.

Stored weights are a flat mapping name -> array; `fused.py` turns them into what the layers compute with. Names are
those of the released files below "params/depthformer/"; the bundled model keeps the same names for what it shares.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import jax
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from segue.model.config import Depthformer, FeatureConditioning, Stack, TokenConditioning

Weights = dict[str, Array]
Shape = tuple[int, ...]


class LazyWeights(Mapping[str, NDArray[Any]]):
    """Stored weights that are read or made one by one, when they are used, and not kept."""

    def __init__(self, names: Iterable[str], read: Callable[[str], NDArray[Any]]) -> None:
        self._names = tuple(names)
        self._read = read

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._names:
            raise KeyError(name)
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


ENCODER = "encoder/body"
STYLE_TABLE = f"{ENCODER}/layers_1/branched_mulan_embedder/mulan_embedder/mulan_dequantizer/embedding"
STYLE_PROJECTION = f"{ENCODER}/layers_1/branched_mulan_embedder/mulan_embedder/depth_input_adapter/kernel"
CHANNEL_TABLE = f"{ENCODER}/layers_1/branched_regular_embedder/regular_embedder/embedding"
CODE_TABLE = "decoder/decoder_embedding/embedding/embedding"
TEMPORAL = "decoder/temporal_body/transformer"
DEPTH = "decoder/depth_body/transformer"
DEPTH_ADAPTER = "decoder/depth_body/depth_input_adapter/kernel"
FINAL_NORM = "decoder/depth_body/final_ln"
LOGITS = "decoder/depth_body/to_logits"


def _attention(path: str, stack: Stack, source_width: int, sinks: int) -> Iterator[tuple[str, Shape]]:
    heads = (stack.heads, stack.head_width)
    for role, width in (("query", stack.width), ("key", source_width), ("value", source_width)):
        yield f"{path}/attention/{role}_projection/kernel", (width, *heads)
    yield f"{path}/attention/per_dim_scale", (stack.head_width,)
    if sinks:
        yield f"{path}/attention/sink_key_embeddings", (sinks, *heads)
        yield f"{path}/attention/sink_value_embeddings", (sinks, *heads)
    yield f"{path}/output_projection/kernel", (stack.width, *heads)
    yield from _norms(path, stack)


def _norms(path: str, stack: Stack) -> Iterator[tuple[str, Shape]]:
    yield f"{path}/pre_norm/scale", (stack.width,)
    yield f"{path}/post_norm/scale", (stack.width,)


def _stack(path: str, stack: Stack, sinks: int, source_width: int | None) -> Iterator[tuple[str, Shape]]:
    for index in range(stack.layers):
        layer = f"{path}/x_layers_{index}"
        yield from _attention(f"{layer}/self_attention", stack, stack.width, sinks)
        if source_width is not None:
            yield from _attention(f"{layer}/cross_attention", stack, source_width, sinks)
        yield f"{layer}/ffn/ffn_layer1/kernel", (stack.width, stack.hidden)
        yield f"{layer}/ffn/ffn_layer1/bias", (stack.hidden,)
        yield f"{layer}/ffn/ffn_layer2/kernel", (stack.hidden, stack.width)
        yield f"{layer}/ffn/ffn_layer2/bias", (stack.width,)
        yield from _norms(f"{layer}/ffn", stack)


def _token_encoder(conditioning: TokenConditioning, width: int) -> Iterator[tuple[str, Shape]]:
    rows = conditioning.style_levels * conditioning.style_rows_per_level
    yield STYLE_TABLE, (rows, conditioning.style_width)
    yield STYLE_PROJECTION, (conditioning.style_width, width)
    yield CHANNEL_TABLE, (conditioning.channel_rows, width)


def _feature_encoder(conditioning: FeatureConditioning, width: int, inner: int) -> Iterator[tuple[str, Shape]]:
    yield f"{ENCODER}/style/kernel", (conditioning.style_width, width)
    yield f"{ENCODER}/style/none", (width,)
    yield f"{ENCODER}/clock/kernel", (conditioning.clock_width, width)
    yield f"{ENCODER}/clock/none", (width,)
    yield f"{ENCODER}/intensity/kernel", (1, width)
    yield f"{ENCODER}/intensity/none", (width,)
    # Row 0 of each table stands for "not given".
    yield f"{ENCODER}/meter/embedding", (1 + conditioning.max_meter, width)
    yield f"{ENCODER}/mode/embedding", (1 + conditioning.modes, width)
    yield f"{ENCODER}/drums/embedding", (3, width)
    yield f"{ENCODER}/input/kernel", (width, inner)


def shapes(config: Depthformer) -> dict[str, Shape]:
    """Return every stored tensor of a model, by name."""
    found: dict[str, Shape] = {}
    width, temporal, depth = config.encoder_width, config.temporal, config.depth
    if isinstance(config.conditioning, TokenConditioning):
        found.update(_token_encoder(config.conditioning, width))
    else:
        found.update(_feature_encoder(config.conditioning, width, temporal.width))
    found[f"{ENCODER}/encoder_ln/scale"] = found[f"{ENCODER}/encoder_ln/bias"] = (width,)
    found[CODE_TABLE] = (config.codes.vocabulary, temporal.width)
    if config.codes.ends_early:
        found["decoder/event/kernel"] = (temporal.width, temporal.width)
    found.update(_stack(TEMPORAL, temporal, config.sinks, width if config.cross_attention else None))
    if temporal.width != depth.width:
        found[DEPTH_ADAPTER] = (temporal.width, depth.width)
    found.update(_stack(DEPTH, depth, 0, None))
    found[f"{FINAL_NORM}/scale"] = found[f"{FINAL_NORM}/bias"] = (depth.width,)
    found[f"{LOGITS}/kernel"] = (depth.width, config.codes.vocabulary)
    found[f"{LOGITS}/bias"] = (config.codes.vocabulary,)
    return found


def count(config: Depthformer) -> int:
    """Number of parameters."""
    return sum(math.prod(shape) for shape in shapes(config).values())


def _fan_in(name: str, shape: Shape) -> int:
    """Return how many inputs one output of a kernel sums. An output projection is stored [out, heads, width]."""
    return math.prod(shape[1:]) if "output_projection" in name else shape[0]


def _moments(name: str, shape: Shape, spread: float) -> tuple[float, float]:
    """Return the mean and standard deviation a tensor begins with;

    Args:
        spread: That of norms, biases and the like.
    """
    leaf = name.rsplit("/", 1)[-1]
    if leaf == "scale":
        return 1.0, spread
    if leaf in ("bias", "per_dim_scale", "none"):
        return 0.0, spread
    return 0.0, 1 / math.sqrt(_fan_in(name, shape) if leaf == "kernel" else shape[-1])


def initial_weights(config: Depthformer, key: Array) -> Weights:
    """Return weights to train from: kernels with variance 1/fan-in, norms 1, biases 0."""
    named = shapes(config)
    keys = jax.random.split(key, len(named))
    weights = {}
    for (name, shape), own_key in zip(named.items(), keys, strict=True):
        mean, deviation = _moments(name, shape, 0.0)
        weights[name] = mean + deviation * jax.random.normal(own_key, shape)
    return weights


def uniform_noise(name: str, shape: Shape, seed: int, *, mean: float, deviation: float) -> NDArray[np.float32]:
    """Return a tensor that follows from its name and `seed` alone, whatever is drawn before it.

    Uniform noise, which every NumPy draws alike.
    """
    uniform = np.random.default_rng([seed, zlib.crc32(name.encode())]).random(shape, dtype=np.float32)
    return np.float32(mean) + np.float32(deviation * math.sqrt(12.0)) * (uniform - np.float32(0.5))


def lazy_random_weights(config: Depthformer, seed: int) -> LazyWeights:
    """Return weights for tests, no two parts alike, each made when it is used."""
    named = shapes(config)

    def made(name: str) -> NDArray[np.float32]:
        mean, deviation = _moments(name, named[name], 0.2)
        return uniform_noise(name, named[name], seed, mean=mean, deviation=deviation)

    return LazyWeights(named, made)


def random_weights(config: Depthformer, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return weights for tests, no two parts alike."""
    return dict(lazy_random_weights(config, seed))
