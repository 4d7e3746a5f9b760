"""Drawing a code: the noise's address, temperature, top-k and guidance."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from segue.model import generation
from segue.model.generation import choose, guide

SIZE = 32
noise = jax.jit(generation.noise, static_argnums=3)


def drawn(seed: int, frame: int, step: int, size: int = SIZE) -> np.ndarray:
    return np.asarray(noise(jnp.asarray([seed], jnp.uint32), jnp.asarray([frame]), jnp.asarray([step]), size)[0, 0])


def test_noise_depends_on_its_address_alone() -> None:
    seeds, frames = jnp.asarray([4, 9], jnp.uint32), jnp.asarray([70, 3])
    steps = jnp.asarray([5, 2])
    together = noise(seeds, frames, steps, SIZE)
    np.testing.assert_array_equal(together[0, 0], drawn(4, 70, 5))
    np.testing.assert_array_equal(together[1, 0], drawn(9, 3, 5))
    np.testing.assert_array_equal(together[1, 1], drawn(9, 3, 2))
    np.testing.assert_array_equal(together[1, 1, :7], drawn(9, 3, 2, 7))
    np.testing.assert_array_equal(generation.noise(seeds, frames, steps, SIZE), together)


def test_noise_of_two_addresses_is_unlike() -> None:
    base = drawn(1, 2, 3)
    for other in (drawn(2, 2, 3), drawn(1, 3, 3), drawn(1, 2, 4)):
        assert abs(np.corrcoef(base, other)[0, 1]) < 0.7
        assert (base != other).all()


def test_draws_follow_the_softmax() -> None:
    logits = jnp.asarray([0.0, 1.0, 2.0, -1.0])
    count, temperature = 20_000, 0.7
    gumbel = noise(jnp.zeros(count, jnp.uint32), jnp.arange(count), jnp.zeros(1, int), 4)[:, 0]
    codes = choose(jnp.broadcast_to(logits, (count, 4)), jnp.full(count, temperature), gumbel, 0)
    found = np.bincount(codes, minlength=4) / count
    # Five standard deviations of the likeliest code's share.
    assert np.abs(found - jax.nn.softmax(logits / temperature)).max() < 5 * 0.5 / count**0.5


def test_top_k_leaves_the_k_likeliest() -> None:
    count = 4_000
    logits = jnp.broadcast_to(jnp.arange(8.0) / 10, (count, 8))
    gumbel = noise(jnp.zeros(count, jnp.uint32), jnp.arange(count), jnp.zeros(1, int), 8)[:, 0]
    assert set(np.unique(choose(logits, jnp.ones(count), gumbel, 3))) == {5, 6, 7}
    assert set(np.unique(choose(logits, jnp.ones(count), gumbel, 0))) == set(range(8))


def test_temperature_zero_is_greedy() -> None:
    logits = jnp.asarray([[0.0, 3.0, 2.9]])
    assert choose(logits, jnp.zeros(1), 100 * jnp.asarray([[1.0, 0.0, 1.0]]), 0)[0] == 1


def test_guidance_goes_from_free_to_beyond_conditioned() -> None:
    conditioned, free = jnp.asarray([1.0, 0.0]), jnp.asarray([0.0, 0.5])
    streams = jnp.broadcast_to(jnp.stack([conditioned, free]), (3, 2, 2))
    guided = guide(streams, jnp.asarray([0.0, 1.0, 3.0]))
    np.testing.assert_array_equal(guided, jnp.stack([free, conditioned, free + 3 * (conditioned - free)]))


def test_one_stream_needs_no_guidance() -> None:
    logits = jnp.asarray([[[1.0, 2.0]]])
    np.testing.assert_array_equal(guide(logits, jnp.asarray([9.0])), logits[:, 0])
