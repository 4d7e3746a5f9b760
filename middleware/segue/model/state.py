"""A row of the language model between two frames: an immutable value, and its form inside a compiled call.

B batch rows, G streams a row (2 under guidance), R = B * G, L layers, N heads, W window, H head width, K codes.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, UInt32

from segue.model.attention import Past
from segue.model.config import NO_CODE, Depthformer
from segue.model.temporal import Memories, Memory


class State(NamedTuple):
    """A row between two frames (batched: every leaf with B in front).

    Attributes:
        own, source: Keys and values of the last W frames, oldest first; source is empty without cross-attention.
        previous: Codes of the last frame.
        frame: Index of the next one.
        seen: How many of the W frames are real.
    """

    own: Float[Array, "L G 2 N W H"]
    source: Float[Array, "M G 2 N W H"]
    previous: Int[Array, " K"]
    frame: Int[Array, ""]
    seen: Int[Array, ""]
    seed: UInt32[Array, ""]


def start(config: Depthformer, *, seed: int, frame: int = 0, dtype: jnp.dtype = jnp.float32) -> State:
    """Return one row's state before its first frame.

    Args:
        seed: Its low 32 bits count.
    """
    stack = config.temporal
    past = (config.streams, 2, stack.heads, config.window, stack.head_width)
    return State(
        own=jnp.zeros((stack.layers, *past), dtype),
        source=jnp.zeros((stack.layers if config.cross_attention else 0, *past), dtype),
        previous=jnp.full(config.codes.steps, NO_CODE, jnp.int32),
        frame=jnp.asarray(frame, jnp.int32),
        seen=jnp.asarray(0, jnp.int32),
        seed=jnp.asarray(seed % 2**32, jnp.uint32),
    )


def state_bytes(config: Depthformer, dtype: jnp.dtype = jnp.float32) -> int:
    """Return the memory one row's state takes: 2 x layers x window x width x bytes for each kind of attention, and its
    codes.
    """
    shape = jax.eval_shape(lambda: start(config, seed=0, dtype=dtype))
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(shape))


def stack_rows(states: tuple[State, ...]) -> State:
    """Return the rows' states as one batched state."""
    return jax.tree.map(lambda *rows: jnp.stack(rows), *states)


def split_rows(state: State) -> tuple[State, ...]:
    """Return each row's state of a batched state."""
    return tuple(jax.tree.map(lambda x, row=row: x[row], state) for row in range(len(state.frame)))


def repeat_streams(config: Depthformer, x: Float[Array, "B ..."]) -> Float[Array, "R ..."]:
    """Return one copy of each row's value for each of its streams."""
    return jnp.repeat(x, config.streams, axis=0)


def merge_streams(x: Float[Array, "B G ..."]) -> Float[Array, "R ..."]:
    """Return rows and streams on one axis, the streams of a row side by side."""
    return x.reshape(-1, *x.shape[2:])


def memories_of(config: Depthformer, state: State) -> Memories:
    """Return a batched state's keys and values as the temporal stack takes them."""

    def layer(x: Array, index: int) -> Past:
        return merge_streams(x[:, index])

    return tuple(
        Memory(layer(state.own, index), layer(state.source, index) if config.cross_attention else None)
        for index in range(config.temporal.layers)
    )


def _packed(config: Depthformer, pasts: list[Past], before: Float[Array, "B L G 2 N W H"]) -> Array:
    if not pasts:
        return before
    return jnp.stack([past.reshape(-1, config.streams, *past.shape[1:]) for past in pasts], axis=1)


def advance(
    config: Depthformer, state: State, memories: Memories, previous: Int[Array, "B K"], frames: int | Int[Array, ""]
) -> State:
    """Return the batched state after `frames` more frames."""
    return State(
        own=_packed(config, [memory.own for memory in memories], state.own),
        source=_packed(config, [memory.source for memory in memories if memory.source is not None], state.source),
        previous=previous,
        frame=state.frame + frames,
        seen=jnp.minimum(state.seen + frames, config.window),
        seed=state.seed,
    )
