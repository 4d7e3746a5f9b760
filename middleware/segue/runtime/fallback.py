"""What a session falls back on when its generator fails: a chain of simpler generators, of which the last one loops.

A level counts the generators of the chain from 0; the last level is `Loop`, which cannot fail.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from segue.audio.fades import crossfade
from segue.audio.frame_limiter import limit_join
from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Chunk, Request, Result, Samples
from segue_rules.plan import FramePlan

# Seconds on a lower level before the primary one is tried again; doubled after every relapse, up to the last value.
FIRST_PATIENCE_S: Final = 8.0
# The same while no generator has delivered music yet, so that the loop repeats silence.
SILENT_PATIENCE_S: Final = 0.5
MOST_PATIENCE_S: Final = 120.0
# Seconds without failure after which past failures no longer count.
FORGIVEN_S: Final = 30.0
# Clients that underrun once may have been suspended with the machine, and may underrun again while all catch up, which
# takes so long; one that underruns later, within the second time, has a generator that is too slow for the load.
_CATCHING_UP_S: Final = 1.0
_DRY_AGAIN_S: Final = 10.0

# Whole bars that the loop repeats.
BARS: Final = 2
# The crossfade from the loop's end to its start.
_JOIN_SAMPLES: Final = SAMPLE_RATE // 50
_HOLD_SAMPLES: Final = 16 * SAMPLE_RATE
_FADE_SAMPLES: Final = 4 * SAMPLE_RATE


class LevelChange(NamedTuple):
    """A level to go to, and why."""

    level: int
    reason: str


class FallbackChain:
    """Decides when one session goes to a simpler generator, and when it tries the chosen one again.

    Attributes:
        level: The present level.
    """

    def __init__(self, levels: int, primary: int = 0) -> None:
        """Begin at the primary level.

        Args:
            levels: Number of levels.
            primary: Level of the chosen generator; levels above it are never used.

        Raises:
            ValueError: `primary` is no level.
        """
        if not 0 <= primary < levels:
            raise ValueError(f"expected at least one level, and primary among them, got {levels} and {primary}")
        self._last = levels - 1
        self._primary = primary
        self.level = primary
        self._since_s = 0.0
        # How often the client has run dry, and when that was first, as far as it counts.
        self._underruns = 0
        self._dry_s = -math.inf
        self._patience_s = SILENT_PATIENCE_S
        self._has_music = False
        self._due: LevelChange | None = None

    def failed(self, now_s: float, reason: str) -> None:
        """Note that the present level's generator raised, or did not deliver in time."""
        if self.level < self._last:
            if now_s - self._since_s < FORGIVEN_S and self.level == self._primary and self._since_s > 0.0:
                self._patience_s = min(2 * self._patience_s, MOST_PATIENCE_S)
            self._go(LevelChange(self.level + 1, reason), now_s)

    def relieves(self, underruns: int, now_s: float, *, may_leave: bool) -> bool:
        """Go to a simpler generator if the client underruns again though no call fails: the machine is too busy.

        That leaves more time to the other sessions.

        Args:
            underruns: How often the client had no music left so far.
            now_s: The present time.
            may_leave: Whether the session may change its generator now.

        Returns:
            Whether it does.
        """
        if underruns == self._underruns:
            return False
        since_s = now_s - self._dry_s
        if _CATCHING_UP_S <= since_s <= _DRY_AGAIN_S and self.level < self._last:
            if may_leave:
                self._underruns, self._dry_s = underruns, -math.inf
                self.failed(now_s, "the machine is too busy")
            return may_leave
        self._underruns = underruns
        if since_s > _DRY_AGAIN_S:
            self._dry_s = now_s
        return False

    def succeeded(self, now_s: float) -> None:
        """Note that the present level delivered; after long enough the primary level is tried again."""
        if not self._has_music and self.level < self._last:
            self._has_music, self._patience_s = True, FIRST_PATIENCE_S
        if self.level > self._primary and now_s - self._since_s >= self._patience_s:
            self._go(LevelChange(self._primary, f"{self._patience_s:g} s without failure"), now_s)
        elif self.level == self._primary and now_s - self._since_s >= FORGIVEN_S:
            self._patience_s = FIRST_PATIENCE_S

    def take_change(self) -> LevelChange | None:
        """Return the change decided since the last call, None for none."""
        change, self._due = self._due, None
        return change

    def _go(self, change: LevelChange, now_s: float) -> None:
        self.level, self._since_s, self._due = change.level, now_s, change


