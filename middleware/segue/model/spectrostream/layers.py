"""Convolutions over rows and bins that can be streamed, and the transform between sound and spectra.

Every layer takes what it kept of the rows before, and returns what it keeps for the rows after: whatever the rows are
cut into, the results are those of all rows at once.

B batch (or B * channels, where channels share weights), T rows, F bins, D and E widths, S samples, C channels.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Complex, Float

from segue.model.layers import project
from segue.model.spectrostream.config import Size
from segue.model.spectrostream.kernels import Kernel, PlainKernel

Rows = Float[Array, "B T F D"]


class Dense(NamedTuple):
    """A convolution of one tap."""

    matrix: Float[Array, "E D"]
    bias: Float[Array, " E"]

    def __call__(self, x: Float[Array, "*B D"]) -> Float[Array, "*B E"]:
        return project(x, self.matrix) + self.bias


class Conv(NamedTuple):
    """A convolution, causal in time and centred in frequency. Its past is the rows that its next output still sees."""

    kernel: Kernel
    bias: Float[Array, " E"]

    def __call__(self, x: Rows, past: Rows) -> tuple[Rows, Rows]:
        """Return (output, what to keep)."""
        joined = jnp.concatenate([past, x], axis=1)
        margin = self.kernel.taps[1] // 2
        return self.kernel.correlate(joined, (margin, margin)) + self.bias, joined[:, x.shape[1] :]

    def silence(self, batch: int, bins: int) -> Rows:
        """Return what it keeps before the first row."""
        return jnp.zeros((batch, self.kernel.taps[0] - 1, bins, self.kernel.inputs))


class Downsampling(NamedTuple):
    """A convolution that lowers the resolution."""

    kernel: PlainKernel
    bias: Float[Array, " E"]

    def __call__(self, x: Rows, past: Rows, strides: Size) -> tuple[Rows, Rows]:
        """Return (output of lower resolution, what to keep).

        Args:
            x: A multiple of strides[0] rows.
        """
        joined = jnp.concatenate([past, x], axis=1)
        spare = self.kernel.taps[1] - strides[1]
        y = self.kernel.correlate(joined, (spare // 2, spare - spare // 2), strides) + self.bias
        return y, joined[:, x.shape[1] :]

    def silence(self, batch: int, bins: int, strides: Size) -> Rows:
        """Return what it keeps before the first row."""
        return jnp.zeros((batch, self.kernel.taps[0] - strides[0], bins, self.kernel.inputs))


class Upsampling(NamedTuple):
    """A transposed convolution, causal in time, as a plain one: each output is one of the phases of a convolution over
    the low resolution, all phases side by side in its output width.
    """

    kernel: Kernel
    bias: Float[Array, " E"]

    def __call__(self, x: Rows, past: Rows, strides: Size) -> tuple[Rows, Rows]:
        """Return (output of higher resolution, what to keep)."""
        joined = jnp.concatenate([past, x], axis=1)
        y = self.kernel.correlate(joined, (1, 1))
        batch, rows, bins, _ = y.shape
        y = y.reshape(batch, rows, bins, *strides, -1).transpose(0, 1, 3, 2, 4, 5)
        y = y.reshape(batch, rows * strides[0], bins * strides[1], -1)
        # Phases of bins that lie outside: the convolution reaches one bin beyond each end.
        outside, inside = strides[1] // 2, x.shape[2] * strides[1]
        return y[:, :, outside : outside + inside] + self.bias, joined[:, x.shape[1] :]

    def silence(self, batch: int, bins: int) -> Rows:
        """Return what it keeps before the first row."""
        return jnp.zeros((batch, self.kernel.taps[0] - 1, bins, self.kernel.inputs))


def phases(kernel: Float[Array, "H W D E"], strides: Size) -> Float[Array, "H/s W/s D s*E"]:
    """Return the kernel of a transposed convolution as that of an Upsampling.

    Args:
        kernel: As stored; two taps a step in directions that are upsampled.
    """
    rows, bins, inputs, outputs = kernel.shape
    cut = kernel.reshape(rows // strides[0], strides[0], bins // strides[1], strides[1], inputs, outputs)
    cut = cut[:, ::-1, :, ::-1].transpose(0, 2, 4, 1, 3, 5)
    return cut.reshape(*cut.shape[:3], -1)


def repeat(x: Rows, strides: Size) -> Rows:
    """Return x with each value `strides` times."""
    return jnp.repeat(jnp.repeat(x, strides[0], axis=1), strides[1], axis=2)


def average(x: Rows, strides: Size) -> Rows:
    """Return the means of `strides` values."""
    batch, rows, bins, width = x.shape
    cells = x.reshape(batch, rows // strides[0], strides[0], bins // strides[1], strides[1], width)
    return jnp.mean(cells, axis=(2, 4))


def elu(x: Float[Array, "*B D"]) -> Float[Array, "*B D"]:
    """Return x where positive, else exp(x) - 1."""
    # Half the time of expm1, and the same but for rounding of 1.
    return jnp.where(x > 0, x, jnp.exp(x) - 1)


def _hann(hop: int) -> Float[np.ndarray, " S"]:
    return 0.5 - 0.5 * np.cos(np.pi * np.arange(2 * hop) / hop)


def spectra(samples: Float[Array, "B S C"], hop: int) -> Float[Array, "B*C T F 2"]:
    """Return the short-time Fourier transform, real and imaginary parts, without the bin of half the sample rate.

    Args:
        samples: T * hop, and one more hop that the last window reaches into.
    """
    batch, length, channels = samples.shape
    hops = samples.reshape(batch, length // hop, hop, channels)
    windows = jnp.concatenate([hops[:, :-1], hops[:, 1:]], axis=2).transpose(0, 3, 1, 2)
    windowed = windows * jnp.asarray(_hann(hop), jnp.float32)
    found: Complex[Array, "B C T F"] = jnp.fft.rfft(windowed)[..., :-1]
    found = found.reshape(batch * channels, -1, hop)
    return jnp.stack([found.real, found.imag], axis=-1)


def waveform(
    rows: Float[Array, "B*C T F 2"], overlap: Float[Array, "B*C S"], channels: int
) -> tuple[Float[Array, "B T*S C"], Float[Array, "B*C S"]]:
    """Return (the sound of `spectra`, what to keep): the inverse transform, whose windows overlap by half.

    Args:
        overlap: What the window before adds to the first hop.
    """
    parts, count, hop, _ = rows.shape
    window = _hann(hop)
    window = window / (window**2 + np.roll(window, hop) ** 2)
    bins = jnp.pad(lax.complex(rows[..., 0], rows[..., 1]), ((0, 0), (0, 0), (0, 1)))
    windows = jnp.fft.irfft(bins, n=2 * hop) * jnp.asarray(window, jnp.float32)
    first, second = windows[..., :hop], windows[..., hop:]
    before = jnp.concatenate([overlap[:, None], second], axis=1)
    samples = (first + before[:, :-1]).reshape(parts // channels, channels, count * hop)
    return samples.transpose(0, 2, 1), before[:, -1]
