"""Convolutions of a decoder, in integers: weights of 12 bits, activations of 14 bits with a scale for each row.

Sums are exact, so results depend neither on how rows are cut into calls nor on how many rows a call has.

B batch, T rows, F bins, D inputs, E outputs, H and W taps in time and in frequency, S and R phases of rows and bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segue.model.native.library import PANEL, Convolution, Library

Rows = NDArray[np.float32]
"""Activations [B, T, F, D]."""


@dataclass(frozen=True, kw_only=True, eq=False)
class IntegerConvolution:
    """The exponential linear unit, then a convolution: causal in time, with zeros around the bins.

    Attributes:
        panels, scales: The kernel, packed.
        taps: (H, W).
        inputs, outputs: D and E.
        margin: Bins of zeros before the first and after the last.
        step: Bins from one output to the next.
        phases: (S, R): outputs of S rows and R bins for each of the input, as of a transposed convolution.
        elu: Whether the unit comes first.
    """

    library: Library
    panels: NDArray[np.int16]
    scales: NDArray[np.float32]
    bias: NDArray[np.float32]
    taps: tuple[int, int]
    inputs: int
    outputs: int
    margin: int
    step: int
    phases: tuple[int, int]
    elu: bool

    def silence(self, batch: int, bins: int) -> Rows:
        """Return the rows before the first: zeros [B, H - 1, F, D]."""
        return np.zeros((batch, self.taps[0] - 1, bins, self.inputs), np.float32)

    def __call__(
        self, x: Rows, past: Rows, residual: Rows | None = None, repeats: tuple[int, int] = (1, 1)
    ) -> tuple[Rows, Rows]:
        """Return (output, what to keep).

        Args:
            x: Rows [B, T, F, D].
            past: The H - 1 rows before x.
            residual: What is added to the output, each row and bin as often as `repeats` says.
        """
        batch, rows, bins, _ = x.shape
        # Where phases reach a bin beyond each end, those outside are left out.
        bins_out = (bins + 2 * self.margin - self.taps[1]) // self.step + 1
        crop = 0
        if self.phases[1] > 1:
            bins_out, crop = bins * self.phases[1], self.phases[1] // 2
        y = np.empty((batch, rows * self.phases[0], bins_out, self.outputs), np.float32)
        sizes = Convolution(
            batch=batch,
            past=past.shape[1],
            rows=rows,
            bins=bins,
            inputs=self.inputs,
            taps_t=self.taps[0],
            taps_f=self.taps[1],
            left=self.margin,
            right=self.margin,
            step=self.step,
            elu=self.elu,
            outputs=self.outputs,
            phases_t=self.phases[0],
            phases_f=self.phases[1],
            crop=crop,
            bins_out=bins_out,
            repeat_t=repeats[0],
            repeat_f=repeats[1],
        )
        x = np.ascontiguousarray(x)
        self.library.convolve(sizes, past, x, self.panels, self.scales, self.bias, residual, y)
        kept = past.shape[1]
        last = x[:, rows - kept :].copy() if rows >= kept else np.concatenate([past[:, rows:], x], axis=1)
        return y, last


def integer_convolution(
    library: Library,
    kernel: NDArray[np.float32],
    bias: NDArray[np.float32],
    *,
    margin: int = 0,
    step: int = 1,
    phases: tuple[int, int] = (1, 1),
    elu: bool = True,
) -> IntegerConvolution:
    """Return a convolution with a kernel.

    Args:
        kernel: [H, W, D, S * R * E], the outputs of one phase after the other.
        bias: [E].
    """
    high, wide, inputs, _ = kernel.shape
    count = phases[0] * phases[1]
    outputs = kernel.shape[3] // count
    # Inputs come in pairs, and the outputs of a phase in panels.
    room = ((0, inputs % 2), (0, 0), (0, -outputs % PANEL))
    padded = np.pad(kernel.reshape(high, wide, inputs, count, outputs), ((0, 0), (0, 0), *room))
    depth = padded.shape[2]
    matrix = np.ascontiguousarray(padded.reshape(high * wide * depth, -1), np.float32)
    panels, scales = library.pack(matrix, wide * depth, np.int16)
    return IntegerConvolution(
        library=library,
        panels=panels,
        scales=scales,
        bias=np.ascontiguousarray(bias, np.float32),
        taps=(high, wide),
        inputs=inputs,
        outputs=outputs,
        margin=margin,
        step=step,
        phases=phases,
        elu=elu,
    )
