"""A language model's state as bytes: its noise position, and the codes of the last seconds with their conditioning.

Layout: the model's checksum (uint32), seed (uint32), noise position (int64), frames T, styles N, embedding width D
(uint16 each) and whether embeddings and weights are float16 (uint8); then, deflated, the embeddings, the weights, the
fields of `history.FIELDS` and the codes, incremented by one (uint16). Each array lies quantity by quantity, its lowest
bytes first; weights and fields are differences from the frame before, modulo their width: what stands still is zeros.
"""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from segue.contract import MOST_STATE_BYTES, Conditioning, StyleBank
from segue.model.config import END_OF_FRAME, NO_CODE
from segue.model.config import Codes as CodeLayout
from segue.model.engine import LanguageModel
from segue.model.history import FIELDS, MOST_FRAMES, History, Played

_HEAD: Final = struct.Struct("<IIqHHHB")
_LEVEL: Final = 4
# The limit on what untrusted bytes may ask for: six times what the widest styles tried inflate to.
_MOST_INFLATED: Final = 1 << 20
# Weights are rounded to float32 wherever they are summed; embeddings may have come as float16.
_NEAR_ONE: Final = 1e-2
_WORDS: Final = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


class NoisePosition(NamedTuple):
    """A row's position in the noise: its seed, 32 bits, and the frame whose noise comes next."""

    seed: int
    frame: int


