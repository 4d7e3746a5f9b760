"""The reduced model against recorded results of Google's implementation (written by tests/parity/make_golden.py)."""

from __future__ import annotations

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray

from segue.model.conditioning import TokenEncoder, TokenFrames, style_vector
from segue.model.config import MRT2_TINY, TokenConditioning
from segue.model.fused import Fused
from segue.model.generation import Generated

from .cases import opened, run_score, tiny, traced

GOLDEN = Path(__file__).parents[2] / "golden" / "model" / "mrt2_tiny.npz"
# Logits lie in [-30, 30]; rounding differs by 2e-6, a wrong window, scale or offset by 1e-2 and more.
TOLERANCE = 5e-5


@pytest.fixture(scope="module")
def golden() -> dict[str, NDArray[np.float32]]:
    with np.load(GOLDEN) as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def fused(golden: dict[str, NDArray[np.float32]]) -> Fused:
    return tiny(MRT2_TINY, int(golden["seed"]))


@pytest.fixture(scope="module")
def frames(golden: dict[str, NDArray[np.float32]], fused: Fused) -> TokenFrames:
    conditioning = MRT2_TINY.conditioning
    assert isinstance(conditioning, TokenConditioning)
    assert isinstance(fused.encoder, TokenEncoder)
    rows, levels = jnp.asarray(golden["tokens"])[None], conditioning.style_levels
    return TokenFrames(
        style=style_vector(fused.encoder, conditioning, rows[..., :levels]),
        notes=rows[..., levels : levels + 128],
        drums=rows[..., levels + 128],
        scales=rows[..., levels + 129 :],
    )


@pytest.fixture(scope="module")
def streamed(golden: dict[str, NDArray[np.float32]], fused: Fused, frames: TokenFrames) -> Generated:
    twice = jax.tree.map(lambda leaf: np.repeat(leaf, 2, axis=0), frames)
    return traced(fused, MRT2_TINY, twice, len(golden["tokens"]), temperature=0.0, guidance=1.0)


def test_the_case_is_longer_than_the_receptive_field(golden: dict[str, NDArray[np.float32]]) -> None:
    assert len(golden["tokens"]) > 2 * MRT2_TINY.receptive_field
    assert golden["teacher_forced"].std() > 0.5


def test_teacher_forced_logits(golden: dict[str, NDArray[np.float32]], fused: Fused, frames: TokenFrames) -> None:
    codes = jnp.asarray(golden["codes"])[None]
    steps = run_score(fused, MRT2_TINY, opened(MRT2_TINY, 1), codes, frames)
    logits = np.stack([step[0, 0] for step in steps], axis=1)
    assert np.abs(logits - golden["teacher_forced"]).max() < TOLERANCE


def test_greedy_codes(golden: dict[str, NDArray[np.float32]], streamed: Generated) -> None:
    np.testing.assert_array_equal(streamed.codes[0], golden["greedy_codes"])


def test_streaming_logits(golden: dict[str, NDArray[np.float32]], streamed: Generated) -> None:
    assert np.abs(streamed.logits[0] - golden["greedy_logits"]).max() < TOLERANCE
