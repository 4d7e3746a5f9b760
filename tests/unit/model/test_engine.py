"""The engine: independent rows, immutable states, addressed noise, and a bounded number of programs."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest

from segue.model.config import END_OF_FRAME, MRT2_TINY, NO_CODE
from segue.model.engine import BLOCK, Engine, Ran, Run
from segue.model.state import State
from segue.model.weights import random_weights

from .cases import frames_between, frames_for, row_of

LENGTH = 13


def run_of(engine: Engine, seed: int, length: int = LENGTH, state: State | None = None) -> Run:
    """A run whose conditioning, temperature and guidance follow from its seed."""
    rng = np.random.default_rng(seed)
    return Run(
        state=engine.start(seed=seed, frame=100 * seed) if state is None else state,
        frames=row_of(frames_between(frames_for(engine.config, 1, LENGTH, seed), 0, length), 0),
        temperature=rng.uniform(0.5, 1.5, LENGTH).astype(np.float32)[:length],
        guidance=rng.uniform(0, 3, LENGTH).astype(np.float32)[:length],
    )


def bytes_of(ran: Ran) -> list[bytes]:
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves((ran.state, ran.codes))]


def test_a_row_is_the_same_bytes_whatever_its_neighbours(engine: Engine) -> None:
    (alone,) = engine.generate([run_of(engine, 1)])
    beside, _, _ = engine.generate([run_of(engine, 1), run_of(engine, 2), run_of(engine, 3)])
    others = engine.generate([run_of(engine, 4), run_of(engine, 5), run_of(engine, 1)])
    assert bytes_of(alone) == bytes_of(beside) == bytes_of(others[2])
    assert bytes_of(others[0]) != bytes_of(alone)


def test_generating_again_from_an_old_state_is_always_valid(engine: Engine) -> None:
    run = run_of(engine, 1)
    before = [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(run.state)]
    (first,), (again,) = engine.generate([run]), engine.generate([run])
    assert bytes_of(first) == bytes_of(again)
    assert [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(run.state)] == before


def test_a_shorter_run_is_a_prefix_of_a_longer_one(engine: Engine) -> None:
    (whole,) = engine.generate([run_of(engine, 1)])
    (part,) = engine.generate([run_of(engine, 1, length=5)])
    np.testing.assert_array_equal(part.codes, whole.codes[:5])


def test_a_change_of_conditioning_leaves_the_frames_before_it(engine: Engine) -> None:
    run = run_of(engine, 1)
    (first,) = engine.generate([run])
    other = row_of(frames_for(engine.config, 1, LENGTH, 9), 0)
    mixed = jax.tree.map(lambda a, b: np.concatenate([a[:8], b[8:]]), run.frames, other)
    (second,) = engine.generate([replace(run, frames=mixed)])
    np.testing.assert_array_equal(second.codes[:8], first.codes[:8])
    assert (second.codes[8:] != first.codes[8:]).any()


def test_chunks_join_as_one_run(engine: Engine) -> None:
    """In two calls a frame's arithmetic is the same, so codes are; only the first call's keys round elsewhere."""
    (whole,) = engine.generate([run_of(engine, 1)])
    run = run_of(engine, 1)
    head = jax.tree.map(lambda leaf: leaf[:6], run.frames)
    tail = jax.tree.map(lambda leaf: leaf[6:], run.frames)
    (a,) = engine.generate([replace(run, frames=head, temperature=run.temperature[:6], guidance=run.guidance[:6])])
    (b,) = engine.generate(
        [replace(run, state=a.state, frames=tail, temperature=run.temperature[6:], guidance=run.guidance[6:])]
    )
    np.testing.assert_array_equal(np.concatenate([a.codes, b.codes]), whole.codes)
    assert int(b.state.frame) == int(whole.state.frame) == 100 + LENGTH


def test_seed_and_position_change_the_music(engine: Engine) -> None:
    run = run_of(engine, 1)
    (first,) = engine.generate([run])
    for state in (engine.start(seed=2, frame=100), engine.start(seed=1, frame=101)):
        (other,) = engine.generate([replace(run, state=state)])
        assert (other.codes != first.codes).any()


def test_forced_codes_are_used_and_later_codes_depend_on_them(engine: Engine) -> None:
    (donor,) = engine.generate([run_of(engine, 7)])
    forced = donor.codes.copy()
    forced[6:] = NO_CODE
    (ran,) = engine.generate([replace(run_of(engine, 1), forced=forced)])
    np.testing.assert_array_equal(ran.codes[:6], donor.codes[:6])
    assert (ran.codes[6:] != donor.codes[6:]).any()


def test_prefill_reaches_the_state_of_generation(engine: Engine) -> None:
    run = run_of(engine, 1, length=9)
    (ran,) = engine.generate([run])
    state = engine.prefill(run.state, ran.codes, run.frames)
    for name, a, b in zip(State._fields, state, ran.state, strict=True):
        worst = np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max(initial=0.0)
        assert worst < 5e-5, name


@pytest.mark.parametrize("length", [1, 9])
def test_a_state_is_restored_in_one_block_whatever_its_length(engine: Engine, length: int) -> None:
    run = run_of(engine, 1, length=length)
    (ran,) = engine.generate([run])
    state = engine.restore(ran.codes, run.frames, seed=int(run.state.seed), frame=int(ran.state.frame))
    assert ("prefill", 1, BLOCK) in engine._compiled
    # Slots that hold no real frame are of no importance.
    real = int(state.seen)
    assert real == min(length, engine.config.window)
    kept = [one._replace(own=one.own[..., -real:, :], source=one.source[..., -real:, :]) for one in (state, ran.state)]
    for name, a, b in zip(State._fields, *kept, strict=True):
        worst = np.abs(np.asarray(a, np.float64) - np.asarray(b, np.float64)).max(initial=0.0)
        assert worst < 5e-5, name


def test_runs_of_different_lengths_come_back_in_order(engine: Engine) -> None:
    rans = engine.generate([run_of(engine, 1, 4), run_of(engine, 2), run_of(engine, 3, 4)])
    assert [len(ran.codes) for ran in rans] == [4, LENGTH, 4]
    assert [int(ran.state.frame) for ran in rans] == [104, 200 + LENGTH, 304]


def test_state_bytes_are_what_a_state_holds(engine: Engine) -> None:
    assert engine.state_bytes == sum(leaf.nbytes for leaf in jax.tree.leaves(engine.start(seed=1)))


def test_programs_are_counted_and_shared(engine: Engine) -> None:
    engine.generate([run_of(engine, 1)])
    before = len(engine._compiled)
    for batch in (1, 2, 3):
        for length in (1, 7, LENGTH):
            engine.generate([run_of(engine, seed, length) for seed in range(batch)])
    assert len(engine._compiled) == before


def test_beyond_the_largest_bucket_is_an_error(engine: Engine) -> None:
    with pytest.raises(ValueError, match="rows in a batch: expected at most 3, got 4"):
        engine.generate([run_of(engine, seed) for seed in range(4)])
    long = run_of(engine, 1)
    frames = jax.tree.map(lambda leaf: np.concatenate([leaf, leaf]), long.frames)
    ones = np.ones(2 * LENGTH, np.float32)
    with pytest.raises(ValueError, match="frames in a chunk: expected at most 16, got 26"):
        engine.generate([replace(long, frames=frames, temperature=ones, guidance=ones)])


def test_greedy_rows_ignore_the_seed(segue_engine: Engine) -> None:
    cold = np.zeros(LENGTH, np.float32)
    runs = [replace(run_of(segue_engine, 1), temperature=cold)]
    runs.append(replace(runs[0], state=segue_engine.start(seed=8, frame=100)))
    first, second = segue_engine.generate(runs)
    np.testing.assert_array_equal(first.codes, second.codes)
    assert (first.codes == END_OF_FRAME).any()


def test_bfloat16_stays_near_float32() -> None:
    codes = np.arange(4, dtype=np.int32)[None]
    found = []
    for dtype in ("float32", "bfloat16"):
        engine = Engine(MRT2_TINY, random_weights(MRT2_TINY, 3), dtype=dtype)
        frames = run_of(engine, 1, length=1).frames
        found.append(engine.prefill(engine.start(seed=1), codes, frames).own)
    assert found[1].dtype == "bfloat16"
    # Keys and values of one frame, two layers from the input, with eight bits of mantissa; their deviation is 1.
    difference = np.abs(np.asarray(found[0], np.float32) - np.asarray(found[1], np.float32))
    assert 0 < difference.max() < 0.1
