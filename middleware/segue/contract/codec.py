"""The protocol of streaming codecs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.contract.constants import Samples
from segue.contract.music import NoteEvent

State = TypeVar("State")


@dataclass(frozen=True, kw_only=True)
class CodecRequest(Generic[State]):
    """One row of a batch to decode: go on from `state` with codes, int32 [T, K], coarse codebook first."""

    state: State
    codes: NDArray[np.int32]
    stems: bool = False


@dataclass(frozen=True, kw_only=True)
class Decoded(Generic[State]):
    """The state after a request's last frame, and its sound.

    Attributes:
        samples: float32 [S, 2].
        notes: The notes that start in it, where the codec's codes are notes; positions from its first sample on.
        stems: Family -> float32 [S, 2], summing to `samples`; empty unless asked for, and where there are none.
    """

    state: State
    samples: Samples
    notes: tuple[NoteEvent, ...] = ()
    stems: Mapping[str, Samples] = field(default_factory=dict)


class Codec(Protocol[State]):
    """A streaming codec: codes to sound, and sound to codes where that can be done.

    A state is an immutable value: decoding from an old one again is always valid.

    Attributes:
        num_codebooks: K, codes of a frame.
        delay_samples: How far sound lags behind its codes: so many samples of silence come first.
        memory_frames: Frames of the past that a decoder's state depends on: decoding as many again from `start` leads
            to the same state.
        block_frames: Frames that are decoded at once. Where it is more than 1, cuts do not change a bit of the sound;
            decoding again then has to begin a multiple of so many frames after the start.
    """

    @property
    def num_codebooks(self) -> int: ...

    @property
    def delay_samples(self) -> int: ...

    @property
    def memory_frames(self) -> int: ...

    @property
    def block_frames(self) -> int: ...

    def encode(self, samples: Samples) -> NDArray[np.int32]:
        """Codes [T, K] of sound, float32 [S, 2], from its first sample on; what does not fill a frame is left out.

        Raises:
            NotImplementedError: If the codec only decodes.
        """
        ...

    def start(self) -> State:
        """The decoder's state before the first frame."""
        ...

    def decode(self, requests: Sequence[CodecRequest[State]]) -> list[Decoded[State]]:
        """Decode each request; rows are independent, and equal requests in batches of one size give equal bytes.

        However codes are cut into requests, the sound is the same but for rounding.

        Raises:
            ValueError: For codes of another shape or outside their codebooks.
        """
        ...
