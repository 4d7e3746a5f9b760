"""Matrices of a language model in int8, as the layers compute with them.

B rows, I inputs, O outputs, P panels, N = 16 * P.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int8
from numpy.typing import NDArray

from segue.model.native.library import PROJECT, Library


class PackedMatrix(NamedTuple):
    """A matrix [O, I], rounded to int8 with a scale for each output, in the order in which the kernels read it.

    Attributes:
        outputs: An empty array [O, 0]: only its shape counts, which compiled code must know.
    """

    panels: Int8[Array, "P I/2 16 2"]
    scales: Float[Array, " N"]
    outputs: Float[Array, "O 0"]

    def project(self, x: Float[Array, "*B I"]) -> Float[Array, "*B O"]:
        """Return x times the transpose of the matrix: x is rounded to int16 with one scale a row, sums are exact."""
        rows, outputs = math.prod(x.shape[:-1]), len(self.outputs)
        found = jax.ffi.ffi_call(PROJECT, jax.ShapeDtypeStruct((rows, outputs), jnp.float32))(
            self.panels, self.scales, x.reshape(rows, x.shape[-1]).astype(jnp.float32)
        )
        return found.reshape(*x.shape[:-1], outputs)


def pack_matrix(library: Library, matrix: NDArray[Any]) -> PackedMatrix:
    """Round a matrix [O, I]."""
    values = np.asarray(matrix, np.float32)
    panels, scales = library.pack(values.T, values.shape[1], np.int8)
    return PackedMatrix(jnp.asarray(panels), jnp.asarray(scales), jnp.zeros((len(values), 0)))
