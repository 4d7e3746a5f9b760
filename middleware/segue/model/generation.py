"""New frames: one compiled call generates a whole chunk, frame by frame and code by code.

B batch rows, each with its own conditioning, controls, seed and position; R = B * streams; T frames of the chunk's
bucket, of which the first `num_frames` are generated; K codes a frame; C codes of a codebook.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int, UInt32

from segue.model import depth, temporal
from segue.model.conditioning import Frames
from segue.model.config import END_OF_FRAME, NO_CODE, Depthformer
from segue.model.depthformer import condition, frame_inputs
from segue.model.fused import Fused
from segue.model.layers import project
from segue.model.state import State, advance, memories_of, repeat_streams


def noise(
    seed: UInt32[Array, " B"], frame: Int[Array, " B"], steps: Int[Array, " K"], size: int
) -> Float[Array, "B K C"]:
    """Return standard Gumbel noise for the codes at `steps` of each row's frame."""

    def row(seed: Array, frame: Array) -> Array:
        key = jax.random.fold_in(jax.random.key(seed), frame)
        return jax.vmap(lambda step: jax.random.gumbel(jax.random.fold_in(key, step), (size,)))(steps)

    return jax.vmap(row)(seed, frame)


def guide(logits: Float[Array, "B G C"], guidance: Float[Array, " B"]) -> Float[Array, "B C"]:
    """Apply classifier-free guidance (Ho & Salimans 2022): 1 follows the conditioned stream, more exaggerates it."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    conditioned, free = logits[:, 0], logits[:, 1]
    return free + guidance[:, None] * (conditioned - free)


def choose(
    logits: Float[Array, "B C"], temperature: Float[Array, " B"], gumbel: Float[Array, "B C"], top_k: int
) -> Int[Array, " B"]:
    """Draw from the top_k likeliest codes (0: from all) by the Gumbel-max trick; temperature 0 is greedy."""
    if 0 < top_k < logits.shape[-1]:
        threshold = lax.top_k(logits, top_k)[0][:, -1:]
        logits = jnp.where(logits >= threshold, logits, -jnp.inf)
    return jnp.argmax(logits + temperature[:, None] * gumbel, axis=-1).astype(jnp.int32)


class SamplingControls(NamedTuple):
    """How to sample.

    A frame of events is forced as a whole: its codes up to and with END_OF_FRAME.

    Attributes:
        temperature: 0 is greedy.
        guidance: 1 is none.
        forced: Codes that must come, NO_CODE elsewhere.
    """

    temperature: Float[Array, "B T"]
    guidance: Float[Array, "B T"]
    forced: Int[Array, "B T K"]


class Generated(NamedTuple):
    """The frames of a chunk.

    Attributes:
        codes: NO_CODE past a frame's end and from `num_frames` on.
        logits: After guidance, if asked for; else empty.
    """

    state: State
    codes: Int[Array, "B T K"]
    logits: Float[Array, "B T K C"]


class Frame(NamedTuple):
    """One frame of each row, under construction: x is the next code's depth input."""

    x: Float[Array, "R P"]
    caches: depth.Caches
    codes: Int[Array, "B K"]
    logits: Float[Array, "B K C"]
    ended: Bool[Array, " B"]


class _Sampler(NamedTuple):
    """What one frame of each row is sampled by.

    Attributes:
        trace: Whether logits are kept.
    """

    fused: Fused
    config: Depthformer
    seed: UInt32[Array, " B"]
    frame: Int[Array, " B"]
    temperature: Float[Array, " B"]
    guidance: Float[Array, " B"]
    forced: Int[Array, "B K"]
    top_k: int
    trace: bool

    def begin(self, output: Float[Array, "R D"]) -> Frame:
        batch, steps = self.forced.shape
        widest = max(self.config.codes.cardinalities) if self.trace else 0
        return Frame(
            x=project(output, self.fused.adapter),
            caches=depth.empty_caches(self.fused, self.config, output.shape[0]),
            codes=jnp.full((batch, steps), NO_CODE, jnp.int32),
            logits=jnp.full((batch, steps, widest), -jnp.inf),
            ended=jnp.zeros(batch, bool),
        )

    def noise(self, steps: Int[Array, " J"]) -> Float[Array, "B J C"]:
        return noise(self.seed, self.frame, steps, max(self.config.codes.cardinalities))

    def step(self, frame: Frame, step: int | Int[Array, ""], codebook: int, gumbel: Float[Array, "B C"]) -> Frame:
        """Return each row's next code; rows whose frame has ended keep it as it is."""
        fused, config = self.fused, self.config
        hidden, caches = depth.run_step(fused, config, frame.x, frame.caches, step)
        streams = depth.logits(fused, config, hidden, codebook)
        one = guide(streams.reshape(-1, config.streams, streams.shape[-1]), self.guidance)
        drawn = choose(one, self.temperature, gumbel[:, : one.shape[-1]], self.top_k)
        must = lax.dynamic_index_in_dim(self.forced, step, axis=1, keepdims=False)
        code = jnp.where(must >= 0, must, drawn)
        x = repeat_streams(config, depth.code_inputs(fused, config, code, codebook))
        written = jnp.where(frame.ended, NO_CODE, code)
        ends = config.codes.ends_early and codebook == 0
        return Frame(
            x=x,
            caches=caches,
            codes=lax.dynamic_update_index_in_dim(frame.codes, written, step, axis=1),
            logits=self._traced(frame, one, step),
            ended=frame.ended | (code == END_OF_FRAME) if ends else frame.ended,
        )

    def _traced(self, frame: Frame, logits: Float[Array, "B C"], step: int | Int[Array, ""]) -> Array:
        if not self.trace:
            return frame.logits
        room = ((0, 0), (0, frame.logits.shape[-1] - logits.shape[-1]))
        wide = jnp.pad(logits, room, constant_values=-jnp.inf)
        kept = jnp.where(frame.ended[:, None], -jnp.inf, wide)
        return lax.dynamic_update_index_in_dim(frame.logits, kept, step, axis=1)


