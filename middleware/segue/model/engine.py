"""The language model ready to run: weights on the device, compiled calls for a few sizes, rows in and out.

A compiled call exists for each (batch bucket, chunk bucket) that was ever asked for; requests are padded up to their
bucket, so how often anything compiles is bounded and counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jax.stages import Compiled
from jaxtyping import Array
from numpy.typing import NDArray

from segue.model.conditioning import Frames
from segue.model.config import NO_CODE, Configuration, Depthformer
from segue.model.depthformer import extend
from segue.model.fused import Fused, fuse
from segue.model.generation import SamplingControls, generate
from segue.model.native.library import Library
from segue.model.native.packed_matrix import pack_matrix
from segue.model.state import State, split_rows, stack_rows, start, state_bytes

# The longest block in which known frames are read.
BLOCK: Final = 64

Codes = NDArray[np.int32]
Leaf = NDArray[Any]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One row's next T frames.

    Attributes:
        state: The engine's own.
        frames: Conditioning as the engine's model reads it, every leaf [T, ...] without a batch axis.
        temperature: [T], 0 is greedy.
        guidance: [T], 1 is none.
        forced: [T, K], NO_CODE where free; None: all free.
    """

    state: Any
    frames: Any
    temperature: NDArray[np.float32]
    guidance: NDArray[np.float32]
    forced: Codes | None = None

    @property
    def length(self) -> int:
        return len(self.temperature)


@dataclass(frozen=True, kw_only=True)
class Ran:
    """The state after a run, and its codes [T, K]."""

    state: Any
    codes: Codes


class LanguageModel(Protocol):
    """A language model that is ready to run. Its states are immutable values with `seed` and `frame` of the noise.

    Attributes:
        fused: Its weights as they compute, a tree of arrays.
        batch_buckets: Rows that it takes at once.
        longest_run: Frames that one call can generate.
    """

    @property
    def config(self) -> Configuration: ...

    @property
    def fused(self) -> Any: ...

    @property
    def batch_buckets(self) -> Sequence[int]: ...

    @property
    def longest_run(self) -> int: ...

    def start(self, *, seed: int, frame: int = 0) -> Any:
        """The state before a row's first frame, which is `frame` in the noise."""
        ...

    def generate(self, runs: Sequence[Run]) -> list[Ran]:
        """Generate every run; equal runs give equal codes, and however frames are cut into runs.

        Raises:
            ValueError: For a run longer than `longest_run`.
        """
        ...

    def restore(self, codes: Codes, frames: Any, *, seed: int, frame: int) -> Any:
        """The state before `frame` after frames whose codes [T, K] are known, with nothing before them."""
        ...


def _bucket(buckets: Sequence[int], size: int, what: str) -> int:
    fitting = [bucket for bucket in buckets if bucket >= size]
    if not fitting:
        raise ValueError(f"{what}: expected at most {max(buckets)}, got {size}")
    return min(fitting)


def _pad_frames(x: Leaf, length: int) -> Leaf:
    """Repeat the last frame up to `length`: real values, so that no padded row computes NaN or infinity."""
    return np.concatenate([x, np.repeat(x[-1:], length - len(x), axis=0)])


