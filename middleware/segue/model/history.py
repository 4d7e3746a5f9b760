"""The last frames that a language model played, with their conditioning: enough to rebuild its state.

T frames, N styles, D embedding width, K codes a frame.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.contract import FRAME_RATE, Conditioning, StyleBank
from segue.model.config import Configuration

# A save holds at least ten seconds; the codec may remember longer than the language model.
_LEAST_FRAMES: Final = 10 * FRAME_RATE
# More than any configuration keeps; the limit on what untrusted bytes may ask for.
MOST_FRAMES: Final = 1_024
# Fields of Conditioning that a model may read, one number a frame, and the range of each; the mix comes beside them.
FIELDS: Final[Mapping[str, tuple[str, float, float]]] = {
    "tempo_bpm": ("<f4", 1.0, 1_000.0),
    "ticks": ("<i8", -(2.0**53), 2.0**53),
    "bar": ("<i4", -(2.0**31), 2.0**31),
    "bar_ticks": ("<i8", -(2.0**53), 2.0**53),
    "meter": ("i1", 1, 127),
    "tonic": ("i1", -1, 11),
    "mode": ("i1", 0, 5),
    "drums": ("i1", -1, 1),
    "intensity": ("<f4", 0.0, 1.0),
    "temperature": ("<f4", 0.0, 1_000.0),
    "guidance": ("<f4", 0.0, 1_000.0),
}


class Played(NamedTuple):
    """Consecutive frames as generated.

    Attributes:
        codes: The model's own, int16 [T, K], NO_CODE past a frame's end.
    """

    styles: StyleBank
    conditioning: Conditioning
    codes: NDArray[np.int16]

    def since(self, frame: int) -> Played:
        """Return the history without the first `frame` frames."""
        return Played(self.styles, self.conditioning[frame:], self.codes[frame:]) if frame else self

    @property
    def nbytes(self) -> int:
        rows = (getattr(self.conditioning, name) for name in ("weights", *FIELDS))
        return self.codes.nbytes + sum(row.nbytes for row in rows)


def frames_to_keep(config: Configuration, block: int) -> int:
    """Return all that can reach the next frame, and at least ten seconds, in whole blocks."""
    return -(-max(_LEAST_FRAMES, config.receptive_field) // block) * block


@dataclass(frozen=True)
class History:
    """The last frames played, in the pieces they were generated in, which it shares with the histories before it."""

    pieces: tuple[Played, ...] = ()

    @property
    def num_frames(self) -> int:
        return sum(len(piece.codes) for piece in self.pieces)

    @property
    def nbytes(self) -> int:
        return sum(piece.nbytes for piece in self.pieces)

    def grown(self, piece: Played, keep: int) -> History:
        """Return the history with `piece` at the end; the oldest pieces leave as long as `keep` frames stay."""
        return History(_latest((*self.pieces, piece), keep))

    def last(self, keep: int) -> Played:
        """Return the last `keep` frames, or all, as one piece, with the styles that sound in them alone.

        Raises:
            ValueError: For a history of nothing.
        """
        pieces = _latest(self.pieces, keep)
        if not pieces:
            raise ValueError("expected a history of at least one frame")
        spare = sum(len(piece.codes) for piece in pieces) - keep
        pieces = (pieces[0].since(max(0, spare)), *pieces[1:])
        rows: dict[str, NDArray[Any]] = {
            name: np.concatenate([getattr(piece.conditioning, name) for piece in pieces]) for name in FIELDS
        }
        styles, weights = _merged(pieces)
        return Played(
            styles=styles,
            conditioning=Conditioning(frame=pieces[0].conditioning.frame, weights=weights, **rows),
            codes=np.concatenate([piece.codes for piece in pieces]),
        )


def _latest(pieces: tuple[Played, ...], keep: int) -> tuple[Played, ...]:
    """Return the last pieces that hold `keep` frames; all if they hold less."""
    missing, first = keep, len(pieces)
    while first and missing > 0:
        first -= 1
        missing -= len(pieces[first].codes)
    return pieces[first:]


def _merged(pieces: tuple[Played, ...]) -> tuple[StyleBank, NDArray[np.float32]]:
    """Return the styles that sound in the pieces, each once, and their weights [T, N]."""
    columns: dict[bytes, int] = {}
    columns_played: list[tuple[int, int, NDArray[np.float32]]] = []
    row = 0
    for piece in pieces:
        weights, embeddings = piece.conditioning.weights, piece.styles.embeddings
        for own in np.flatnonzero(weights.any(axis=0)):
            column = columns.setdefault(embeddings[own].tobytes(), len(columns))
            columns_played.append((row, column, weights[:, own]))
        row += len(piece.codes)
    merged = np.zeros((row, len(columns)), np.float32)
    for begin, column, own_weights in columns_played:
        merged[begin : begin + len(own_weights), column] += own_weights
    embeddings = np.frombuffer(b"".join(columns), np.float32).reshape(len(columns), -1)
    return StyleBank(names=tuple(str(column) for column in range(len(columns))), embeddings=embeddings), merged
