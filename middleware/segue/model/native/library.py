"""The compiled kernels: how they are loaded and called."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path
from typing import Any, Final

import jax
import numpy as np
from numpy.typing import NDArray

from segue.model.native.compiler import NativeError, compiled

PROJECT: Final = "segue_project"
"""The name under which XLA calls the product of a vector with a packed matrix."""
PANEL: Final = 16
"""Outputs that lie side by side in a packed matrix: PANEL of kernels.h."""
# Few threads wait for memory; more gain nothing.
_MOST_THREADS: Final = 8


class Convolution(ctypes.Structure):
    """The sizes of a convolution: `Convolution` of native.cc."""

    _fields_ = [
        (name, ctypes.c_int32)
        for name in (
            *("batch", "past", "rows", "bins", "inputs"),
            *("taps_t", "taps_f", "left", "right", "step", "elu"),
            *("outputs", "phases_t", "phases_f", "crop", "bins_out"),
            *("repeat_t", "repeat_f"),
        )
    ]


class Library:
    """The loaded kernels.

    Attributes:
        kernels: Which are used: avx512vnni, avx2, neon or portable.
        threads: That share a product.
    """

    def __init__(self, path: Path, threads: int) -> None:
        """Load a library and make its products known to XLA.

        Raises:
            NativeError: It is not a library of these kernels.
        """
        try:
            self._loaded = ctypes.CDLL(str(path))
            self._loaded.segue_start.restype = ctypes.c_char_p
            jax.ffi.register_ffi_target(PROJECT, jax.ffi.pycapsule(self._loaded.segue_project), platform="cpu")
        except (OSError, AttributeError) as error:
            raise NativeError(f"{path} cannot be loaded: {error}; remove it to have it compiled again") from error
        self.threads = threads
        self.kernels = self.choose("")

    def choose(self, kernels: str) -> str:
        """Use these kernels from now on; "" for the fastest. Returns their name.

        Raises:
            NativeError: The processor has no such instructions.
        """
        found: bytes | None = self._loaded.segue_start(self.threads, kernels.encode())
        if found is None:
            raise NativeError(f"this processor cannot run the kernels {kernels!r}")
        self.kernels = found.decode()
        return self.kernels

    def pack(
        self, matrix: NDArray[np.float32], run: int, kind: type[np.int8] | type[np.int16]
    ) -> tuple[NDArray[Any], NDArray[np.float32]]:
        """Round a matrix and lay it out for the kernels.

        Args:
            matrix: [inputs, outputs], in any memory order.
            run: Inputs that share a scale when it is used; even, unless it is all of them.
            kind: int8 for a language model's matrices, int16 for convolutions.
        Returns:
            Panels [P, pairs, 16, 2], and the scale of each output [16 * P].
        """
        inputs, outputs = matrix.shape
        panels = -(-outputs // PANEL)
        packed = np.empty((panels, -(-inputs // 2), PANEL, 2), kind)
        scales = np.empty(panels * PANEL, np.float32)
        function = self._loaded.segue_pack8 if kind is np.int8 else self._loaded.segue_pack16
        strides = [ctypes.c_int64(stride // matrix.itemsize) for stride in matrix.strides]
        function(_pointer(matrix), *strides, inputs, outputs, run, _pointer(packed), _pointer(scales))
        return packed, scales

    def convolve(
        self,
        sizes: Convolution,
        past: NDArray[np.float32] | None,
        x: NDArray[np.float32],
        packed: NDArray[np.int16],
        scales: NDArray[np.float32],
        bias: NDArray[np.float32],
        residual: NDArray[np.float32] | None,
        y: NDArray[np.float32],
    ) -> None:
        """Write a convolution to y. Arrays are contiguous; see native.cc for their shapes."""
        arrays = [_pointer(array) for array in (past, x, packed, scales, bias, residual, y)]
        self._loaded.segue_convolve(ctypes.byref(sizes), *arrays)


def _pointer(array: NDArray[Any] | None) -> ctypes.c_void_p:
    return ctypes.c_void_p(None if array is None else array.ctypes.data)


@cache
def load() -> Library:
    """Return the kernels, compiled if they are not yet in the cache, loaded once.

    Raises:
        NativeError: There is no compiler, or it fails.
    """
    return Library(compiled(Path(jax.ffi.include_dir()), jax.__version__), min(_processors(), _MOST_THREADS))


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