class Engine:
    """Generates rows of one model. Thread-compatible, not thread-safe: one generator thread owns it."""

    def __init__(
        self,
        config: Depthformer,
        weights: Mapping[str, Any],
        *,
        dtype: str = "float32",
        top_k: int = 0,
        batch_buckets: Sequence[int] = (1, 2, 4, 8, 16),
        chunk_buckets: Sequence[int] = (16, 64),
        library: Library | None = None,
    ) -> None:
        """Make weights ready to compute with.

        Args:
            weights: As stored, by name. Each is read when it is used.
            dtype: Of what is computed with XLA.
            top_k: The likeliest codes that are drawn from; 0 for all.
            batch_buckets, chunk_buckets: Rows and frames of compiled calls.
            library: Kernels that keep most matrices in int8 and multiply them in integers; None for XLA alone.
        """
        self.config = config
        self.dtype = jnp.dtype(dtype)
        self.batch_buckets, self.chunk_buckets = tuple(batch_buckets), tuple(chunk_buckets)
        self._top_k = top_k
        self.fused: Fused
        if library is None:
            self.fused = jax.jit(lambda stored: fuse(stored, config, self.dtype))(dict(weights))
        else:
            self.fused = fuse(weights, config, self.dtype, partial(pack_matrix, library))
        # At most (batch buckets x chunk buckets) + prefill blocks.
        self._compiled: dict[tuple[str, int, int], Compiled] = {}

    @property
    def longest_run(self) -> int:
        """Frames that one call can generate."""
        return max(self.chunk_buckets)

    @property
    def state_bytes(self) -> int:
        return state_bytes(self.config, self.dtype)

    def start(self, *, seed: int, frame: int = 0) -> State:
        return start(self.config, seed=seed, frame=frame, dtype=self.dtype)

    def generate(self, runs: Sequence[Run]) -> list[Ran]:
        """Generate every run; those of equal length share a call. Rows are independent of each other.

        Equal runs give equal bytes in the same batch bucket, and a shorter run a prefix of a longer one of its chunk
        bucket.

        Raises:
            ValueError: For a run longer, or a batch larger, than the largest bucket.
        """
        by_length: dict[int, list[int]] = defaultdict(list)
        for index, run in enumerate(runs):
            by_length[run.length].append(index)
        found: dict[int, Ran] = {}
        for length, members in by_length.items():
            rans = self._generate([runs[index] for index in members], length)
            found.update(zip(members, rans, strict=True))
        return [found[index] for index in range(len(runs))]

    def _generate(self, runs: list[Run], length: int) -> list[Ran]:
        batch = _bucket(self.batch_buckets, len(runs), "rows in a batch")
        chunk = _bucket(self.chunk_buckets, length, "frames in a chunk")
        # The spare rows of a bucket repeat the first; their results are dropped.
        rows = [*runs, *[runs[0]] * (batch - len(runs))]
        free = np.full((length, self.config.codes.steps), NO_CODE, np.int32)

        def stacked(leaves: Iterable[Leaf]) -> Any:
            return np.stack([_pad_frames(np.asarray(leaf), chunk) for leaf in leaves])

        frames = jax.tree.map(lambda *leaves: stacked(leaves), *(run.frames for run in rows))
        controls = SamplingControls(
            temperature=stacked(run.temperature.astype(np.float32) for run in rows),
            guidance=stacked(run.guidance.astype(np.float32) for run in rows),
            forced=stacked(free if run.forced is None else run.forced for run in rows),
        )
        arguments = (self.fused, tuple(run.state for run in rows), frames, controls, np.int32(length))
        states, codes = self._call("generate", batch, chunk, self._run, arguments)
        spelled = np.asarray(codes)
        return [
            Ran(state=state, codes=spelled[row, :length]) for row, state in zip(range(len(runs)), states, strict=False)
        ]

    def _run(
        self, fused: Fused, rows: tuple[State, ...], frames: Frames, controls: SamplingControls, length: Array
    ) -> tuple[tuple[State, ...], Array]:
        state = stack_rows(rows)
        made = generate(fused, self.config, state, frames, controls, length, top_k=self._top_k)
        return split_rows(made.state), made.codes

    def prefill(self, state: State, codes: Codes, frames: Frames) -> State:
        """Return the state after frames whose codes [T, K] are known, without sampling: for a restore, or a lead-in.

        Goes in blocks of powers of two, so no length compiles anything of its own.
        """
        done = 0
        while done < len(codes):
            size = min(BLOCK, 1 << (len(codes) - done).bit_length() - 1)
            part = slice(done, done + size)
            block = jax.tree.map(lambda leaf, part=part: np.asarray(leaf)[None, part], frames)
            arguments = (self.fused, state, codes[None, part].astype(np.int32), block)
            state = self._call("prefill", 1, size, self._extend, arguments)
            done += size
        return state

    def restore(self, codes: Codes, frames: Frames, *, seed: int, frame: int) -> State:
        """Return the state before `frame` after frames whose codes [T, K] are known, with nothing before them.

        Goes in blocks of BLOCK, so all lengths share one program. What is missing to whole blocks comes before the
        frames, and is not real.
        """
        missing = -len(codes) % BLOCK
        state = self.start(seed=seed, frame=frame - len(codes) - missing)
        state = state._replace(seen=jnp.asarray(-missing, jnp.int32))
        rows = np.maximum(np.arange(len(codes) + missing) - missing, 0)
        padded = np.where((np.arange(len(rows)) < missing)[:, None], NO_CODE, codes[rows])
        return self.prefill(state, padded, jax.tree.map(lambda leaf: np.asarray(leaf)[rows], frames))

    def _extend(self, fused: Fused, state: State, codes: Array, frames: Frames) -> State:
        after, _ = extend(fused, self.config, stack_rows((state,)), codes, frames)
        return split_rows(after)[0]

    def _call(self, name: str, batch: int, chunk: int, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        key = (name, batch, chunk)
        if key not in self._compiled:
            self._compiled[key] = jax.jit(function).lower(*arguments).compile()
        return self._compiled[key](*arguments)
