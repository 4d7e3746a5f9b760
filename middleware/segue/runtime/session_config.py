"""How a session buffers and reacts: one frozen record of its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from segue.contract import (
    FRAME_RATE,
    FRAME_SIZE,
    LONGEST_CHUNK_FRAMES,
    LONGEST_LOOKAHEAD_S,
    SAMPLE_RATE,
    SHORTEST_LOOKAHEAD_S,
)


@dataclass(frozen=True, kw_only=True)
class SessionConfig:
    """The numbers of one session.

    Attributes:
        seed: Seed of the sampling noise, and of all chance of the rules.
        chunk_frames: Frames generated at once, 1 to 250.
        lookahead_s: How far the service fills the buffer beyond the client's committed position, 0.2 to 30.
        crossfade_ms: Length of the crossfade into a replacement.
        safety_ms: Reserve on top of the measured latency.
        replace_interval_ms: Least time between two replacements.
        min_headroom: Seconds of music generated per second below which nothing is replaced.
        significance: Summed change of weights and scaled controls above which generated frames are replaced.
        history_s: Sound kept behind the committed position, for the loop of the last bars.
        stingers: "included" if the client gets stingers as part of the chunks, so that a stinger replaces the music
            that was sent; "separate" if it mixes them itself.

    Raises:
        ValueError: A number is out of range.
    """

    seed: int = 0
    chunk_frames: int = 10
    lookahead_s: float = 4.0
    crossfade_ms: int = 60
    safety_ms: int = 10
    replace_interval_ms: int = 200
    min_headroom: float = 1.5
    significance: float = 0.05
    history_s: float = 12.0
    stingers: Literal["separate", "included"] = "separate"

    def __post_init__(self) -> None:
        if not 1 <= self.chunk_frames <= LONGEST_CHUNK_FRAMES:
            raise ValueError(f"chunk_frames: expected 1 to {LONGEST_CHUNK_FRAMES}, got {self.chunk_frames}")
        low, high = SHORTEST_LOOKAHEAD_S, LONGEST_LOOKAHEAD_S
        if not low <= self.lookahead_s <= high:
            raise ValueError(f"lookahead_s: expected {low:g} to {high:g}, got {self.lookahead_s}")
        if self.stingers not in ("separate", "included"):
            raise ValueError(f'stingers: expected "separate" or "included", got {self.stingers!r}')

    @property
    def lookahead_samples(self) -> int:
        """The lookahead in samples."""
        return round(self.lookahead_s * SAMPLE_RATE)

    @property
    def crossfade_samples(self) -> int:
        """The crossfade in samples."""
        return self.crossfade_ms * SAMPLE_RATE // 1000

    @property
    def crossfade_frames(self) -> int:
        """The frames that the crossfade touches."""
        return -(-self.crossfade_samples // FRAME_SIZE)

    @property
    def history_frames(self) -> int:
        """The history in frames."""
        return round(self.history_s * FRAME_RATE)
