"""A codec that decodes in blocks of one size, so that the sound is the same to the bit however codes are cut.

T frames of a request, K codebooks, S samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segue.contract import FRAME_SIZE, Codec, CodecRequest, Decoded, Samples


@dataclass(frozen=True, kw_only=True)
class BlockState:
    """A decoder within a block.

    Attributes:
        before: The inner codec's state before the block.
        codes: int32 [T, K], the block's codes so far, less than a block.
    """

    before: Any
    codes: NDArray[np.int32]


class BlockCodec:
    """Implements segue.contract.Codec over another one, without notes and stems.

    Compiled calls of different sizes round differently. So every call decodes one block; a block whose last codes are
    not known yet is filled up, and decoded again when they are: a frame's sound does not depend on later codes.
    """

    def __init__(self, codec: Codec[Any], block_frames: int) -> None:
        """Decode in blocks.

        Args:
            codec: Decodes a block in one call of one compiled size.
            block_frames: Frames of a block.
        """
        self._codec = codec
        self.block_frames = block_frames
        self.num_codebooks = codec.num_codebooks
        self.delay_samples = codec.delay_samples
        self.memory_frames = codec.memory_frames

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        return self._codec.encode(samples)

    def start(self) -> BlockState:
        return BlockState(before=self._codec.start(), codes=np.zeros((0, self.num_codebooks), np.int32))

    def decode(self, requests: Sequence[CodecRequest[BlockState]]) -> list[Decoded[BlockState]]:
        """Decode each request by itself, because batches of different sizes round differently.

        Raises:
            ValueError: For codes of another shape or outside their codebooks.
        """
        return [self._decoded(request) for request in requests]

    def _decoded(self, request: CodecRequest[BlockState]) -> Decoded[BlockState]:
        expected = (len(request.codes), self.num_codebooks)
        if request.codes.shape != expected:
            raise ValueError(f"codes: expected [T, {self.num_codebooks}], got {list(request.codes.shape)}")
        before = request.state.before
        codes = np.concatenate([request.state.codes, request.codes])
        size = self.block_frames
        whole = len(codes) - len(codes) % size
        samples = []
        for begin in range(0, whole, size):
            made, before = self._block(before, codes[begin : begin + size])
            samples.append(made)
        rest = codes[whole:]
        if len(rest):
            filled = np.concatenate([rest, np.repeat(rest[-1:], size - len(rest), axis=0)])
            made, _ = self._block(before, filled)
            samples.append(made[: len(rest) * FRAME_SIZE])
        sound = np.concatenate([np.zeros((0, 2), np.float32), *samples])[len(request.state.codes) * FRAME_SIZE :]
        return Decoded(state=BlockState(before=before, codes=rest), samples=sound)

    def _block(self, before: Any, codes: NDArray[np.int32]) -> tuple[Samples, Any]:
        (made,) = self._codec.decode([CodecRequest(state=before, codes=codes)])
        return made.samples, made.state
