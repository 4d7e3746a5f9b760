"""What a language model is trained on: nats a frame of whole known sequences, with conditioning dropped at random.

The mathematics is that of generation, over all frames at once: the same window, the same codes seen before each
code. B rows, T frames, K codes a frame, P packed positions, C codes of a codebook.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from segue.model import depth
from segue.model.conditioning import FeatureFrames, Frames, TokenEncoder, TokenFrames, style_vector
from segue.model.config import NO_CODE, Codes, Depthformer, TokenConditioning
from segue.model.depthformer import extend
from segue.model.fused import Fused, fuse
from segue.model.layers import project
from segue.model.state import stack_rows, start
from segue.model.weights import Weights

Integers = NDArray[np.int32]


class PackedCodes(NamedTuple):
    """Each position is one code to predict.

    Attributes:
        frame, step: Where it stands.
        previous: The code before it in its frame.
        real: False for the filling at the end of a row, which repeats place 0 of the last frame.
    """

    code: Integers
    frame: Integers
    step: Integers
    previous: Integers
    real: NDArray[np.bool_]


def _to_predict(codes: Integers, layout: Codes) -> NDArray[np.bool_]:
    """Places that hold a code a model has to choose: after the last event only END_OF_FRAME can come."""
    chosen: NDArray[np.bool_] = codes != NO_CODE
    if layout.ends_early:
        chosen[..., -1] = False
    return chosen


def capacity_for(codes: Integers, layout: Codes, multiple: int = 256) -> int:
    """The least P, a multiple of `multiple`, that holds every row of `codes` [B, T, K]."""
    longest = int(_to_predict(codes, layout).sum(axis=(1, 2)).max())
    return -(-longest // multiple) * multiple


def pack(codes: Integers, layout: Codes, capacity: int) -> PackedCodes:
    """Pack codes [B, T, K] into rows of P = `capacity` positions.

    Raises:
        ValueError: If a row holds more.
    """
    rows, frames, _ = codes.shape
    chosen = _to_predict(codes, layout)
    longest = int(chosen.sum(axis=(1, 2)).max())
    if longest > capacity:
        raise ValueError(f"capacity: a row holds {longest} codes, got room for {capacity}")
    shape = (rows, capacity)
    packed = PackedCodes(
        code=np.zeros(shape, np.int32),
        frame=np.full(shape, frames - 1, np.int32),
        step=np.zeros(shape, np.int32),
        previous=np.full(shape, NO_CODE, np.int32),
        real=np.zeros(shape, bool),
    )
    for row in range(rows):
        frame, step = np.nonzero(chosen[row])
        filled = slice(0, len(frame))
        packed.code[row, filled] = codes[row, frame, step]
        packed.frame[row, filled], packed.step[row, filled] = frame, step
        packed.previous[row, filled] = np.where(step > 0, codes[row, frame, step - 1], NO_CODE)
        packed.real[row, filled] = True
    return packed


class Batch(NamedTuple):
    """Known frames.

    Attributes:
        packed: The same codes, packed; None for models whose frames are all full.
    """

    codes: Int[Array, "B T K"]
    frames: Frames
    packed: PackedCodes | None


@dataclass(frozen=True, kw_only=True)
class Dropout:
    """Probability that a row goes without a control, each control on its own."""

    style: float = 0.15
    clock: float = 0.05
    intensity: float = 0.15
    meter: float = 0.15
    mode: float = 0.15
    drums: float = 0.15
    notes: float = 0.15

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name}: expected a probability below 1, got {getattr(self, name)}")


def drop_conditioning(fused: Fused, config: Depthformer, frames: Frames, rates: Dropout, key: Array) -> Frames:
    """Frames in which each row lacks some controls, as a session that does not give them would."""
    names = tuple(rates.__dataclass_fields__)
    keys = dict(zip(names, jax.random.split(key, len(names)), strict=True))
    rows = len(frames.drums)

    def dropped(name: str) -> Array:
        return jax.random.bernoulli(keys[name], getattr(rates, name), (rows, 1))

    def without(name: str, value: Array, missing: Array | int | bool) -> Array:
        mask = dropped(name)
        return jnp.where(mask.reshape(rows, *[1] * (value.ndim - 1)), missing, value)

    if isinstance(frames, FeatureFrames):
        return frames._replace(
            style_given=without("style", frames.style_given, False),
            clock_given=without("clock", frames.clock_given, False),
            intensity_given=without("intensity", frames.intensity_given, False),
            meter=without("meter", frames.meter, 0),
            mode=without("mode", frames.mode, -1),
            drums=without("drums", frames.drums, -1),
        )
    assert isinstance(frames, TokenFrames)
    assert isinstance(fused.encoder, TokenEncoder)
    assert isinstance(config.conditioning, TokenConditioning)
    nothing = jnp.full(config.conditioning.style_levels, -1)
    return frames._replace(
        style=without("style", frames.style, style_vector(fused.encoder, config.conditioning, nothing)),
        notes=without("notes", frames.notes, -1),
        drums=without("drums", frames.drums, -1),
    )


def _nats(logits: Float[Array, "*B C"], codes: Int[Array, "*B"]) -> Float[Array, "*B"]:
    chosen = jnp.take_along_axis(logits, jnp.maximum(codes, 0)[..., None], axis=-1)[..., 0]
    return jax.nn.logsumexp(logits, axis=-1) - chosen


def _full_frames(
    fused: Fused, config: Depthformer, outputs: Float[Array, "B T D"], codes: Int[Array, "B T K"]
) -> Float[Array, ""]:
    steps = depth.frame_logits(fused, config, outputs, codes)
    total = jnp.zeros(())
    for step, logits in enumerate(steps):
        total = total + jnp.sum(_nats(logits, codes[..., step]))
    return total


def _packed_frames(
    fused: Fused, config: Depthformer, outputs: Float[Array, "B T D"], packed: PackedCodes
) -> Float[Array, ""]:
    books = config.codes.num_codebooks
    step, previous = jnp.asarray(packed.step), jnp.asarray(packed.previous)
    first = jnp.take_along_axis(outputs, jnp.asarray(packed.frame)[..., None], axis=1)
    later = depth.code_inputs(fused, config, previous, (step - 1) % books)
    x = jnp.where((previous == NO_CODE)[..., None], project(first, fused.adapter), later)
    hidden = depth.run_whole(fused, config, x, jnp.asarray(packed.frame))
    total = jnp.zeros(())
    for book in range(books):
        counted = packed.real & (step % books == book)
        code = jnp.where(counted, packed.code, 0)
        nats = _nats(depth.logits(fused, config, hidden, book), code)
        total = total + jnp.sum(jnp.where(counted, nats, 0.0))
    return total


def nats_per_frame(
    weights: Weights,
    config: Depthformer,
    batch: Batch,
    *,
    dropout: Dropout | None = None,
    key: Array | None = None,
    dtype: jnp.dtype = jnp.float32,
) -> Float[Array, ""]:
    """Mean negative log-likelihood of a frame's codes, in nats; differentiable in the stored weights.

    Args:
        dropout, key: Given in training, both None in evaluation.
    """
    # One stream: training meets both kinds of stream as rows with and without their style.
    config = replace(config, streams=1)
    fused = fuse(weights, config, dtype)
    frames = batch.frames
    if dropout is not None and key is not None:
        frames = drop_conditioning(fused, config, frames, dropout, key)
    rows, length, _ = batch.codes.shape
    state = stack_rows((start(config, seed=0, dtype=dtype),) * rows)
    _, outputs = extend(fused, config, state, batch.codes, frames)
    if batch.packed is None:
        total = _full_frames(fused, config, outputs, batch.codes)
    else:
        total = _packed_frames(fused, config, outputs, batch.packed)
    return total / (rows * length)
