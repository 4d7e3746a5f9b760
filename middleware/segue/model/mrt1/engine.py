"""Magenta RealTime 1 ready to run: weights on the device, chunks found in a row's frames, open chunks kept.

A chunk begins every `chunk_frames` frames, counted as the noise is, and in between where the style's tokens have
changed, but at least `least_frames` frames from the chunks before and after. So chunks follow from the frames' styles
and numbers alone: however frames are cut into runs, and when a state is made again from codes, the model reads the
same context at the same frame.

C context frames, T frames of the longest chunk, K codes a frame, L style tokens.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from segue.model.config import NO_CODE
from segue.model.engine import Codes, Ran, Run
from segue.model.mrt1.config import EncoderDecoder
from segue.model.mrt1.fused import Fused, fuse
from segue.model.mrt1.generation import STREAMS, Controls, Generated, Opened, Place, generate, open_chunk
from segue.model.mrt1.stacks import Own
from segue.model.mrt1.tokens import encoder_tokens
from segue.model.native.library import Library
from segue.model.native.packed_matrix import pack_matrix

LEAST_FRAMES: Final = 10
"""Of the shortest chunk that another style ends: reading the context again costs as much as many frames."""
_RUN_FRAMES: Final = 16
# Sessions play in turn, go back for an event, and play on. Keys and values of the encoder's output are large.
_OPEN_BYTES: Final = 1 << 30
_FEWEST_CHUNKS: Final = 2
_OPEN_RUNS: Final = 8


class StyleFrames(NamedTuple):
    """Conditioning of R frames.

    Attributes:
        style: Tokens of each one's style, int32 [R, L]; NO_CODE throughout for none.
        guidance: 1 is none.
    """

    style: NDArray[np.int32]
    guidance: NDArray[np.float32]


class State(NamedTuple):
    """A row between two frames.

    Attributes:
        codes: int16 [C + t, K]: the context of the open chunk, NO_CODE before the music, and the chunk's t frames.
        style: int32 [L], what the open chunk was read with.
        frame: Index of the next frame in the noise.
        seed: Of the noise, 32 bits.
    """

    codes: NDArray[np.int16]
    style: NDArray[np.int32]
    frame: int
    seed: int


class Mrt1Engine:
    """Generates rows of one model. Thread-compatible, not thread-safe: one generator thread owns it."""

    batch_buckets = (1,)

    def __init__(
        self,
        config: EncoderDecoder,
        weights: Mapping[str, Any],
        *,
        dtype: str = "float32",
        top_k: int = 0,
        least_frames: int = LEAST_FRAMES,
        library: Library | None = None,
    ) -> None:
        """Make weights ready to compute with.

        Args:
            weights: As stored, by name; each is read when it is used.
            dtype: Of what is computed with XLA, and of keys and values.
            top_k: The likeliest codes that are drawn from; 0 for all.
            least_frames: Frames of the shortest chunk that another style ends.
            library: Kernels that keep the decoder's matrices in int8; None for XLA alone.

        Raises:
            ValueError: If the shortest chunk is longer than the longest.
        """
        if not 1 <= least_frames <= config.chunk_frames:
            raise ValueError(f"least_frames: expected 1 to {config.chunk_frames}, got {least_frames}")
        self.config = config
        self.longest_run = min(_RUN_FRAMES, config.chunk_frames)
        self.fused: Fused = fuse(
            weights, config, jnp.dtype(dtype), None if library is None else partial(pack_matrix, library)
        )
        self._least = least_frames
        self._open = jax.jit(partial(open_chunk, config=config))
        self._decode = jax.jit(partial(generate, config=config, top_k=top_k))
        # By what was read, and by what was decoded after it.
        self._chunks: OrderedDict[bytes, Opened] = OrderedDict()
        self._runs: OrderedDict[bytes, Own] = OrderedDict()
        self._most_chunks = max(_FEWEST_CHUNKS, _OPEN_BYTES // self.source_bytes)

    @property
    def source_bytes(self) -> int:
        """Memory of one open chunk's keys and values of the encoder's output."""
        stack = self.config.temporal
        numbers = stack.layers * STREAMS * 2 * stack.heads * stack.head_width * self.config.source_length
        return numbers * self.fused.dtype.itemsize

    def start(self, *, seed: int, frame: int = 0) -> State:
        config = self.config
        return State(
            codes=np.full((config.context_frames, config.codes.steps), NO_CODE, np.int16),
            style=np.full(config.style_levels, NO_CODE, np.int32),
            frame=frame,
            seed=seed % 2**32,
        )

    def generate(self, runs: Sequence[Run]) -> list[Ran]:
        """Generate each run by itself, under the guidance of its frames.

        However frames are cut into runs, their codes are the same.

        Raises:
            ValueError: For a run longer than `longest_run`.
        """
        return [self._generate(run) for run in runs]

    def restore(self, codes: Codes, frames: StyleFrames, *, seed: int, frame: int) -> State:
        """Return the state before `frame` after frames whose codes [F, K] are known, with nothing before them.

        Args:
            codes: At least those of the context and the longest chunk, for the state that there was.
            frames: Their conditioning.
        """
        # Of what lies before the chunk that begins by its number, only codes count.
        known = min(len(codes), frame % self.config.chunk_frames)
        state = self.start(seed=seed, frame=frame - known)
        before = codes[: len(codes) - known].astype(np.int16)
        state = state._replace(codes=np.concatenate([state.codes, before])[-self.config.context_frames :])
        for index in range(len(codes) - known, len(codes)):
            state = self._grown(self._in_chunk(state, frames.style[index]), codes[index : index + 1])
        return state

    def _generate(self, run: Run) -> Ran:
        if run.length > self.longest_run:
            raise ValueError(f"frames in a run: expected at most {self.longest_run}, got {run.length}")
        frames: StyleFrames = run.frames
        state: State = run.state
        begin, codes = 0, []
        while begin < run.length:
            state = self._in_chunk(state, frames.style[begin])
            end = begin + 1
            while end < run.length and not self._begins(state, end - begin, frames.style[end]):
                end += 1
            part = slice(begin, end)
            forced = None if run.forced is None else run.forced[part]
            made = self._decoded(state, run.temperature[part], frames.guidance[part], forced)
            state, begin = self._grown(state, made), end
            codes.append(made)
        return Ran(state=state, codes=np.concatenate(codes))

    def _age(self, state: State) -> int:
        """Return the frames of the open chunk so far."""
        return len(state.codes) - self.config.context_frames

    def _begins(self, state: State, later: int, style: NDArray[np.int32]) -> bool:
        """Say whether a chunk begins so many frames after `state`."""
        age, frame = self._age(state) + later, state.frame + later
        left = -frame % self.config.chunk_frames
        if age == 0 or left == 0:
            return True
        return min(age, left) >= self._least and not np.array_equal(style, state.style)

    def _in_chunk(self, state: State, style: NDArray[np.int32]) -> State:
        """Return the state in the chunk that its next frame belongs to."""
        if not self._begins(state, 0, style):
            return state
        return state._replace(codes=state.codes[-self.config.context_frames :], style=np.asarray(style, np.int32))

    def _grown(self, state: State, codes: Codes) -> State:
        """Return the state after frames of the open chunk."""
        grown = np.concatenate([state.codes, codes.astype(np.int16)])
        return state._replace(codes=grown, frame=state.frame + len(codes))

    def _decoded(
        self, state: State, temperature: NDArray[np.float32], guidance: NDArray[np.float32], forced: Codes | None
    ) -> Codes:
        """Return the next codes of the open chunk, and keep what they were decoded with."""
        made = self._call(self.opened(state), state, temperature, guidance, forced)
        codes = np.asarray(made.codes)[: len(temperature)]
        self._keep(self._runs, _digest(self._grown(state, codes)), made.own, _OPEN_RUNS)
        return codes

    def opened(self, state: State) -> Opened:
        """Return the open chunk of a state: kept, or made again to the byte, by the same compiled calls."""
        context = state.codes[: self.config.context_frames]
        key = _digest(state._replace(codes=context))
        fresh = self._chunks.get(key)
        if fresh is None:
            tokens = encoder_tokens(self.config, context, state.style)
            fresh = self._open(self.fused, tokens=jnp.asarray(tokens))
        self._keep(self._chunks, key, fresh, self._most_chunks)
        decoded = state.codes[self.config.context_frames :]
        if not len(decoded):
            return fresh
        own = self._runs.get(_digest(state))
        if own is not None:
            return Opened(fresh.source, own)
        again = state._replace(codes=context, frame=state.frame - len(decoded))
        opened = fresh
        for begin in range(0, len(decoded), self.longest_run):
            part = decoded[begin : begin + self.longest_run].astype(np.int32)
            ones = np.ones(len(part), np.float32)
            opened = Opened(fresh.source, self._call(opened, again, ones, ones, part).own)
            again = self._grown(again, part)
        return opened

    def _call(
        self,
        opened: Opened,
        state: State,
        temperature: NDArray[np.float32],
        guidance: NDArray[np.float32],
        forced: Codes | None,
    ) -> Generated:
        length, steps = len(temperature), self.config.codes.steps
        room = (0, self.longest_run - length)
        free = np.full((length, steps), NO_CODE, np.int32) if forced is None else forced
        return self._decode(
            self.fused,
            opened=opened,
            place=Place(
                previous=jnp.asarray(state.codes[-1], jnp.int32),
                begin=jnp.asarray(self._age(state), jnp.int32),
                frame=jnp.asarray(state.frame, jnp.int32),
                seed=jnp.asarray(state.seed, jnp.uint32),
            ),
            controls=Controls(
                temperature=jnp.asarray(np.pad(temperature.astype(np.float32), room)),
                guidance=jnp.asarray(np.pad(guidance.astype(np.float32), room)),
                forced=jnp.asarray(np.pad(free, (room, (0, 0)), constant_values=NO_CODE)),
            ),
            num_frames=jnp.asarray(length, jnp.int32),
        )

    def _keep(self, kept: OrderedDict[bytes, Any], key: bytes, value: Any, most: int) -> None:
        kept[key] = value
        kept.move_to_end(key)
        while len(kept) > most:
            kept.popitem(last=False)


def _digest(state: State) -> bytes:
    """Return what tells apart states whose chunks were read or decoded differently, however they were sampled."""
    digest = hashlib.sha256(state.style.tobytes())
    digest.update(state.codes.tobytes())
    return digest.digest()
