"""Speed of Magenta RealTime 1 with made-up weights: processor time of a chunk's reading and of its frames.

Processor time, since others may share the machine: on a quiet one the time that passes is less by the number of cores
that share the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import jax
import numpy as np

from segue.model.config import Stack
from segue.model.engine import Run
from segue.model.mrt1.config import EncoderDecoder
from segue.model.mrt1.engine import Mrt1Engine, State, StyleFrames
from segue.model.mrt1.generation import STREAMS
from segue.model.mrt1.generator import TOP_K
from segue.model.mrt1.weights import lazy_random_weights
from segue.model.native.library import load

_FRAMES: Final = 10
_FRAME_MS: Final = 40.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model in one arithmetic, all of one session and one core's time.

    Attributes:
        dtype: float32, bfloat16, or int8 for a decoder in integer kernels beside an encoder in float32.
        read_s: Reading of the context, once a chunk.
        frame_ms: Decoding of a frame.
        read_gflop: Of reading, as multiplications and additions of its matrices.
        frame_mweights: Millions of weights that a frame reads, those of the depth stack once a code.
        source_mb: What a frame reads of the encoder's output besides.
    """

    model: str
    dtype: str
    chunk: int
    read_s: float
    frame_ms: float
    read_gflop: float
    frame_mweights: float
    source_mb: float

    @property
    def whole_ms(self) -> float:
        """A frame, its share of the reading included, in chunks of the longest length."""
        return self.frame_ms + 1e3 * self.read_s / self.chunk


HEADER: Final = (
    f"{'model':<12}{'type':<10}{'read s':>8}{'frame ms':>10}{'together':>10}{'x real time':>13}"
    f"{'read GFLOP':>12}{'M weights':>11}{'MB source':>11}"
)


def row_line(row: Row) -> str:
    """Return a row of the table under HEADER."""
    return (
        f"{row.model:<12}{row.dtype:<10}{row.read_s:>8.2f}{row.frame_ms:>10.1f}{row.whole_ms:>10.1f}"
        f"{_FRAME_MS / row.whole_ms:>13.3f}{row.read_gflop:>12.0f}{row.frame_mweights:>11.0f}{row.source_mb:>11.0f}"
    )


def run(config: EncoderDecoder, dtype: str, *, repeats: int = 3, clock: Callable[[], float] = time.process_time) -> Row:
    """Measure a model: the least of some repeats, what compiles left out.

    Args:
        dtype: As in Row.
        clock: Seconds.

    Raises:
        NativeError: For int8 where there are no integer kernels.
    """
    library = load() if dtype == "int8" else None
    kind = "float32" if dtype == "int8" else dtype
    engine = Mrt1Engine(
        config, lazy_random_weights(config, 1), dtype=kind, top_k=TOP_K, least_frames=1, library=library
    )
    frames = min(_FRAMES, engine.longest_run)
    ones = np.ones(frames, np.float32)
    style = np.zeros((frames, config.style_levels), np.int32)
    asked = StyleFrames(style, ones * 6)

    def decoded(state: State) -> State:
        made: State = engine.generate([Run(state=state, frames=asked, temperature=ones, guidance=ones)])[0].state
        return made

    def read(seed: int) -> State:
        """Return a state whose context nothing was read of yet."""
        codes = np.full((config.context_frames, config.codes.steps), seed, np.int16)
        state = engine.start(seed=seed)._replace(codes=codes, style=style[0])
        jax.block_until_ready(engine.opened(state))
        return state

    states = [read(0)]
    decoded(states[0])
    read_s = frame_s = float("inf")
    for repeat in range(1, repeats + 1):
        began = clock()
        state = read(repeat)
        between = clock()
        decoded(state)
        read_s, frame_s = min(read_s, between - began), min(frame_s, clock() - between)
    return Row(
        model=config.name,
        dtype=dtype,
        chunk=config.chunk_frames,
        read_s=read_s,
        frame_ms=1e3 * frame_s / frames,
        read_gflop=reading_flops(config) / 1e9,
        frame_mweights=frame_weights(config) / 1e6,
        source_mb=engine.source_bytes / 1e6,
    )


def _attention_weights(stack: Stack) -> int:
    return 4 * stack.width * stack.heads * stack.head_width


def _layer_weights(stack: Stack) -> int:
    return _attention_weights(stack) + 3 * stack.width * stack.hidden


def reading_flops(config: EncoderDecoder) -> float:
    """Return the operations of reading a context for both streams: matrices, scores and sums of attention, sources."""
    stack, length = config.encoder, config.source_length
    inner = stack.heads * stack.head_width
    encoder = stack.layers * (_layer_weights(stack) + 2 * length * inner)
    sources = config.temporal.layers * _attention_weights(config.temporal) // 2
    return 2.0 * STREAMS * length * (encoder + sources)


def frame_weights(config: EncoderDecoder) -> int:
    """Return how many weights a frame reads. Of cross-attention, keys and values are read once a chunk."""
    temporal = config.temporal.layers * (_layer_weights(config.temporal) + _attention_weights(config.temporal) // 2)
    depth = config.depth.layers * _layer_weights(config.depth)
    return temporal + config.codes.steps * depth + config.width * sum(config.codes.cardinalities)
