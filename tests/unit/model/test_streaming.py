"""Layer equals step: whole sequences, blocks of any size and single generated frames agree; states are values."""

from __future__ import annotations

from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

from heavy import heavily
from segue.model.config import CONFIGS, END_OF_FRAME, MRT2_TINY, NO_CODE, SEGUE_TINY
from segue.model.generation import Generated
from segue.model.state import State

from .cases import TRACED_BATCH as BATCH
from .cases import frames_between, frames_for, opened, run_extend, run_score, tiny, traced

LENGTH = 20
GUIDANCE = 1.7
# float32 rounding through two layers and 20 frames; measured 6e-6 on logits in [-30, 30].
TOLERANCE = 5e-5
BOTH = pytest.mark.parametrize("name", [MRT2_TINY.name, *heavily(SEGUE_TINY.name)])


@cache
def generated(name: str) -> Generated:
    config = CONFIGS[name]
    frames = frames_for(config, BATCH, LENGTH)
    return traced(tiny(config), config, frames, LENGTH, temperature=1.0, guidance=GUIDANCE)


def assert_states_agree(found: State, expected: State) -> None:
    for name, a, b in zip(State._fields, found, expected, strict=True):
        worst = np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max(initial=0.0)
        assert worst < TOLERANCE, name


@BOTH
def test_generated_logits_equal_whole_sequence_logits(name: str) -> None:
    config, made = CONFIGS[name], generated(name)
    steps = run_score(tiny(config), config, opened(config, BATCH), made.codes, frames_for(config, BATCH, LENGTH))
    for step, streams in enumerate(steps):
        guided = streams[:, 0] if config.streams == 1 else streams[:, 1] + GUIDANCE * (streams[:, 0] - streams[:, 1])
        real = np.asarray(made.codes[:, :, step] != NO_CODE)
        difference = np.abs(made.logits[:, :, step, : guided.shape[-1]] - guided)[real]
        assert difference.max(initial=0.0) < TOLERANCE


@BOTH
@pytest.mark.parametrize("block", [1, 5, LENGTH])
def test_blocks_of_any_size_reach_the_generated_state(name: str, block: int) -> None:
    config, made = CONFIGS[name], generated(name)
    frames, state = frames_for(config, BATCH, LENGTH), opened(config, BATCH)
    fused = tiny(config)
    for begin in range(0, LENGTH, block):
        end = min(begin + block, LENGTH)
        part = frames_between(frames, begin, end)
        state, _ = run_extend(fused, config, state, made.codes[:, begin:end], part)
    assert_states_agree(state, made.state)


@BOTH
def test_a_frame_depends_on_exactly_the_receptive_field(name: str) -> None:
    config, made = CONFIGS[name], generated(name)
    fused, frames = tiny(config), frames_for(config, BATCH, LENGTH)
    outputs = run_extend(fused, config, opened(config, BATCH), made.codes, frames)[1]
    other = made.codes.at[:, 0, 0].set(made.codes[:, 0, 0] % 2 + 1)
    changed = run_extend(fused, config, opened(config, BATCH), other, frames)[1]
    moved = np.abs(np.asarray(changed - outputs)).max(axis=(0, 2)) > 0
    # Frame 0 is read as the input of frame 1, whose reach ends (layers x (window - 1)) frames later.
    last = 1 + config.temporal.layers * (config.window - 1)
    assert not moved[0]
    assert moved[1 : last + 1].all()
    assert not moved[last + 1 :].any()
    assert config.receptive_field == last


def test_event_frames_are_well_formed() -> None:
    layout = SEGUE_TINY.codes
    codes = np.asarray(generated(SEGUE_TINY.name).codes).reshape(-1, layout.steps)
    lengths = []
    for frame in codes:
        ends = np.flatnonzero(frame[:: layout.num_codebooks] == END_OF_FRAME) * layout.num_codebooks
        assert len(ends) == 1
        assert (frame[: ends[0] + 1] >= 0).all()
        assert (frame[ends[0] + 1 :] == NO_CODE).all()
        for step, code in enumerate(frame[: ends[0] + 1]):
            assert code < layout.cardinalities[layout.codebook(step)]
        lengths.append(ends[0] // layout.num_codebooks)
    # Frames of no event, and of as many as fit, are both among them.
    assert {0, layout.max_events} <= set(lengths)


def test_which_row_has_which_pitch_matters() -> None:
    """Two events that swap their pitches are another frame, though the bag of codes is the same."""
    fused, frames = tiny(SEGUE_TINY), frames_for(SEGUE_TINY, BATCH, 2)
    swapped = np.array([[2, 5, 1, 4, 7, 3, 0, -1, -1, -1], [2, 7, 1, 4, 5, 3, 0, -1, -1, -1]])
    codes = jnp.asarray(np.stack([swapped, np.roll(swapped, 1, axis=0)]))
    outputs = run_extend(fused, SEGUE_TINY, opened(SEGUE_TINY, BATCH), codes, frames_between(frames, 0, 2))[1]
    one = run_extend(fused, SEGUE_TINY, opened(SEGUE_TINY, BATCH), codes[:, ::-1], frames_between(frames, 0, 2))[1]
    assert np.abs(np.asarray(outputs - one))[:, 1].max() > 1e-3
