"""The language model over known frames: what a frame reads, prefill of a state, teacher-forced logits.

Every function is pure. B batch rows, each at its own position; G streams a row (2 under guidance); R = B * G;
T frames; K codes a frame; D temporal width.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from segue.model import depth, temporal
from segue.model.conditioning import FeatureEncoder, Frames, encode, inward
from segue.model.config import NO_CODE, Depthformer
from segue.model.fused import Fused
from segue.model.layers import project
from segue.model.state import State, advance, memories_of, merge_streams, repeat_streams


class Conditioned(NamedTuple):
    """Frames' conditioning, ready for the temporal stack.

    Attributes:
        added: Its share of the input, where it has one.
    """

    encoded: Float[Array, "R T E"]
    added: Float[Array, "R T D"] | None


def condition(fused: Fused, config: Depthformer, frames: Frames) -> Conditioned:
    """Encode the conditioning of frames for the temporal stack."""
    encoded = merge_streams(encode(fused.encoder, config, frames))
    if isinstance(fused.encoder, FeatureEncoder):
        return Conditioned(encoded, inward(fused.encoder, encoded))
    return Conditioned(encoded, None)


def frame_inputs(fused: Fused, config: Depthformer, codes: Int[Array, "*B K"]) -> Float[Array, "*B D"]:
    """Return a frame as the next one reads it; NO_CODE throughout stands for "before the music"."""
    layout = config.codes
    books = jnp.asarray([layout.codebook(step) for step in range(layout.steps)])
    rows = codes + jnp.asarray(layout.offsets)[books]
    absent = codes == NO_CODE
    vectors = jnp.take(fused.code_rows, jnp.where(absent, 0, rows), axis=0)
    if fused.event is None:
        return jnp.sum(vectors, axis=-2)
    # An event's codes meet in a GELU before events are summed, so that the sum still tells which pitch was whose.
    shape = (*codes.shape[:-1], layout.max_events, layout.num_codebooks, vectors.shape[-1])
    events = jnp.sum(vectors[..., :-1, :].reshape(shape), axis=-2)
    real = ~absent[..., 1 : -1 : layout.num_codebooks, None]
    bound = jnp.where(real, jax.nn.gelu(events, approximate=True), 0.0)
    return project(jnp.sum(bound, axis=-2), fused.event)


def extend(
    fused: Fused, config: Depthformer, state: State, codes: Int[Array, "B T K"], frames: Frames
) -> tuple[State, Float[Array, "R T D"]]:
    """Take in known frames all at once (prefill).

    Returns:
        The state after them, and the temporal outputs.
    """
    encoded, added = condition(fused, config, frames)
    before = jnp.concatenate([state.previous[:, None], codes[:, :-1]], axis=1)
    x = repeat_streams(config, frame_inputs(fused, config, before))
    x = x if added is None else x + added
    seen = repeat_streams(config, state.seen)
    memories = memories_of(config, state)
    outputs, memories = temporal.run_block(fused.temporal, x, encoded, memories, seen)
    return advance(config, state, memories, codes[:, -1], codes.shape[1]), outputs


def score(
    fused: Fused, config: Depthformer, state: State, codes: Int[Array, "B T K"], frames: Frames
) -> tuple[Float[Array, "B G T C"], ...]:
    """Return teacher-forced logits of known frames, one array a step, each stream's own (before guidance)."""
    _, outputs = extend(fused, config, state, codes, frames)
    found = depth.frame_logits(fused, config, outputs, repeat_streams(config, codes))
    return tuple(x.reshape(-1, config.streams, *x.shape[1:]) for x in found)
