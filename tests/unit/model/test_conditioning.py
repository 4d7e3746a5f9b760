"""Conditioning: styles between the pure prompts, guidance tokens, and what "not given" means."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from segue.model.conditioning import (
    FeatureFrames,
    TokenEncoder,
    TokenFrames,
    style_vector,
)
from segue.model.config import MRT2_SMALL, MRT2_TINY, SEGUE_TINY, TokenConditioning

from .cases import frames_for, run_encode, tiny

TOKENS = MRT2_TINY.conditioning
assert isinstance(TOKENS, TokenConditioning)


def test_a_style_is_the_sum_of_one_row_a_level() -> None:
    encoder = tiny(MRT2_TINY).encoder
    assert isinstance(encoder, TokenEncoder)
    table = np.asarray(encoder.style_table).reshape(TOKENS.style_levels, TOKENS.style_rows_per_level, -1)
    vector = style_vector(encoder, TOKENS, jnp.asarray([4, -1, 10]))
    np.testing.assert_allclose(vector, table[0, 11] + table[1, 6] + table[2, 17], rtol=1e-6)


def test_a_blend_moves_evenly_from_one_pure_style_to_another() -> None:
    fused = tiny(MRT2_TINY)
    encoder = fused.encoder
    assert isinstance(encoder, TokenEncoder)
    first, second = style_vector(encoder, TOKENS, jnp.asarray([[1, 2, 3], [7, 8, 9]]))
    steps = 9
    shares = jnp.linspace(0, 1, steps)[None, :, None]
    frames = frames_for(MRT2_TINY, 1, 1)
    assert isinstance(frames, TokenFrames)
    constant = {name: np.repeat(getattr(frames, name), steps, axis=1) for name in ("notes", "drums", "scales")}
    blended = TokenFrames(style=(1 - shares) * first + shares * second, **constant)
    encoded = np.asarray(run_encode(encoder, MRT2_TINY, blended)[0, 0])
    jumps = np.linalg.norm(np.diff(encoded, axis=0), axis=1)
    assert jumps.max() < 2 * jumps.mean()
    pure = blended._replace(style=jnp.broadcast_to(second, blended.style.shape))
    np.testing.assert_array_equal(run_encode(encoder, MRT2_TINY, pure)[0, 0, -1], encoded[-1])


def test_the_released_channel_table_holds_the_largest_scale() -> None:
    conditioning = MRT2_SMALL.conditioning
    assert isinstance(conditioning, TokenConditioning)
    assert len(conditioning.channel_sizes) == 132
    assert conditioning.channel_rows == 1_536
    last = sum(conditioning.channel_sizes[:-1]) + conditioning.FIRST_VALUE + conditioning.drum_scales - 1
    assert last < conditioning.channel_rows


def test_the_second_stream_lacks_the_style_and_nothing_else() -> None:
    encoder, frames = tiny(SEGUE_TINY).encoder, frames_for(SEGUE_TINY, 1, 4)
    assert isinstance(frames, FeatureFrames)
    both = run_encode(encoder, SEGUE_TINY, frames)
    other_style = frames._replace(style=-frames.style)
    again = run_encode(encoder, SEGUE_TINY, other_style)
    assert both.shape[1] == 2
    np.testing.assert_array_equal(both[:, 1], again[:, 1])
    assert np.abs(np.asarray(both[:, 0] - again[:, 0])).max() > 0.1
    other_mode = frames._replace(mode=(frames.mode + 2) % 6)
    assert np.abs(np.asarray(run_encode(encoder, SEGUE_TINY, other_mode)[:, 1] - both[:, 1])).max() > 0.1


@pytest.mark.parametrize("control", ["style", "clock", "intensity"])
def test_values_of_controls_that_are_not_given_have_no_effect(control: str) -> None:
    encoder, frames = tiny(SEGUE_TINY).encoder, frames_for(SEGUE_TINY, 1, 4)
    assert isinstance(frames, FeatureFrames)
    leaves = {"style": ["style"], "clock": ["beat_phase", "bar_phase", "log_tempo"], "intensity": ["intensity"]}
    absent = frames._replace(**{f"{control}_given": np.zeros((1, 4), bool)})
    other = absent._replace(**{name: getattr(absent, name) * 0.5 for name in leaves[control]})
    np.testing.assert_array_equal(run_encode(encoder, SEGUE_TINY, absent), run_encode(encoder, SEGUE_TINY, other))
    assert np.abs(run_encode(encoder, SEGUE_TINY, absent) - run_encode(encoder, SEGUE_TINY, frames)).max() > 0.1
