"""The residual vector quantiser: embeddings to codes, level by level, and codes to the sum of their vectors.

B batch, T frames, K levels used, C cardinality, D embedding width.
"""

from __future__ import annotations

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

Codebooks = Float[Array, "K C D"]


def quantise(codebooks: Codebooks, embeddings: Float[Array, "B T D"]) -> Int[Array, "B T K"]:
    """Return the nearest vector of each level to what the levels before leave."""

    def level(residual: Array, codebook: Array) -> tuple[Array, Array]:
        products = jnp.einsum("btd,cd->btc", residual, codebook, precision=lax.Precision.HIGHEST)
        distances = jnp.sum(jnp.square(codebook), axis=1) - 2 * products
        codes = jnp.argmin(distances, axis=-1).astype(jnp.int32)
        return residual - codebook[codes], codes

    _, codes = lax.scan(level, embeddings, codebooks)
    return jnp.moveaxis(codes, 0, -1)


def dequantise(codebooks: Codebooks, codes: Int[Array, "B T K"]) -> Float[Array, "B T D"]:
    """Return the sum of the codes' vectors."""
    levels = jnp.arange(codes.shape[-1])
    return jnp.sum(codebooks[levels, codes], axis=-2)
