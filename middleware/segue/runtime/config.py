"""How a session buffers and reacts: one frozen record of its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from segue.contract import FRAME_RATE, FRAME_SIZE, SAMPLE_RATE


@dataclass(frozen=True, kw_only=True)
class SessionConfig:
    """Numbers of one session.

    seed: of the sampling noise. chunk_frames: frames generated at once, 1 to 250. lookahead_s: how far ahead of the
    client's committed position the service fills. crossfade_ms: at replacements. safety_ms: added to what is measured
    when the first reachable frame is told. replace_interval_ms: least time between two replacements.
    min_headroom: seconds of music generated in a second below which nothing is replaced. significance: summed change
    of weights and scaled controls above which generated frames are replaced. history_s: audio kept behind `committed`
    for the ladder's loop.
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

    def __post_init__(self) -> None:
        if not 1 <= self.chunk_frames <= 250:
            raise ValueError(f"chunk_frames: expected 1 to 250, got {self.chunk_frames}")
        if not 0.2 <= self.lookahead_s <= 30.0:
            raise ValueError(f"lookahead_s: expected 0.2 to 30, got {self.lookahead_s}")

    @property
    def lookahead_samples(self) -> int:
        return round(self.lookahead_s * SAMPLE_RATE)

    @property
    def crossfade_samples(self) -> int:
        return self.crossfade_ms * SAMPLE_RATE // 1000

    @property
    def crossfade_frames(self) -> int:
        return -(-self.crossfade_samples // FRAME_SIZE)

    @property
    def history_frames(self) -> int:
        return round(self.history_s * FRAME_RATE)
