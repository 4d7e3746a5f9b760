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
    temperature, guidance, forced = controls.temperature[t][None], controls.guidance[t][None], controls.forced[t]

    def body(level: Array, carry: tuple[Any, ...]) -> tuple[Any, ...]:
        x, own, codes, traced = carry
        hidden, own = run_step(fused.depth, config.depth, fused.depth_bias, x, own, None, level)
        one = guide(logits(fused, hidden, level)[None], guidance)
        drawn = choose(one, temperature, lax.dynamic_slice_in_dim(gumbel, level, 1), top_k)[0]
        code = jnp.where(forced[level] >= 0, forced[level], drawn)
        x = jnp.broadcast_to(code_input(fused, config, code, place.begin + t, level), context.shape)
        return x, own, codes.at[level].set(code), traced.at[level].set(one[0])

    # A loop, and not its steps one after another, which take ten times as long to compile.
    own = empty(config.depth, STREAMS, steps, fused.dtype)
    initial = (context, own, jnp.zeros(steps, jnp.int32), jnp.zeros((steps, size)))
    _, _, codes, traced = lax.fori_loop(0, steps, body, initial)
    return codes, traced


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
