"""The least time a frame can take on this machine, and made-up models to measure against it.

Bytes are divided by measured bandwidth, FLOPs by the measured rate. At batch one every weight is read once a pass and
used once, so bandwidth bounds; a pass is a frame for the temporal stack and a code for the depth stack, whose weights
no CPU cache of today keeps. Made-up weights are made on the device, in seconds at any size: speed does not depend on
their values.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from segue.model.conditioning import FeatureFrames, Frames, TokenFrames
from segue.model.config import END_OF_FRAME, NO_CODE, Depthformer, TokenConditioning
from segue.model.fused import Fused, fuse
from segue.model.state import state_bytes
from segue.model.weights import initial_weights

# Codes in the frames that `probe_codes` forces: half hold END_OF_FRAME alone, half one event and END_OF_FRAME.
EVENT_FRAME_CODES = 2.5


def probe_weights(config: Depthformer, dtype: jnp.dtype) -> Fused:
    """Return weights of the right shapes and sizes; every matrix its own memory, no two entries alike."""
    shape = jax.eval_shape(lambda key: fuse(initial_weights(config, key), config, dtype), jax.random.key(0))

    @jax.jit
    def made() -> Fused:
        leaves, tree = jax.tree.flatten(shape)
        filled = []
        for index, leaf in enumerate(leaves):
            if leaf.ndim == 1:
                filled.append(jnp.ones(leaf.shape, leaf.dtype))
                continue
            place = jnp.arange(leaf.size, dtype=jnp.uint32) * jnp.uint32(2_654_435_761) + jnp.uint32(index)
            spread = (place >> 8).astype(jnp.float32) / 2**24 - 0.5
            filled.append((spread * (3.0 / leaf.shape[-1]) ** 0.5).reshape(leaf.shape).astype(leaf.dtype))
        return jax.tree.unflatten(tree, filled)

    return jax.block_until_ready(made())


def probe_frames(config: Depthformer, batch: int, frames: int) -> Frames:
    """Return plain conditioning: one style, 4/4 at 120 bpm, nothing forbidden."""
    shape, conditioning = (batch, frames), config.conditioning
    ones, yes = jnp.ones(shape), jnp.ones(shape, bool)
    whole = jnp.ones(shape, jnp.int32)
    if isinstance(conditioning, TokenConditioning):
        return TokenFrames(
            style=jnp.ones((*shape, conditioning.style_width)),
            notes=jnp.full((*shape, conditioning.NOTES), -1),
            drums=-whole,
            scales=jnp.ones((*shape, 3), jnp.int32),
        )
    beat = jnp.broadcast_to(jnp.arange(frames) * 0.08 % 1.0, shape)
    return FeatureFrames(
        style=jnp.full((*shape, conditioning.style_width), conditioning.style_width**-0.5),
        style_given=yes,
        beat_phase=beat,
        bar_phase=beat / 4,
        log_tempo=0 * ones,
        clock_given=yes,
        meter=4 * whole,
        intensity=0.5 * ones,
        intensity_given=yes,
        mode=whole,
        drums=whole,
    )


def probe_codes(config: Depthformer, batch: int, frames: int) -> Int[Array, "B T K"]:
    """Return codes to force while measuring: for events, whose frames made-up weights would not end, as above."""
    codes = np.full((batch, frames, config.codes.steps), NO_CODE, np.int32)
    if config.codes.ends_early:
        codes[:, ::2, 0] = END_OF_FRAME
        codes[:, 1::2, : config.codes.num_codebooks] = 1
        codes[:, 1::2, config.codes.num_codebooks] = END_OF_FRAME
    return jnp.asarray(codes)


def best_seconds(call: Callable[[], object], repeats: int) -> float:
    """Return the shortest of `repeats` runs, the first (compilation) left out."""
    jax.block_until_ready(call())
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        jax.block_until_ready(call())
        found.append(time.perf_counter() - began)
    return min(found)


def _bandwidth(size: int, repeats: int = 5) -> float:
    """Return bytes a second read from a working set of `size` bytes, as 16 arrays summed in one compiled call."""
    parts = [jnp.full((max(1, size // 64 // 1024), 1024), 0.5, jnp.float32) for _ in range(16)]
    total = sum(part.nbytes for part in parts)
    calls = max(1, 2**28 // total)
    read = jax.jit(lambda arrays: sum(jnp.sum(array) for array in arrays))

    def several() -> list[Array]:
        return [read(parts) for _ in range(calls)]

    return total * calls / best_seconds(several, repeats)


def _matmul_rate(dtype: jnp.dtype, repeats: int = 5) -> float:
    """Return FLOPs a second of a large matrix product with float32 sums."""
    size = 1_536 if jax.default_backend() == "cpu" else 8_192
    a = jnp.full((size, size), 0.5, dtype)
    product = jax.jit(partial(jnp.matmul, preferred_element_type=jnp.float32))
    return 2.0 * size**3 / best_seconds(lambda: product(a, a), repeats)


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What this machine was measured to do.

    Attributes:
        bytes_per_s: From a working set no cache holds.
    """

    bytes_per_s: float
    flops_per_s: float

    def bytes_of(self, size: int) -> float:
        """Return bytes a second from a working set of `size`: caches may help small ones, and are measured to."""
        # An accelerator reads small sets in less time than a call takes to begin, which is no measure of it.
        cached = _bandwidth(size) if jax.default_backend() == "cpu" else 0.0
        return max(self.bytes_per_s, cached)