def _one_pass(sampler: _Sampler, output: Float[Array, "R D"]) -> Frame:
    """Generate an audio frame: one code of each codebook."""
    frame = sampler.begin(output)
    gumbel = sampler.noise(jnp.arange(sampler.config.codes.steps))
    for step in range(sampler.config.codes.steps):
        frame = sampler.step(frame, step, step, gumbel[:, step])
    return frame


def _events(sampler: _Sampler, output: Float[Array, "R D"]) -> Frame:
    """Generate a frame of events; the loop ends with the batch's longest frame, after one step if all are empty."""
    layout = sampler.config.codes
    books, last = layout.num_codebooks, layout.steps - 1
    # After the last event only the end fits.
    sampler = sampler._replace(forced=sampler.forced.at[:, last].set(END_OF_FRAME))

    def more(carry: tuple[Array, Frame]) -> Bool[Array, ""]:
        step, frame = carry
        return (step < last) & ~jnp.all(frame.ended)

    def event(carry: tuple[Array, Frame]) -> tuple[Array, Frame]:
        step, frame = carry
        gumbel = sampler.noise(step + jnp.arange(1, books + 1))
        for offset in range(1, books + 1):
            frame = sampler.step(frame, step + offset, offset % books, gumbel[:, offset - 1])
        return step + books, frame

    first = sampler.step(sampler.begin(output), 0, 0, sampler.noise(jnp.arange(1))[:, 0])
    _, frame = lax.while_loop(more, event, (jnp.asarray(0), first))
    return frame


def _at(x: Float[Array, "B T ..."], frame: Int[Array, ""]) -> Float[Array, "B ..."]:
    return lax.dynamic_index_in_dim(x, frame, axis=1, keepdims=False)


def draw(
    fused: Fused,
    config: Depthformer,
    state: State,
    output: Float[Array, "R D"],
    controls: SamplingControls,
    t: Int[Array, ""],
    *,
    top_k: int,
    trace: bool = False,
) -> Frame:
    """Return the codes of the t-th frame after `state`, given its temporal output."""
    sampler = _Sampler(
        fused=fused,
        config=config,
        seed=state.seed,
        frame=state.frame + t,
        temperature=_at(controls.temperature, t),
        guidance=_at(controls.guidance, t),
        forced=_at(controls.forced, t),
        top_k=top_k,
        trace=trace,
    )
    return _events(sampler, output) if config.codes.ends_early else _one_pass(sampler, output)


def generate(
    fused: Fused,
    config: Depthformer,
    state: State,
    frames: Frames,
    controls: SamplingControls,
    num_frames: Int[Array, ""],
    *,
    top_k: int = 0,
    trace: bool = False,
) -> Generated:
    """Generate num_frames <= T frames of each row. Rows are independent; no buffer is donated.

    The compiled program depends on B and T alone, so a run of fewer frames is, to the byte, a prefix of a longer one.
    """
    batch, bucket, steps = controls.forced.shape
    encoded, added = condition(fused, config, frames)
    given = temporal.sources(fused.temporal, config, encoded)
    seen = repeat_streams(config, state.seen)
    widest = max(config.codes.cardinalities) if trace else 0

    def body(t: Array, carry: tuple[Any, ...]) -> tuple[Any, ...]:
        rings, previous, codes, logits = carry
        x = repeat_streams(config, frame_inputs(fused, config, previous))
        x = x if added is None else x + _at(added, t)
        output, rings = temporal.run_frame(fused.temporal, config, x, given, rings, t, seen)
        frame = draw(fused, config, state, output, controls, t, top_k=top_k, trace=trace)
        codes = lax.dynamic_update_index_in_dim(codes, frame.codes, t, axis=1)
        logits = lax.dynamic_update_index_in_dim(logits, frame.logits, t, axis=1) if trace else logits
        return rings, frame.codes, codes, logits

    rings = temporal.open_rings(fused.temporal, memories_of(config, state))
    blank = jnp.full((batch, bucket, steps), NO_CODE, jnp.int32)
    traced = jnp.full((batch, bucket, steps, widest), -jnp.inf)
    initial = (rings, state.previous, blank, traced)
    rings, previous, codes, logits = lax.fori_loop(0, num_frames, body, initial)
    memories = temporal.close_rings(config, rings, num_frames)
    return Generated(advance(config, state, memories, previous, num_frames), codes, logits)
