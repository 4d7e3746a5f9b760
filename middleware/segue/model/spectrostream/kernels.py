"""Kernels of convolutions, in the form in which they are fastest on a CPU.

What is best depends on the resolution: few rows and bins meet wide kernels, where reading the weights costs most; many
rows and bins meet narrow ones, where the products do. Milliseconds of one core a frame, in blocks of four frames, first
as XLA's convolution, then in the form chosen: 3x3, 1 024 wide, 2 rows of 5 bins: 12.1 and 3.0 (matrix); 3x3, 128 wide,
4 rows of 240 bins, both channels: 7.7 and 4.0 (Winograd).

B batch, T rows, F bins, D and E widths, H and W taps in time and in frequency.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.typing import NDArray

from segue.model.layers import project
from segue.model.spectrostream.config import Size

TAPS: Final = 3
TILE: Final = 4
# Winograd's minimal filtering F(4, 3), for the points 0, 1, -1, 2, -2 and infinity: what the kernel's taps, a tile's
# input rows and the products become.
# Source: Fast Algorithms for Convolutional Neural Networks (Lavin and Gray 2015), section 4.
_OF_KERNEL: Final = np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24
_OF_INPUT: Final = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
_OF_OUTPUT: Final = np.array([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]])


class PlainKernel(NamedTuple):
    """A kernel for XLA's convolution, which can also lower the resolution."""

    values: Float[Array, "H W D E"]

    @property
    def taps(self) -> Size:
        return self.values.shape[0], self.values.shape[1]

    @property
    def inputs(self) -> int:
        return self.values.shape[2]

    def correlate(self, rows: Float[Array, "B T F D"], padding: Size, strides: Size = (1, 1)) -> Array:
        """Return the correlation of rows with the kernel, float32 [B, T - H + 1, F', E] where strides are 1.

        Args:
            padding: Bins of zeros before the first and after the last.
        """
        return lax.conv_general_dilated(
            rows,
            self.values,
            strides,
            ((0, 0), padding),
            dimension_numbers=("NHWC", "HWIO", "NHWC"),
            precision=lax.Precision.HIGHEST,
        )


class MatrixKernel(NamedTuple):
    """A kernel as one matrix, for which the inputs of each output are put side by side."""

    values: Float[Array, "E H W D"]

    @property
    def taps(self) -> Size:
        return self.values.shape[1], self.values.shape[2]

    @property
    def inputs(self) -> int:
        return self.values.shape[3]

    def correlate(self, rows: Float[Array, "B T F D"], padding: Size) -> Array:
        """Return what PlainKernel.correlate does."""
        height, width = self.taps
        padded = jnp.pad(rows, ((0, 0), (0, 0), padding, (0, 0)))
        count, bins = padded.shape[1] - height + 1, padded.shape[2] - width + 1
        seen = [padded[:, h : h + count, w : w + bins] for h in range(height) for w in range(width)]
        return project(jnp.concatenate(seen, axis=-1), self.values.reshape(len(self.values), -1))


class WinogradKernel(NamedTuple):
    """A kernel of three taps in time, transformed: four rows for six products instead of twelve."""

    values: Float[Array, "6 W D E"]

    @property
    def taps(self) -> Size:
        return TAPS, self.values.shape[1]

    @property
    def inputs(self) -> int:
        return self.values.shape[2]

    def correlate(self, rows: Float[Array, "B T F D"], padding: Size) -> Array:
        """Return what PlainKernel.correlate does, for T - 2 a multiple of four."""
        batch, count, bins, width = rows.shape
        tiles = (count - TAPS + 1) // TILE
        # Row i of every tile. Tiles begin every four rows, and reach two rows into the next.
        padded = jnp.pad(rows, ((0, 0), (0, TILE - TAPS + 1), (0, 0), (0, 0)))
        cut = padded.reshape(batch, tiles + 1, TILE, bins, width)
        inputs = [cut[:, :-1, row] for row in range(TILE)] + [cut[:, 1:, row] for row in range(TAPS - 1)]
        products = [
            PlainKernel(taps[None]).correlate(part, padding)
            for part, taps in zip(_combined(_OF_INPUT, inputs), self.values, strict=True)
        ]
        outputs = jnp.stack(_combined(_OF_OUTPUT, products), axis=2)
        return outputs.reshape(batch, tiles * TILE, *outputs.shape[3:])


Kernel = PlainKernel | MatrixKernel | WinogradKernel


def fast_kernel(values: Float[Array, "H W D E"], rows: int) -> MatrixKernel | WinogradKernel:
    """Return a kernel in the form that suits its resolution.

    Args:
        rows: That it meets in every frame.
    """
    if values.shape[0] == TAPS and rows % TILE == 0:
        return WinogradKernel(jnp.einsum("pt,twde->pwde", _OF_KERNEL, values, precision=lax.Precision.HIGHEST))
    return MatrixKernel(jnp.moveaxis(values, -1, 0))


def _combined(matrix: NDArray[np.float64], parts: list[Array]) -> list[jax.Array]:
    """Return the rows of `matrix` times `parts`."""
    sums = []
    for row in matrix:
        terms = [float(factor) * part for factor, part in zip(row, parts, strict=True) if factor]
        sums.append(sum(terms[1:], terms[0]))
    return sums