def model_hash(engine: LanguageModel) -> str:
    """Return the hash of the configuration and of all weights as they compute, hexadecimal; reads every weight."""
    digest = hashlib.sha256(repr(engine.config).encode())
    for leaf in jax.tree.leaves(engine.fused):
        digest.update(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def pack(model: str, position: NoisePosition, history: History, keep: int) -> bytes:
    """Return the last `keep` frames in at most MOST_STATE_BYTES; where they do not fit, styles and weights lose their
    last bits first, then the oldest frames are dropped."""
    keep = min(keep, history.num_frames)
    half = False
    while keep:
        packed = _packed(model, position, history.last(keep), half=half)
        if len(packed) <= MOST_STATE_BYTES:
            return packed
        if half:
            # What one frame takes is mostly styles and stays; the rest shrinks with the frames, if not quite evenly.
            least = len(_packed(model, position, history.last(1), half=True))
            keep = keep * 15 * max(0, MOST_STATE_BYTES - least) // (16 * max(1, len(packed) - least))
        half = True
    return _head(model, position, (0, 0, 0, False)) + zlib.compress(b"")


def unpack(model: str, data: bytes, layout: CodeLayout) -> tuple[NoisePosition, Played | None]:
    """Return what was packed; its frames are numbered from 0. None: nothing was played.

    Raises:
        ValueError: For bytes that another model packed, that are damaged, or that say what no state can.
    """
    if len(data) > MOST_STATE_BYTES or len(data) < _HEAD.size or data[:4] != _sum(model):
        raise ValueError(f"expected {_HEAD.size} to {MOST_STATE_BYTES} bytes packed by {model}")
    _, seed, frame, num_frames, num_styles, width, half = _HEAD.unpack_from(data)
    if abs(frame) >= 2**31 or num_frames > MOST_FRAMES or half > 1:
        raise ValueError("expected a state's position and sizes")
    position = NoisePosition(seed, frame)
    if num_frames == 0:
        return position, None
    shapes = _shapes(num_frames, num_styles, width, layout.steps, half=bool(half))
    raw = _inflated(data[_HEAD.size :], sum(dtype.itemsize * math.prod(shape) for dtype, shape in shapes))
    embeddings, weights, *rows, codes = _arrays(raw, shapes)
    played = Played(
        styles=_styles(embeddings),
        conditioning=_conditioning(weights, dict(zip(FIELDS, rows, strict=True))),
        codes=_spelled(layout, codes.astype(np.int32) + NO_CODE),
    )
    return position, played


def _head(model: str, position: NoisePosition, sizes: tuple[int, int, int, bool]) -> bytes:
    return _HEAD.pack(zlib.crc32(model.encode()), *position, *sizes)


def _sum(model: str) -> bytes:
    return struct.pack("<I", zlib.crc32(model.encode()))


def _packed(model: str, position: NoisePosition, played: Played, *, half: bool) -> bytes:
    """Return the frames of `played`, however many bytes they take."""
    embeddings, conditioning = played.styles.embeddings, played.conditioning
    num_frames, (num_styles, width) = conditioning.num_frames, embeddings.shape
    rows = [getattr(conditioning, name) for name in FIELDS]
    codes = played.codes - np.int16(NO_CODE)
    shapes = _shapes(num_frames, num_styles, width, codes.shape[1], half=half)
    words = [
        _words(array.astype(dtype))
        for array, (dtype, _) in zip((embeddings, conditioning.weights, *rows, codes), shapes, strict=True)
    ]
    words[1:-1] = [_differences(array) for array in words[1:-1]]
    deflated = zlib.compress(b"".join(_planes(array) for array in words), _LEVEL)
    return _head(model, position, (num_frames, num_styles, width, half)) + deflated


def _shapes(
    num_frames: int, num_styles: int, width: int, steps: int, *, half: bool
) -> list[tuple[np.dtype[Any], tuple[int, ...]]]:
    """Return the type and shape of each array, in order: embeddings, weights, the fields, codes."""
    fields = [(np.dtype(dtype), (num_frames,)) for dtype, _, _ in FIELDS.values()]
    real = np.dtype("<f2" if half else "<f4")
    return [
        (real, (num_styles, width)),
        (real, (num_frames, num_styles)),
        *fields,
        (np.dtype("<u2"), (num_frames, steps)),
    ]


def _arrays(raw: bytes, shapes: Sequence[tuple[np.dtype[Any], tuple[int, ...]]]) -> Iterator[NDArray[Any]]:
    """Return the inverse of what `_packed` joins."""
    begin = 0
    for index, (dtype, shape) in enumerate(shapes):
        size = dtype.itemsize * math.prod(shape)
        planes = np.frombuffer(raw, np.uint8, size, begin).reshape(dtype.itemsize, *shape[::-1])
        words = np.ascontiguousarray(planes.T).view(_WORDS[dtype.itemsize])[..., 0]
        if 0 < index < len(shapes) - 1:
            words = np.cumsum(words, axis=0, dtype=words.dtype)
        yield words.view(dtype)
        begin += size


def _words(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array's bits as whole numbers."""
    return np.ascontiguousarray(array).view(_WORDS[array.itemsize])


def _differences(words: NDArray[Any]) -> NDArray[Any]:
    """Return the differences from row to row, modulo the words' width; `_arrays` sums them up again."""
    return np.diff(words, axis=0, prepend=np.zeros_like(words[:1]))


def _planes(words: NDArray[Any]) -> bytes:
    """Return all first bytes, then all second ones, each with the last axis slowest."""
    return words.view(np.uint8).reshape(*words.shape, words.itemsize).T.tobytes()


def _inflated(deflated: bytes, size: int) -> bytes:
    """Inflate frames.

    Raises:
        ValueError: For bytes that are not a whole stream of `size` bytes, or for an excessive size.
    """
    if size > _MOST_INFLATED:
        raise ValueError(f"expected frames of at most {_MOST_INFLATED} bytes, got {size}")
    stream = zlib.decompressobj()
    try:
        raw = stream.decompress(deflated, size + 1)
    except zlib.error as error:
        raise ValueError(f"expected deflated frames: {error}") from error
    if len(raw) != size or not stream.eof or stream.unused_data:
        raise ValueError(f"expected one whole stream of {size} bytes")
    return raw


def _styles(embeddings: NDArray[np.floating[Any]]) -> StyleBank:
    """Return the styles of embeddings.

    Raises:
        ValueError: Unless all are unit vectors.
    """
    if not np.isfinite(embeddings).all() or not (np.abs(embeddings) <= 1 + _NEAR_ONE).all():
        raise ValueError("style embeddings: expected numbers from -1 to 1")
    if not (np.abs(np.linalg.norm(embeddings, axis=1) - 1) < _NEAR_ONE).all():
        raise ValueError("style embeddings: expected unit vectors")
    names = tuple(str(number) for number in range(len(embeddings)))
    return StyleBank(names=names, embeddings=embeddings.astype(np.float32))


def _conditioning(weights: NDArray[np.floating[Any]], rows: dict[str, NDArray[Any]]) -> Conditioning:
    """Return conditioning from its arrays.

    Raises:
        ValueError: For numbers that no conditioning holds.
    """
    within = ((weights >= 0) & (weights <= 1 + _NEAR_ONE)).all()
    if not within or not (np.abs(weights.sum(axis=1, dtype=np.float32) - 1) < _NEAR_ONE).all():
        raise ValueError("weights: expected rows that sum to 1")
    for name, (_, low, high) in FIELDS.items():
        if not ((rows[name] >= low) & (rows[name] <= high)).all():
            raise ValueError(f"{name}: expected numbers from {low:g} to {high:g}")
    return Conditioning(frame=0, weights=weights.astype(np.float32), **rows)


def _spelled(layout: CodeLayout, codes: NDArray[np.int32]) -> NDArray[np.int16]:
    """Check the codes of frames.

    Raises:
        ValueError: For frames that the model cannot spell.
    """
    steps = np.arange(layout.steps)
    books = steps % layout.num_codebooks
    lengths = np.full(len(codes), layout.steps)
    if layout.ends_early:
        ends = (codes == END_OF_FRAME) & (books == 0)
        lengths = np.where(ends.any(axis=1), 1 + ends.argmax(axis=1), 0)
    within = steps < lengths[:, None]
    known = (codes >= 0) & (codes < np.array(layout.cardinalities)[books])
    if not (np.where(within, known, codes == NO_CODE).all() and (lengths > 0).all()):
        raise ValueError("codes: expected frames as the model spells them")
    return codes.astype(np.int16)
