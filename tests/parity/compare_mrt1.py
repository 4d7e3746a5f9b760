"""Compares Magenta RealTime 1 with Google's code at other sizes and seeds, and T5X's files as TensorStore writes them.

Needs the checkouts that official_mrt1.py names. Google's code runs in float32; the released one computes in bfloat16.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import tensorstore
from official_mrt1 import OfficialMrt1

from segue.model.config import NO_CODE, Codes
from segue.model.mrt1 import checkpoint
from segue.model.mrt1.config import MRT1_BASE, MRT1_LARGE, MRT1_TINY, EncoderDecoder
from segue.model.mrt1.fused import fuse
from segue.model.mrt1.generation import Controls, Place, generate, open_chunk
from segue.model.mrt1.tokens import encoder_tokens
from segue.model.mrt1.weights import random_weights, shapes

GUIDANCE = 5.0
# Of the largest logit; rounding differs by 1e-6 of it.
TOLERANCE = 2e-5
# A chunk longer than half the buckets of distances, in which the others are shared; other levels, heads and widths.
WIDER = replace(
    MRT1_TINY,
    name="mrt1_wider",
    codes=Codes(cardinalities=(32,) * 6, reserved=2),
    encoder=replace(MRT1_TINY.encoder, width=64, heads=5, head_width=12, layers=3),
    temporal=replace(MRT1_TINY.temporal, width=64, heads=4, head_width=16),
    depth=replace(MRT1_TINY.depth, width=64, heads=2, head_width=24),
    rows=384,
    context_frames=31,
    context_levels=4,
    chunk_frames=24,
    depth_buckets=6,
)


def compare(config: EncoderDecoder, seed: int) -> None:
    """Compare one chunk of random context. Raises: AssertionError."""
    rng = np.random.default_rng(seed)
    weights = random_weights(config, seed)
    official = OfficialMrt1(config, weights)
    assert official.names() == shapes(config), "names and shapes differ"
    size = config.codes.cardinalities[0]
    context = rng.integers(-1, size, (config.context_frames, 1)) * np.ones((1, config.codes.steps), int)
    style = rng.integers(0, config.style_cardinality, config.style_levels)
    forced = rng.integers(0, size, (config.chunk_frames, config.codes.steps)).astype(np.int32)
    tokens = encoder_tokens(config, context, style)
    np.testing.assert_array_equal(tokens, official.tokens(context, style))
    fused = fuse(weights, config)
    opened = jax.jit(partial(open_chunk, config=config))(fused, tokens=jnp.asarray(tokens))
    decode = jax.jit(partial(generate, config=config, trace=True))

    def ours(codes: np.ndarray, guidance: float) -> tuple[np.ndarray, np.ndarray]:
        made = decode(
            fused,
            opened=opened,
            place=Place(jnp.zeros(config.codes.steps, jnp.int32), jnp.int32(0), jnp.int32(0), jnp.uint32(0)),
            controls=Controls(
                jnp.zeros(config.chunk_frames), jnp.full(config.chunk_frames, guidance), jnp.asarray(codes)
            ),
            num_frames=jnp.int32(config.chunk_frames),
        )
        return np.asarray(made.codes), np.asarray(made.logits)

    for name, all_logits in (
        ("teacher-forced", official.teacher_forced(tokens, forced)),
        ("cached", official.cached(tokens, forced)),
    ):
        parts = [all_logits[:, :, step, start : start + size] for step, start in enumerate(config.codes.offsets)]
        wanted = np.stack(parts, axis=2)
        error = max(np.abs(ours(forced, 1.0 - row)[1] - wanted[row]).max() for row in (0, 1))
        print(f"{config.name}, seed {seed}: {name} logits differ by {error:.1e} of {np.abs(wanted).max():.1f}")
        assert error <= TOLERANCE * np.abs(wanted).max()
    codes, _ = ours(np.full_like(forced, NO_CODE), 1.0 + GUIDANCE)
    same = (codes == official.greedy(tokens, GUIDANCE)).mean()
    print(f"{config.name}, seed {seed}: {100 * same:.1f} % of greedy codes are equal")
    assert same == 1.0


def compare_files() -> None:
    """Read what TensorStore writes by T5X's specification of a tensor. Raises: AssertionError."""
    weights = random_weights(MRT1_TINY, 5)
    with tempfile.TemporaryDirectory() as folder:
        for name, value in weights.items():
            path = f"{folder}/target.{name.replace('/', '.')}"
            metadata = {"compressor": {"id": "gzip"}, "shape": value.shape, "chunks": [-(-n // 3) for n in value.shape]}
            spec = {"driver": "zarr", "dtype": "float32", "kvstore": {"driver": "file", "path": path}}
            tensorstore.open({**spec, "metadata": metadata}, create=True).result().write(value).result()
        found = checkpoint.lazy(Path(folder), MRT1_TINY)
        for name, value in weights.items():
            np.testing.assert_array_equal(found[name], value)
    print(f"{len(weights)} tensors written by TensorStore are read as they were")


def main() -> None:
    for config in (MRT1_BASE, MRT1_LARGE):
        assert OfficialMrt1(config, {}).names() == shapes(config), f"{config.name}: names and shapes differ"
        print(f"{config.name}: {len(shapes(config))} names and shapes are Google's")
    compare_files()
    compare(MRT1_TINY, 12)
    compare(WIDER, 13)


if __name__ == "__main__":
    main()
