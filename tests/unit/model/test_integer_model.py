"""Magenta RealTime 2 in integers beside float32: its errors, sound that does not depend on cuts, exact restores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from contract.generators import integer_kernels
from segue.contract import CodecRequest, Samples
from segue.model.config import MRT2_TINY
from segue.model.depthformer import score
from segue.model.engine import Engine
from segue.model.floor import probe_frames
from segue.model.native.library import Library
from segue.model.native.packed_matrix import PackedMatrix
from segue.model.spectrostream.codec import SpectroStream
from segue.model.spectrostream.config import SPECTROSTREAM_TINY
from segue.model.spectrostream.weights import lazy_random_decoder
from segue.model.state import stack_rows
from segue.model.weights import lazy_random_weights

CODEC = replace(
    SPECTROSTREAM_TINY,
    name="spectrostream_short",
    hop=24,
    strides=((1, 3), (2, 2), (2, 1)),
    multipliers=(2, 1, 2),
)
USED = 5


@pytest.fixture(scope="module")
def library() -> Library:
    return integer_kernels()


def log_softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def test_logits_are_close_to_those_of_float32(library: Library) -> None:
    """Measured: an error of 2 % of their deviation and 1e-4 nats, of `mrt2_small` as README states."""
    weights, frames = lazy_random_weights(MRT2_TINY, 3), probe_frames(MRT2_TINY, 1, 9)
    codes = jnp.asarray(np.random.default_rng(0).integers(0, 16, (1, 9, MRT2_TINY.codes.steps)))

    @jax.jit
    def logits_of(fused: Any, state: Any) -> Any:
        return jnp.stack(score(fused, MRT2_TINY, state, codes, frames))

    found = []
    for kernels in (library, None):
        engine = Engine(MRT2_TINY, weights, library=kernels)
        assert isinstance(engine.fused.logits[0], PackedMatrix) == (kernels is not None)
        found.append(np.asarray(logits_of(engine.fused, stack_rows((engine.start(seed=1),))), np.float64))
    integer, exact = found
    assert (integer - exact).std() < 0.04 * exact.std()
    one, two = log_softmax(exact), log_softmax(integer)
    assert (np.exp(one) * (one - two)).sum(axis=-1).mean() < 1e-3


@pytest.fixture(scope="module")
def codec(library: Library) -> SpectroStream:
    return SpectroStream(CODEC, lazy_random_decoder(CODEC, 1), num_codebooks=USED, library=library)


def codes(length: int) -> NDArray[np.int32]:
    return np.random.default_rng(0).integers(0, CODEC.cardinality, (length, USED)).astype(np.int32)


def played(codec: SpectroStream, state: Any, given: NDArray[np.int32]) -> tuple[Any, Samples]:
    (decoded,) = codec.decode([CodecRequest(state=state, codes=given)])
    return decoded.state, decoded.samples


def test_sound_is_close_to_that_of_float32(codec: SpectroStream) -> None:
    exact = SpectroStream(CODEC, lazy_random_decoder(CODEC, 1), num_codebooks=USED, blocks=(4, 1))
    _, integer = played(codec, codec.start(), codes(8))
    _, expected = played(exact, exact.start(), codes(8))
    assert integer.shape == expected.shape == (8 * CODEC.frame_size, 2)
    assert not integer[: CODEC.frame_size].any()
    # 50 dB; the released sizes reach 58.
    assert np.std(integer - expected) < 10 ** (-50 / 20) * np.std(expected)


@pytest.mark.parametrize("cuts", [(1,) * 20, (7, 13), (2, 1, 10, 0, 7)], ids=str)
def test_sound_is_the_same_to_the_bit_in_any_cuts(codec: SpectroStream, cuts: tuple[int, ...]) -> None:
    _, whole = played(codec, codec.start(), codes(20))
    state, pieces, begin = codec.start(), [], 0
    for size in cuts:
        state, sound = played(codec, state, codes(20)[begin : begin + size])
        pieces.append(sound)
        begin += size
    assert np.array_equal(np.concatenate(pieces), whole)


def test_sound_goes_on_to_the_bit_after_the_frames_that_it_remembers(codec: SpectroStream) -> None:
    before, after = codes(30)[:20], codes(30)[20:]
    state, _ = played(codec, codec.start(), before)
    again, _ = played(codec, codec.start(), before[-codec.memory_frames :])
    assert np.array_equal(played(codec, again, after)[1], played(codec, state, after)[1])


def test_a_state_can_be_played_on_from_twice(codec: SpectroStream) -> None:
    state, _ = played(codec, codec.start(), codes(3))
    one, two = played(codec, state, codes(9))[1], played(codec, state, codes(9))[1]
    assert np.array_equal(one, two)


def test_codes_that_do_not_exist_are_refused(codec: SpectroStream) -> None:
    with pytest.raises(ValueError, match="codes: expected 0 to 15, got 0 to 16"):
        played(codec, codec.start(), np.array([[0, 1, 2, 3, 16]], np.int32))
