"""A small generator for tests: an oscillator whose pitch is the mix, with noise keyed by (seed, frame)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgpack
import numpy as np

from segue.contract import FRAME_SIZE, SAMPLE_RATE, Chunk, Request, Result

FAILURES = "the toy was told to fail"


class ToyState(NamedTuple):
    """The state before `frame`. phase: of the oscillator. level: the mix through a one-pole filter."""

    seed: int
    frame: int
    phase: float
    level: float


class ToyGenerator:
    """A generator whose every sample depends on the whole past of the conditioning."""

    encoder = ""
    controls = frozenset({"tempo"})
    exact_beats = True
    rows = 64
    compiles = False
    threads = 1

    def __init__(self, name: str = "toy", amplitude: float = 0.3) -> None:
        self.name = self.model = name
        self.amplitude = amplitude
        self.failing = False
        self.calls = 0

    def start(self, *, seed: int, frame: int = 0) -> ToyState:
        return ToyState(seed, frame, 0.0, 0.0)

    def generate(self, requests: Sequence[Request[ToyState]]) -> list[Result[ToyState]]:
        self.calls += 1
        if self.failing:
            raise RuntimeError(FAILURES)
        return [self._one(request) for request in requests]

    def pack(self, state: ToyState) -> bytes:
        return msgpack.packb(list(state))

    def unpack(self, data: bytes, *, frame: int) -> ToyState:
        try:
            seed, _, phase, level = msgpack.unpackb(data)
            return ToyState(int(seed), frame, float(phase), float(level))
        except (TypeError, msgpack.UnpackException) as error:
            raise ValueError(f"not a toy's state: {error}") from error

    def _one(self, request: Request[ToyState]) -> Result[ToyState]:
        state, conditioning = request.state, request.conditioning
        if conditioning.frame != state.frame:
            raise ValueError(f"expected conditioning from frame {state.frame}, got {conditioning.frame}")
        phase, level, blocks = state.phase, state.level, []
        for t in range(conditioning.num_frames):
            level += 0.2 * (float(conditioning.weights[t, 0]) - level)
            hertz = 110.0 * (1.0 + level) + float(conditioning.tempo_bpm[t])
            steps = phase + np.arange(1, FRAME_SIZE + 1) * (hertz / SAMPLE_RATE)
            phase = float(steps[-1] % 1.0)
            noise = np.random.default_rng((state.seed, conditioning.frame + t)).normal(0.0, 1e-4, (FRAME_SIZE, 2))
            blocks.append(self.amplitude * np.sin(2 * np.pi * steps)[:, None] + noise)
        samples = np.concatenate(blocks).astype(np.float32)
        after = ToyState(state.seed, state.frame + conditioning.num_frames, phase, level)
        return Result(state=after, chunk=Chunk(frame=conditioning.frame, samples=samples))

    def state_bytes(self, state: ToyState) -> int:
        return 32
