"""From logits to a code: guidance, temperature, top-k, and noise that depends on nothing but its address.

The noise of a code is keyed by (seed, frame, step of the frame). Generating a frame again, in whatever chunk or
batch, draws the same noise. B rows, C codes, K steps.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int, UInt32


def noise(
    seed: UInt32[Array, " B"], frame: Int[Array, " B"], steps: Int[Array, " K"], size: int
) -> Float[Array, "B K C"]:
    """Standard Gumbel noise for the codes at `steps` of each row's frame."""

    def row(seed: Array, frame: Array) -> Array:
        key = jax.random.fold_in(jax.random.key(seed), frame)
        return jax.vmap(lambda step: jax.random.gumbel(jax.random.fold_in(key, step), (size,)))(steps)

    return jax.vmap(row)(seed, frame)


def guide(logits: Float[Array, "B G C"], guidance: Float[Array, " B"]) -> Float[Array, "B C"]:
    """Classifier-free guidance (Ho & Salimans 2022): 1 follows the conditioned stream, more exaggerates it."""
    if logits.shape[1] == 1:
        return logits[:, 0]
    conditioned, free = logits[:, 0], logits[:, 1]
    return free + guidance[:, None] * (conditioned - free)


def choose(
    logits: Float[Array, "B C"], temperature: Float[Array, " B"], gumbel: Float[Array, "B C"], top_k: int
) -> Int[Array, " B"]:
    """A draw from the top_k likeliest codes (0: from all) by the Gumbel-max trick; temperature 0 is greedy."""
    if 0 < top_k < logits.shape[-1]:
        threshold = lax.top_k(logits, top_k)[0][:, -1:]
        logits = jnp.where(logits >= threshold, logits, -jnp.inf)
    return jnp.argmax(logits + temperature[:, None] * gumbel, axis=-1).astype(jnp.int32)
