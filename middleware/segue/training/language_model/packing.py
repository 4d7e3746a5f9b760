"""The codes of a batch of frames in a row, without the places that hold none.

Most frames of notes hold one code of up to 25, so a depth stack over packed codes costs a tenth of a padded one.
B rows, T frames, K codes a frame, P packed positions.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.model.config import NO_CODE, Codes

Integers = NDArray[np.int32]


class PackedCodes(NamedTuple):
    """Each position is one code to predict. frame, step: where it stands. previous: the code before it in its frame.

    real: false for the filling at the end of a row, which repeats place 0 of the last frame.
    """

    code: Integers
    frame: Integers
    step: Integers
    previous: Integers
    real: NDArray[np.bool_]


def _to_predict(codes: Integers, layout: Codes) -> NDArray[np.bool_]:
    """Places that hold a code a model has to choose: after the last event only END_OF_FRAME can come."""
    chosen: NDArray[np.bool_] = codes != NO_CODE
    if layout.ends_early:
        chosen[..., -1] = False
    return chosen


def capacity_for(codes: Integers, layout: Codes, multiple: int = 256) -> int:
    """The least P, a multiple of `multiple`, that holds every row of `codes` [B, T, K]."""
    longest = int(_to_predict(codes, layout).sum(axis=(1, 2)).max())
    return -(-longest // multiple) * multiple


def pack(codes: Integers, layout: Codes, capacity: int) -> PackedCodes:
    """Pack codes [B, T, K] into rows of P = `capacity` positions. Raises: ValueError if a row holds more."""
    rows, frames, _ = codes.shape
    chosen = _to_predict(codes, layout)
    longest = int(chosen.sum(axis=(1, 2)).max())
    if longest > capacity:
        raise ValueError(f"capacity: a row holds {longest} codes, got room for {capacity}")
    shape = (rows, capacity)
    packed = PackedCodes(
        code=np.zeros(shape, np.int32),
        frame=np.full(shape, frames - 1, np.int32),
        step=np.zeros(shape, np.int32),
        previous=np.full(shape, NO_CODE, np.int32),
        real=np.zeros(shape, bool),
    )
    for row in range(rows):
        frame, step = np.nonzero(chosen[row])
        filled = slice(0, len(frame))
        packed.code[row, filled] = codes[row, frame, step]
        packed.frame[row, filled], packed.step[row, filled] = frame, step
        packed.previous[row, filled] = np.where(step > 0, codes[row, frame, step - 1], NO_CODE)
        packed.real[row, filled] = True
    return packed
