"""The sizes of a SpectroStream, checked at construction, and the two that ship.

A *row* is one spectrum of the short-time Fourier transform; a frame of codes holds several.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple

Size = tuple[int, int]
# The kernel of convolutions that keep the size. Resampling ones have two taps a step, or these three.
_TAPS: Final = 3


class Block(NamedTuple):
    """A residual block that changes the resolution: the encoder's lowers it, the decoder's raises it.

    Attributes:
        name: As in the stored weights.
        strides: Rows and bins that become one, or that one becomes.
        inputs, outputs: Widths.
    """

    name: str
    strides: Size
    inputs: int
    outputs: int

    @property
    def kernel(self) -> Size:
        """Taps of the resampling convolution."""
        return max(_TAPS, 2 * self.strides[0]), max(_TAPS, 2 * self.strides[1])

    @property
    def projects(self) -> bool:
        """Whether the shortcut changes the width."""
        return self.inputs != self.outputs


@dataclass(frozen=True, kw_only=True)
class SpectroStreamConfig:
    """One codec.

    The encoder's last block and the decoder's first see all channels; the other blocks treat each channel alone, with
    the same weights.

    Attributes:
        hop: Samples from one row to the next; a window is two, and a row has as many bins.
        channels: Of the sound.
        strides: Of the encoder's blocks, (rows, bins); the decoder's are the same backwards.
        multipliers: How many times wider each block of the encoder makes its input.
        encoder_width: Of the encoder's first convolution.
        decoder_width: Of the decoder's last block.
        outer_taps: Taps of the first convolution of the encoder and the last of the decoder, in both directions.
        embedding_width: Of a frame between encoder and decoder.
        num_codebooks: Levels of the residual quantiser.
        cardinality: Vectors in each codebook.
        lookahead: Frames whose codes the decoder has read before it sounds the first.
    """

    name: str
    hop: int
    channels: int = 2
    strides: tuple[Size, ...] = ((1, 2), (1, 2), (1, 3), (1, 2), (1, 2), (2, 2), (2, 1))
    multipliers: tuple[int, ...] = (2, 1, 2, 1, 1, 2, 1)
    encoder_width: int
    decoder_width: int
    outer_taps: int
    embedding_width: int
    num_codebooks: int
    cardinality: int
    lookahead: int = 1

    def __post_init__(self) -> None:
        if len(self.strides) != len(self.multipliers) or len(self.strides) < 2:
            raise ValueError(
                f"strides and multipliers: expected two or more of each and as many of both, got {len(self.strides)} "
                f"and {len(self.multipliers)}"
            )
        if self.hop % self.bins_a_band:
            raise ValueError(f"hop: expected a multiple of {self.bins_a_band}, the bins' total stride, got {self.hop}")
        if self.lookahead < 1:
            raise ValueError(f"lookahead: expected at least 1 frame, got {self.lookahead}")
        if self.outer_taps % 2 == 0:
            raise ValueError(f"outer_taps: expected an odd number, got {self.outer_taps}")

    @property
    def rows(self) -> int:
        """Rows of a frame."""
        return math.prod(rows for rows, _ in self.strides)

    @property
    def bins_a_band(self) -> int:
        return math.prod(bins for _, bins in self.strides)

    @property
    def bands(self) -> int:
        """The resolution in frequency between encoder and decoder."""
        return self.hop // self.bins_a_band

    @property
    def frame_size(self) -> int:
        """Samples of a frame."""
        return self.rows * self.hop

    @property
    def delay(self) -> int:
        """Samples by which decoded sound lags behind its codes."""
        return self.lookahead * self.frame_size

    @property
    def encoder_top(self) -> int:
        """The width of the encoder's last block."""
        return self.encoder_width * math.prod(self.multipliers)

    @property
    def decoder_top(self) -> int:
        """The width before the decoder's first block."""
        return self.decoder_width * math.prod(self.multipliers)

    @cached_property
    def encoder_blocks(self) -> tuple[Block, ...]:
        blocks, width = [], self.encoder_width
        for index, (strides, multiplier) in enumerate(zip(self.strides, self.multipliers, strict=True)):
            inputs = width * (self.channels if index == len(self.strides) - 1 else 1)
            width *= multiplier
            blocks.append(Block(f"encoder_{index}", strides, inputs, width))
        return tuple(blocks)

    @cached_property
    def decoder_blocks(self) -> tuple[Block, ...]:
        blocks, width = [], self.decoder_top
        steps = zip(self.strides[::-1], self.multipliers[::-1], strict=True)
        for index, (strides, multiplier) in enumerate(steps):
            outputs = width // multiplier * (self.channels if index == 0 else 1)
            blocks.append(Block(f"decoder_{index}", strides, width, outputs))
            width //= multiplier
        return tuple(blocks)

    @property
    def memory_frames(self) -> int:
        """Frames of the past that the decoder's state depends on."""
        # Rows that each layer keeps, from the overlapping windows back to the codes.
        rows = 1 + self.outer_taps - 1
        for block in reversed(self.decoder_blocks):
            rows += _TAPS - 1
            stride = block.strides[0]
            rows = rows + _TAPS - 1 if stride == 1 else -(-rows // stride) + 1
        return rows + 2 * (_TAPS - 1)


SPECTROSTREAM: Final = SpectroStreamConfig(
    name="spectrostream",
    hop=480,
    encoder_width=32,
    decoder_width=64,
    outer_taps=7,
    embedding_width=256,
    num_codebooks=64,
    cardinality=1_024,
)

# The same mathematics small enough to prove in seconds; sizes are all different, so that no two can be swapped.
SPECTROSTREAM_TINY: Final = SpectroStreamConfig(
    name="spectrostream_tiny",
    hop=192,
    encoder_width=6,
    decoder_width=5,
    outer_taps=7,
    embedding_width=20,
    num_codebooks=9,
    cardinality=16,
)
