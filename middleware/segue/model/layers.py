"""The layers that know neither time nor attention: projections, norms, the feed-forward block.

Matrices are stored [out, in]: on a CPU a batch of one then reads each row once, in order (28 GB/s against 23 GB/s
for [in, out] on the two cores this was written on). Matrices are in the compute type; the residual stream, norms and
sums are float32.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from segue.model.native.packed_matrix import PackedMatrix

# Where a model may be computed in integers; both are [O, I].
Matrix: TypeAlias = Float[Array, "O I"] | PackedMatrix

EPSILON = 1e-6
# Up to so many rows, one matrix-vector product each beats XLA's matrix product on a CPU: the bundled model's two
# streams took 5.5 ms a frame in the temporal stack, and take 2.2.
FEW_ROWS = 4


def exact(dtype: jnp.dtype) -> lax.Precision:
    """Allow no shortcuts (TF32) for float32; narrower types have none to forbid."""
    return lax.Precision.HIGHEST if dtype == jnp.float32 else lax.Precision.DEFAULT


def project(x: Float[Array, "*B I"], matrix: Matrix) -> Float[Array, "*B O"]:
    """Return x times the transpose of `matrix`, summed in float32."""
    if isinstance(matrix, PackedMatrix):
        return matrix.project(x)
    if x.ndim == 2 and 1 < len(x) <= FEW_ROWS and jax.default_backend() == "cpu":
        return jnp.stack([project(row, matrix) for row in x])
    contract = (((x.ndim - 1,), (1,)), ((), ()))
    return lax.dot_general(
        x.astype(matrix.dtype),
        matrix,
        contract,
        precision=exact(matrix.dtype),
        preferred_element_type=jnp.float32,
    )


def rms_norm(x: Float[Array, "*B D"], scale: Float[Array, " D"]) -> Float[Array, "*B D"]:
    """Return x over the root of its mean square, scaled."""
    return x * lax.rsqrt(jnp.mean(jnp.square(x), axis=-1, keepdims=True) + EPSILON) * scale


class LayerNorm(NamedTuple):
    """Normalise to mean 0 and variance 1, then scale and shift."""

    scale: Float[Array, " D"]
    bias: Float[Array, " D"]

    def __call__(self, x: Float[Array, "*B D"]) -> Float[Array, "*B D"]:
        centred = x - jnp.mean(x, axis=-1, keepdims=True)
        variance = jnp.mean(jnp.square(centred), axis=-1, keepdims=True)
        return centred * lax.rsqrt(variance + EPSILON) * self.scale + self.bias


class FeedForward(NamedTuple):
    """Residual block: norm, up [F, D], GELU (tanh form), down [D, F], norm."""

    pre_norm: Float[Array, " D"]
    up: Matrix
    up_bias: Float[Array, " F"]
    down: Matrix
    down_bias: Float[Array, " D"]
    post_norm: Float[Array, " D"]

    def __call__(self, x: Float[Array, "*B D"]) -> Float[Array, "*B D"]:
        hidden = jax.nn.gelu(project(rms_norm(x, self.pre_norm), self.up) + self.up_bias, approximate=True)
        return x + rms_norm(project(hidden, self.down) + self.down_bias, self.post_norm)