@dataclass(frozen=True, kw_only=True, eq=False)
class LoopState:
    """Before a frame of the loop.

    Attributes:
        bars: What is repeated, float32 [S, 2], its end already crossfaded into its start.
        offset: The sample of `bars` that `first` begins with.
        frame: The next frame.
        first: The frame at which the loop began.
    """

    bars: Samples
    offset: int
    frame: int
    first: int


class Loop:
    """A Generator that repeats the last clean bars for a while, then fades to silence. It follows no control."""

    name: Final = "loop"
    model: Final = "loop"
    encoder: Final = ""
    controls: Final[frozenset[str]] = frozenset()
    exact_beats: Final = False
    rows: Final = 64
    compiles: Final = False
    threads: Final = 1

    def start(self, *, seed: int, frame: int = 0) -> LoopState:
        """Return a state that repeats silence."""
        return LoopState(bars=np.zeros((FRAME_SIZE, CHANNELS), np.float32), offset=0, frame=frame, first=frame)

    def capture(self, samples: Samples, plans: Sequence[FramePlan]) -> LoopState:
        """Return a state that repeats the last whole bars of some music, beginning within the bar where it ends.

        Args:
            samples: float32 [S, 2]. With fewer than two bar lines, all of it is repeated.
            plans: The plans of its frames.
        """
        origin, end = plans[0].frame, plans[-1].frame + 1
        lines = [(p.frame - origin) * FRAME_SIZE + p.bar_start for p in plans if p.bar_start >= 0]
        first, last = (lines[max(0, len(lines) - 1 - BARS)], lines[-1]) if len(lines) > 1 else (0, len(samples))
        bars = samples[first:last].copy()
        join = min(_JOIN_SAMPLES, first, len(bars))
        if join:
            # The sound before the first bar leads into it again.
            bars[-join:] = limit_join(crossfade(bars[-join:], samples[first - join : first]))
        return LoopState(bars=bars, offset=(len(samples) - last) % len(bars), frame=end, first=end)

    def generate(self, requests: Sequence[Request[LoopState]]) -> list[Result[LoopState]]:
        """Play each request.

        Raises:
            ValueError: A conditioning does not start where its state ends.
        """
        return [self._one(request) for request in requests]

    def state_bytes(self, state: LoopState) -> int:
        """Return the memory that `state` takes, in bytes."""
        return state.bars.nbytes

    def pack(self, state: LoopState) -> bytes:
        """Return nothing: the loop repeats sound that other generators made."""
        return b""

    def unpack(self, data: bytes, *, frame: int) -> LoopState:
        """Refuse, because a loop cannot be restored.

        Raises:
            ValueError: Always.
        """
        raise ValueError("a loop cannot be restored")

    def _one(self, request: Request[LoopState]) -> Result[LoopState]:
        state, frames = request.state, request.conditioning.num_frames
        if request.conditioning.frame != state.frame:
            raise ValueError(f"expected conditioning from frame {state.frame}, got {request.conditioning.frame}")
        played = np.arange(frames * FRAME_SIZE) + (state.frame - state.first) * FRAME_SIZE
        volume = np.clip(1.0 - (played - _HOLD_SAMPLES) / _FADE_SAMPLES, 0.0, 1.0).astype(np.float32)
        samples = state.bars[(state.offset + played) % len(state.bars)] * volume[:, None]
        after = LoopState(bars=state.bars, offset=state.offset, frame=state.frame + frames, first=state.first)
        return Result(state=after, chunk=Chunk(frame=state.frame, samples=samples))
