"""The configurations of Magenta RealTime 1, checked at construction.

Source: magenta-rt 0.3.0, `mrt_merged_base.gin` and `mrt_merged_large.gin`; Live Music Models (arXiv 2508.04651).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue.model.config import Codes, Stack

MASK: Final = 1
"""Stands for context that does not exist yet, and for a style that is not given. Row 0 comes before a chunk."""


@dataclass(frozen=True, kw_only=True)
class EncoderDecoder:
    """One model: a T5 1.1 encoder, and a decoder of a temporal stack over frames and a depth stack over their codes.

    One table embeds all tokens: two reserved ones, the codes of all levels, rows that are not used, the tokens of
    styles.

    Attributes:
        encoder, temporal, depth: Stacks of one width.
        context_frames: Frames that the encoder reads.
        context_levels: Codes of each that it reads, the coarsest.
        chunk_frames: Most frames that are decoded after one reading.
        style_levels: Tokens of a style.
        unused: Rows between codes and styles.
        rows: Of the table; the model was trained with more than it uses.
        temporal_buckets, depth_buckets: Learned biases of distances in each stack of the decoder; the distance from
            which on all share one is as great.
    """

    name: str
    codes: Codes
    encoder: Stack
    temporal: Stack
    depth: Stack
    rows: int
    context_frames: int = 250
    context_levels: int = 4
    chunk_frames: int = 50
    style_levels: int = 6
    style_cardinality: int = 1_024
    unused: int = 1_024
    temporal_buckets: int = 128
    depth_buckets: int = 16

    def __post_init__(self) -> None:
        widths = {stack.width for stack in (self.encoder, self.temporal, self.depth)}
        if len(widths) > 1:
            raise ValueError(f"width: expected stacks of one width, got {sorted(widths)}")
        equal = len(set(self.codes.cardinalities)) == 1
        if self.codes.ends_early or self.codes.reserved != MASK + 1 or not equal:
            expected = f"audio frames of levels of one size after {MASK + 1} reserved rows"
            raise ValueError(f"codes: expected {expected}, got {self.codes}")
        if not 1 <= self.context_levels <= self.codes.steps:
            raise ValueError(f"context_levels: expected 1 to {self.codes.steps}, got {self.context_levels}")
        if self.style_offset + self.style_levels * self.style_cardinality > self.rows:
            needed = self.style_offset + self.style_levels * self.style_cardinality
            raise ValueError(f"rows: expected at least {needed}, got {self.rows}")

    @property
    def width(self) -> int:
        return self.encoder.width

    @property
    def style_offset(self) -> int:
        """Row of the first style token."""
        return self.codes.vocabulary + self.unused

    @property
    def source_length(self) -> int:
        """Tokens that the encoder reads: the context's, frame by frame, then the style's."""
        return self.context_frames * self.context_levels + self.style_levels

    @property
    def decoded_length(self) -> int:
        """Tokens of the longest chunk."""
        return self.chunk_frames * self.codes.steps

    @property
    def receptive_field(self) -> int:
        """Frames of the past that can reach a frame's logits."""
        return self.context_frames + self.chunk_frames


def _released(name: str, *, width: int, hidden: int, heads: int, encoder_layers: int) -> EncoderDecoder:
    """Return a released size; what the sizes share is here."""

    def stack(layers: int) -> Stack:
        return Stack(layers=layers, width=width, hidden=hidden, heads=heads, head_width=64)

    return EncoderDecoder(
        name=name,
        codes=Codes(cardinalities=(1_024,) * 16, reserved=MASK + 1),
        encoder=stack(encoder_layers),
        temporal=stack(20),
        depth=stack(4),
        # 29 698, of which 23 554 are used, rounded up to a multiple of 128.
        rows=29_824,
    )


MRT1_BASE: Final = _released("mrt1_base", width=768, hidden=2_048, heads=12, encoder_layers=12)
MRT1_LARGE: Final = _released("mrt1_large", width=1_024, hidden=2_816, heads=16, encoder_layers=24)

# The same mathematics small enough to prove in seconds. The sizes differ where the model lets them.
MRT1_TINY: Final = EncoderDecoder(
    name="mrt1_tiny",
    codes=Codes(cardinalities=(16,) * 4, reserved=MASK + 1),
    encoder=Stack(layers=2, width=24, hidden=40, heads=3, head_width=10),
    temporal=Stack(layers=3, width=24, hidden=40, heads=3, head_width=10),
    depth=Stack(layers=2, width=24, hidden=40, heads=3, head_width=10),
    rows=128,
    context_frames=15,
    context_levels=2,
    chunk_frames=6,
    style_levels=3,
    style_cardinality=11,
    unused=16,
    temporal_buckets=16,
    depth_buckets=4,
)

MRT1_CONFIGS: Final = {config.name: config for config in (MRT1_BASE, MRT1_LARGE, MRT1_TINY)}
