"""New frames of a chunk: one compiled call reads the encoder's tokens, another decodes frame by frame, code by code.

T frames of the longest chunk, R frames of the longest run, K codes a frame, C codes of a level; 2 streams, the second
without a style.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, UInt32

from segue.model.config import NO_CODE
from segue.model.generation import choose, guide, noise
from segue.model.mrt1.config import EncoderDecoder
from segue.model.mrt1.fused import Fused
from segue.model.mrt1.stacks import Own, Source, code_input, empty, encode, frame_input, logits, run_step, source_of

STREAMS = 2


class Opened(NamedTuple):
    """A chunk that is being decoded.

    Attributes:
        source: What the encoder read, as the temporal stack attends to it; it does not change within a chunk.
        own: The temporal stack's keys and values of the chunk's frames so far.
    """

    source: Source
    own: Own


class Controls(NamedTuple):
    """How to sample.

    Attributes:
        temperature: 0 is greedy.
        guidance: 1 is none.
        forced: Codes that must come, NO_CODE elsewhere.
    """

    temperature: Float[Array, " R"]
    guidance: Float[Array, " R"]
    forced: Int[Array, "R K"]


class Place(NamedTuple):
    """Where a run begins.

    Attributes:
        previous: The codes of the frame before, if that belongs to the chunk.
        begin: Frames of the chunk so far.
        frame: Its first frame in the noise.
    """

    previous: Int[Array, " K"]
    begin: Int[Array, ""]
    frame: Int[Array, ""]
    seed: UInt32[Array, ""]


class Generated(NamedTuple):
    """The frames of a run.

    Attributes:
        own: As in Opened, after them.
        codes: NO_CODE from `num_frames` on.
        logits: After guidance, if asked for; else empty.
    """

    own: Own
    codes: Int[Array, "R K"]
    logits: Float[Array, "R K C"]


def open_chunk(fused: Fused, config: EncoderDecoder, tokens: Int[Array, "2 S"]) -> Opened:
    """Read the context and the style of a chunk."""
    source = source_of(fused, config, encode(fused, config, tokens))
    return Opened(source, empty(config.temporal, STREAMS, config.chunk_frames, fused.dtype))


def _frame(
    fused: Fused,
    config: EncoderDecoder,
    context: Float[Array, "2 D"],
    place: Place,
    controls: Controls,
    t: Int[Array, ""],
    top_k: int,
) -> tuple[Int[Array, " K"], Float[Array, "K C"]]:
    """Return the codes and guided logits of the t-th frame of a run, given its temporal output."""
    steps, size = config.codes.steps, max(config.codes.cardinalities)
    gumbel = noise(place.seed[None], (place.frame + t)[None], jnp.arange(steps), size)[0]
    own = empty(config.depth, STREAMS, steps, fused.dtype)
    x, codes, traced = context, [], []
    for level in range(steps):
        hidden, own = run_step(fused.depth, config.depth, fused.depth_bias, x, own, None, jnp.asarray(level))
        one = guide(logits(fused, hidden, level)[None], controls.guidance[t][None])
        drawn = choose(one, controls.temperature[t][None], gumbel[level : level + 1], top_k)[0]
        must = controls.forced[t, level]
        code = jnp.where(must >= 0, must, drawn)
        codes.append(code)
        traced.append(one[0])
        x = jnp.broadcast_to(code_input(fused, config, code, place.begin + t, level), context.shape)
    return jnp.stack(codes), jnp.stack(traced)


def generate(
    fused: Fused,
    config: EncoderDecoder,
    opened: Opened,
    place: Place,
    controls: Controls,
    num_frames: Int[Array, ""],
    *,
    top_k: int = 0,
    trace: bool = False,
) -> Generated:
    """Decode num_frames <= R frames, which have to fit the chunk; no buffer is donated.

    The compiled program depends on R alone, so a run of fewer frames is, to the byte, a prefix of a longer one, and a
    run that is cut in two gives the bytes of the whole.
    """
    length, steps = controls.forced.shape
    size = max(config.codes.cardinalities) if trace else 0

    def body(t: Array, carry: tuple[Any, ...]) -> tuple[Any, ...]:
        own, previous, codes, kept = carry
        frame = place.begin + t
        x = jnp.broadcast_to(frame_input(fused, config, previous, frame), (STREAMS, config.width))
        context, own = run_step(fused.temporal, config.temporal, fused.temporal_bias, x, own, opened.source, frame)
        found, guided = _frame(fused, config, context, place, controls, t, top_k)
        codes = lax.dynamic_update_index_in_dim(codes, found, t, axis=0)
        kept = lax.dynamic_update_index_in_dim(kept, guided, t, axis=0) if trace else kept
        return own, found, codes, kept

    blank = jnp.full((length, steps), NO_CODE, jnp.int32)
    initial = (opened.own, place.previous, blank, jnp.zeros((length, steps, size)))
    own, _, codes, kept = lax.fori_loop(0, num_frames, body, initial)
    return Generated(own, codes, kept)
