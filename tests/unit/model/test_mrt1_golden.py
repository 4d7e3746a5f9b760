"""A reduced Magenta RealTime 1 against recorded results of Google's code (written by tests/parity/make_mrt1_golden.py).

Two chunks: the first is read from nothing, the second from the first. G streams, S tokens, T frames, K codes, V rows.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from contract.generators import integer_kernels
from segue.model.config import NO_CODE
from segue.model.mrt1.config import MRT1_TINY
from segue.model.mrt1.fused import Fused, fuse
from segue.model.mrt1.generation import Controls, Generated, Place, generate, open_chunk
from segue.model.mrt1.stacks import encode
from segue.model.mrt1.tokens import encoder_tokens
from segue.model.mrt1.weights import random_weights
from segue.model.native.packed_matrix import pack_matrix

GOLDEN = Path(__file__).parents[2] / "golden" / "model" / "mrt1_tiny.npz"
# Logits have a deviation of 1, guided ones of several; rounding differs by 5e-6.
TOLERANCE = 5e-5
CHUNKS = (0, 1)

Golden = dict[str, NDArray[Any]]

_encode = jax.jit(partial(encode, config=MRT1_TINY))
_open = jax.jit(partial(open_chunk, config=MRT1_TINY))
_decode = jax.jit(partial(generate, config=MRT1_TINY, trace=True))


@pytest.fixture(scope="module")
def golden() -> Golden:
    with np.load(GOLDEN) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def fused(golden: Golden) -> Fused:
    return fuse(random_weights(MRT1_TINY, int(golden["seed"])), MRT1_TINY)


def decoded(fused: Fused, tokens: NDArray[np.int32], forced: NDArray[np.int32] | None, guidance: float) -> Generated:
    """Decode a whole chunk greedily, or along known codes."""
    frames, steps = MRT1_TINY.chunk_frames, MRT1_TINY.codes.steps
    free = np.full((frames, steps), NO_CODE, np.int32)
    return _decode(
        fused,
        opened=_open(fused, tokens=jnp.asarray(tokens)),
        place=Place(jnp.zeros(steps, jnp.int32), jnp.int32(0), jnp.int32(0), jnp.uint32(0)),
        controls=Controls(
            temperature=jnp.zeros(frames),
            guidance=jnp.full(frames, guidance),
            forced=jnp.asarray(free if forced is None else forced),
        ),
        num_frames=jnp.int32(frames),
    )


def of_levels(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return from logits [..., K, V] those of each step's own level, [..., K, C]."""
    codes = MRT1_TINY.codes
    parts = [logits[..., step, start : start + 16] for step, start in enumerate(codes.offsets)]
    return np.stack(parts, axis=-2)


def test_the_golden_case_is_no_trivial_one(golden: Golden) -> None:
    assert golden["teacher_forced_0"].std() > 0.5
    assert (golden["context_0"] == NO_CODE).all()
    assert (golden["context_1"] != NO_CODE).any()
    assert (golden["context_1"] == NO_CODE).any()
    assert not np.array_equal(golden["greedy_0"], golden["greedy_1"])
    assert len(np.unique(golden["greedy_0"])) > 4


@pytest.mark.parametrize("chunk", CHUNKS)
def test_the_encoder_reads_the_same_tokens(golden: Golden, chunk: int) -> None:
    found = encoder_tokens(MRT1_TINY, golden[f"context_{chunk}"], golden["style"][chunk])
    np.testing.assert_array_equal(found, golden[f"tokens_{chunk}"])


@pytest.mark.parametrize("chunk", CHUNKS)
def test_the_encoder_gives_the_same_output(golden: Golden, fused: Fused, chunk: int) -> None:
    found = _encode(fused, tokens=jnp.asarray(golden[f"tokens_{chunk}"]))
    np.testing.assert_allclose(found, golden[f"encoded_{chunk}"], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("form", ["teacher_forced", "cached"])
@pytest.mark.parametrize("chunk", CHUNKS)
@pytest.mark.parametrize("stream", [0, 1])
def test_known_codes_have_the_same_logits(golden: Golden, fused: Fused, form: str, chunk: int, stream: int) -> None:
    # A guidance of 1 is the first stream alone, one of 0 the second.
    made = decoded(fused, golden[f"tokens_{chunk}"], golden["forced"], 1.0 - stream)
    np.testing.assert_array_equal(made.codes, golden["forced"])
    np.testing.assert_allclose(made.logits, of_levels(golden[f"{form}_{chunk}"])[stream], rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("chunk", CHUNKS)
def test_guided_greedy_codes_are_the_same(golden: Golden, fused: Fused, chunk: int) -> None:
    # Google's weight of guidance counts from none.
    made = decoded(fused, golden[f"tokens_{chunk}"], None, 1.0 + float(golden["guidance"]))
    np.testing.assert_array_equal(made.codes, golden[f"greedy_{chunk}"])


def test_guidance_is_that_of_the_official_sampler(golden: Golden, fused: Fused) -> None:
    weight = float(golden["guidance"])
    rows = of_levels(golden["cached_1"])
    wanted = (1 + weight) * rows[0] - weight * rows[1]
    made = decoded(fused, golden["tokens_1"], golden["forced"], 1.0 + weight)
    np.testing.assert_allclose(made.logits, wanted, rtol=0, atol=(1 + 2 * weight) * TOLERANCE)


@pytest.mark.parametrize("arithmetic", ["bfloat16", "integers"])
def test_narrow_arithmetic_stays_near(golden: Golden, arithmetic: str) -> None:
    weights = random_weights(MRT1_TINY, int(golden["seed"]))
    if arithmetic == "integers":
        narrow = fuse(weights, MRT1_TINY, keep=partial(pack_matrix, integer_kernels()))
    else:
        narrow = fuse(weights, MRT1_TINY, jnp.bfloat16)
    made = decoded(narrow, golden["tokens_1"], golden["forced"], 1.0)
    wanted = of_levels(golden["cached_1"])[0]
    error = np.sqrt(np.mean(np.square(made.logits - wanted))) / wanted.std()
    assert 1e-5 < error < 0.03
