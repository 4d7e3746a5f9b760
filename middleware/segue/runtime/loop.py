"""The ladder's last rung: the last clean bars again and again, for a while, then a fade to silence. It cannot fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from segue.audio.fades import crossfade
from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Chunk, Request, Result, Samples
from segue_rules.plan import FramePlan

BARS: Final = 2
# Where the loop's end meets its start.
_JOIN_SAMPLES: Final = SAMPLE_RATE // 50
_HOLD_SAMPLES: Final = 16 * SAMPLE_RATE
_FADE_SAMPLES: Final = 4 * SAMPLE_RATE


@dataclass(frozen=True, kw_only=True, eq=False)
class LoopState:
    """bars: what is repeated, float32 [S, 2], its end already joined to its start. offset: where in it `frame` begins.

    frame: the next one. first: the one the loop was entered at.
    """

    bars: Samples
    offset: int
    frame: int
    first: int


class Loop:
    """A Generator that has no music of its own and obeys no control."""

    name: Final = "loop"
    model: Final = "loop"
    controls: Final[frozenset[str]] = frozenset()
    exact_beats: Final = False
    rows: Final = 64
    compiles: Final = False
    threads: Final = 1

    def start(self, *, seed: int, frame: int = 0) -> LoopState:
        """Nothing to repeat: silence."""
        return LoopState(bars=np.zeros((FRAME_SIZE, CHANNELS), np.float32), offset=0, frame=frame, first=frame)

    def capture(self, samples: Samples, plans: Sequence[FramePlan]) -> LoopState:
        """Repeat the last whole bars of these frames' sound, going on in the bar where they end.

        Without two bar lines in them, all of the sound is one bar.
        """
        origin, end = plans[0].frame, plans[-1].frame + 1
        lines = [(p.frame - origin) * FRAME_SIZE + p.bar_start for p in plans if p.bar_start >= 0]
        first, last = (lines[max(0, len(lines) - 1 - BARS)], lines[-1]) if len(lines) > 1 else (0, len(samples))
        bars = samples[first:last].copy()
        join = min(_JOIN_SAMPLES, first, len(bars))
        if join:
            # What led into the first bar leads into it again.
            bars[-join:] = crossfade(bars[-join:], samples[first - join : first])
        return LoopState(bars=bars, offset=(len(samples) - last) % len(bars), frame=end, first=end)

    def generate(self, requests: Sequence[Request[LoopState]]) -> list[Result[LoopState]]:
        """Play each request. Raises: ValueError if a conditioning does not start where its state ends."""
        return [self._one(request) for request in requests]

    def state_bytes(self, state: LoopState) -> int:
        """Memory that keeping `state` costs, in bytes."""
        return state.bars.nbytes

    def pack(self, state: LoopState) -> bytes:
        """Nothing: what it repeats is sound that others made."""
        return b""

    def unpack(self, data: bytes, *, frame: int) -> LoopState:
        """Raises: ValueError, always."""
        raise ValueError("a loop cannot be taken up again")

    def _one(self, request: Request[LoopState]) -> Result[LoopState]:
        state, frames = request.state, request.conditioning.num_frames
        if request.conditioning.frame != state.frame:
            raise ValueError(f"expected conditioning from frame {state.frame}, got {request.conditioning.frame}")
        played = np.arange(frames * FRAME_SIZE) + (state.frame - state.first) * FRAME_SIZE
        level = np.clip(1.0 - (played - _HOLD_SAMPLES) / _FADE_SAMPLES, 0.0, 1.0).astype(np.float32)
        samples = state.bars[(state.offset + played) % len(state.bars)] * level[:, None]
        after = LoopState(bars=state.bars, offset=state.offset, frame=state.frame + frames, first=state.first)
        return Result(state=after, chunk=Chunk(frame=state.frame, samples=samples))