def measure_rates(dtype: jnp.dtype) -> Rates:
    """Measure this machine: bytes read from 1 GiB, and FLOPs in `dtype`."""
    return Rates(bytes_per_s=_bandwidth(2**30), flops_per_s=_matmul_rate(dtype))


@dataclass(frozen=True, kw_only=True)
class Work:
    """What one part does for one frame.

    Attributes:
        passes: How often its weights are read.
        weights: Bytes of one reading.
        other: Bytes that are read besides, once a frame and row.
        flops: For one row.
    """

    passes: float
    weights: int
    other: int
    flops: float

    def floor_ms(self, batch: int, bytes_per_s: float, flops_per_s: float) -> float:
        traffic = self.passes * self.weights + batch * self.other
        return 1e3 * max(traffic / bytes_per_s, batch * self.flops / flops_per_s)


def _bytes(tree: object) -> int:
    return sum(leaf.nbytes for leaf in jax.tree.leaves(tree))


def _matrix_flops(tree: object) -> float:
    return 2.0 * sum(int(leaf.size) for leaf in jax.tree.leaves(tree) if leaf.ndim == 2 or leaf.dtype == jnp.int8)


def work(fused: Fused, config: Depthformer, chunk: int) -> dict[str, Work]:
    """Return each part's work for a frame of a chunk of `chunk` frames: conditioning, temporal, depth.

    Cross-attention's keys and values are made once a chunk, so they count with the conditioning. Frames of events
    count the codes that `probe_codes` forces.
    """
    streams, codes = config.streams, EVENT_FRAME_CODES if config.codes.ends_early else config.codes.steps
    sources = [layer.cross_attention.key_value for layer in fused.temporal if layer.cross_attention]
    once = (sources, fused.encoder.style)
    temporal = _bytes(fused.temporal) - _bytes(sources)
    depth = _bytes(fused.depth) + _bytes(fused.logits) // config.codes.num_codebooks
    depth_flops = _matrix_flops(fused.depth) + _matrix_flops(fused.logits) / config.codes.num_codebooks
    return {
        "conditioning": Work(passes=1 / chunk, weights=_bytes(once), other=0, flops=streams * _matrix_flops(once)),
        "temporal": Work(
            passes=1,
            weights=temporal,
            other=state_bytes(config, fused.adapter.dtype),
            flops=streams * (_matrix_flops(fused.temporal) - _matrix_flops(sources)),
        ),
        "depth": Work(
            passes=codes,
            weights=depth,
            other=0,
            flops=streams * (codes * depth_flops + _matrix_flops(fused.adapter)),
        ),
    }
