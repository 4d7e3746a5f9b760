"""The integer kernels: products and convolutions are NumPy's, on any sizes; what is said where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from numpy.typing import NDArray

from contract.generators import integer_kernels
from segue.contract import GeneratorError
from segue.model.native import arithmetic as arithmetic_module
from segue.model.native import compiler
from segue.model.native.arithmetic import arithmetic
from segue.model.native.compiler import NativeError, compiled, prospect
from segue.model.native.convolution import IntegerConvolution, integer_convolution
from segue.model.native.library import Library
from segue.model.native.packed_matrix import PackedMatrix, pack_matrix

# Relative to the largest output: sums are exact, what is left is the rounding of float32.
ROUNDING = 1e-6


@pytest.fixture(scope="module")
def library() -> Library:
    return integer_kernels()


@pytest.fixture(params=["best", "portable"])
def kernels(request: pytest.FixtureRequest, library: Library) -> Iterator[Library]:
    """The library with the processor's own kernels, and with those that every processor runs."""
    library.choose("" if request.param == "best" else request.param)
    yield library
    library.choose("")


def noise(*shape: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def rounded(matrix: PackedMatrix, inputs: int) -> NDArray[np.float64]:
    """Return the matrix [O, I] that was packed, as it was rounded."""
    panels = np.asarray(matrix.panels, np.float64)
    whole = panels.transpose(0, 2, 1, 3).reshape(-1, 2 * panels.shape[1])
    return (whole * np.asarray(matrix.scales, np.float64)[:, None])[: len(matrix.outputs), :inputs]


def rounded_rows(x: NDArray[np.float32], limit: int) -> NDArray[np.float64]:
    """Return rows as the kernels round them: one scale a row."""
    step = np.abs(x).max(axis=1, keepdims=True).astype(np.float64) / limit
    return np.rint(x / np.where(step > 0, step, 1)) * step


def close(found: Any, expected: Any, tolerance: float) -> bool:
    return bool(np.abs(np.asarray(found) - expected).max() <= tolerance * np.abs(expected).max())


@pytest.mark.parametrize(
    ("rows", "inputs", "outputs"), [(1, 1, 1), (1, 7, 5), (2, 40, 33), (7, 1_030, 16), (13, 513, 17), (64, 24, 96)]
)
def test_products_are_exact_sums_of_rounded_numbers(kernels: Library, rows: int, inputs: int, outputs: int) -> None:
    x, weights = noise(rows, inputs), noise(outputs, inputs, seed=1)
    matrix = pack_matrix(kernels, weights)
    found = matrix.project(jnp.asarray(x))
    # The rounded inputs may differ by a step where one lies between two.
    expected = rounded_rows(x, 32_767) @ rounded(matrix, inputs).T
    assert close(found, expected, 1e-4)
    # Steps of 1/127 of an output's largest weight.
    assert close(rounded(matrix, inputs), weights, 0.5 / 127 + ROUNDING)
    assert np.std(found - x @ weights.T) <= 0.02 * np.std(x @ weights.T)


def test_rows_and_weights_of_zeros_give_zeros(kernels: Library) -> None:
    x, weights = noise(5, 30), noise(20, 30, seed=1)
    x[2], weights[3] = 0, 0
    found = np.asarray(pack_matrix(kernels, weights).project(jnp.asarray(x)))
    assert not found[2].any()
    assert not found[:, 3].any()
    assert np.isfinite(found).all()
    assert found.any(axis=1).sum() == 4


def test_the_largest_numbers_do_not_overflow(kernels: Library) -> None:
    """Every sum is at the limit of int32, for both kinds of weights."""
    matrix = pack_matrix(kernels, np.ones((16, 4_096), np.float32))
    assert close(matrix.project(jnp.ones((1, 4_096))), np.full((1, 16), 4_096.0), 1e-5)
    conv = integer_convolution(kernels, np.ones((1, 1, 4_096, 16), np.float32), np.zeros(16, np.float32), elu=False)
    x = np.ones((1, 1, 1, 4_096), np.float32)
    assert close(conv(x, conv.silence(1, 1))[0], np.full((1, 1, 1, 16), 4_096.0), 2e-3)


def test_a_row_is_the_same_to_the_bit_alone_and_in_a_batch(kernels: Library) -> None:
    x, matrix = noise(29, 700), pack_matrix(kernels, noise(50, 700, seed=1))
    whole = np.asarray(matrix.project(jnp.asarray(x)))
    for row in (0, 11, 28):
        assert np.array_equal(np.asarray(matrix.project(jnp.asarray(x[row : row + 1])))[0], whole[row])


def test_a_matrix_in_any_memory_order_is_packed_alike(library: Library) -> None:
    weights = noise(33, 21)
    one, two = pack_matrix(library, weights), pack_matrix(library, np.asfortranarray(weights))
    assert np.array_equal(one.panels, two.panels)
    assert np.array_equal(one.scales, two.scales)


def in_float32(
    conv: IntegerConvolution, kernel: NDArray[np.float32], x: NDArray[np.float32], margin: int
) -> NDArray[np.float32]:
    """Return what a convolution after silence gives, by XLA."""
    active = np.where(x > 0, x, np.expm1(np.minimum(x, 0))) if conv.elu else x
    joined = np.concatenate([conv.silence(len(x), x.shape[2]), active], axis=1)
    found = lax.conv_general_dilated(
        jnp.asarray(joined),
        jnp.asarray(kernel),
        (1, conv.step),
        ((0, 0), (margin, margin)),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        precision=lax.Precision.HIGHEST,
    )
    rows, bins = conv.phases
    batch, count = len(x), x.shape[1]
    y = np.asarray(found).reshape(batch, count, -1, rows, bins, conv.outputs).transpose(0, 1, 3, 2, 4, 5)
    y = y.reshape(batch, count * rows, -1, conv.outputs)
    inside = slice(bins // 2, bins // 2 + x.shape[2] * bins) if bins > 1 else slice(None)
    return y[:, :, inside] + conv.bias


@pytest.mark.parametrize(
    ("bins", "inputs", "outputs", "taps", "margin", "step", "phases"),
    [
        (9, 3, 5, (3, 3), 1, 1, (1, 1)),
        (10, 32, 16, (2, 2), 1, 1, (2, 2)),
        (7, 6, 10, (3, 2), 1, 1, (1, 3)),
        (5, 4, 7, (2, 3), 1, 1, (2, 1)),
        (16, 5, 16, (7, 14), 3, 8, (1, 1)),
        (11, 150, 48, (3, 3), 1, 1, (1, 1)),
        (1, 9, 33, (1, 1), 0, 1, (1, 1)),
    ],
    ids=str,
)
def test_convolutions_are_close_to_float32_and_the_same_in_any_cuts(
    kernels: Library,
    bins: int,
    inputs: int,
    outputs: int,
    taps: tuple[int, int],
    margin: int,
    step: int,
    phases: tuple[int, int],
) -> None:
    kernel, bias = noise(*taps, inputs, outputs * phases[0] * phases[1], seed=2), noise(outputs, seed=3)
    conv = integer_convolution(kernels, kernel, bias, margin=margin, step=step, phases=phases)
    x = noise(2, 8, bins, inputs)
    x[0, 4] *= 1_000  # A loud row, which must not take accuracy from the others.
    whole, _ = conv(x, conv.silence(2, bins))
    expected = in_float32(conv, kernel, x, margin)
    assert whole.shape == expected.shape
    for row in (0, 2, 7):
        part = slice(row * phases[0], (row + 1) * phases[0])
        error = np.std(whole[:, part] - expected[:, part])
        assert error < 2e-3 * np.std(expected[:, part])
    past, pieces = conv.silence(2, bins), []
    for begin, end in ((0, 1), (1, 6), (6, 8)):
        piece, past = conv(x[:, begin:end], past)
        pieces.append(piece)
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)
    alone, _ = conv(x[1:], conv.silence(1, bins))
    assert np.array_equal(alone[0], whole[1])


def test_a_residual_is_added_to_each_of_the_rows_and_bins_it_stands_for(kernels: Library) -> None:
    conv = integer_convolution(kernels, noise(3, 3, 4, 6), noise(6, seed=1), margin=1)
    x, residual = noise(2, 4, 6, 4, seed=2), noise(2, 2, 2, 6, seed=3)
    plain, _ = conv(x, conv.silence(2, 6))
    found, _ = conv(x, conv.silence(2, 6), residual, (2, 3))
    np.testing.assert_allclose(found, plain + residual.repeat(2, axis=1).repeat(3, axis=2), rtol=0, atol=1e-5)


def test_arrays_need_no_alignment(kernels: Library) -> None:
    conv = integer_convolution(kernels, noise(3, 3, 4, 6), noise(6, seed=1), margin=1)
    x = noise(1, 4, 6, 4, seed=2)
    room = np.zeros(x.size + 1, np.float32)
    moved = room[1:].reshape(x.shape)
    moved[:] = x
    assert np.array_equal(conv(moved, conv.silence(1, 6))[0], conv(x, conv.silence(1, 6))[0])


def test_kernels_that_the_processor_lacks_are_refused(library: Library) -> None:
    with pytest.raises(NativeError, match="this processor cannot run the kernels 'abacus'"):
        library.choose("abacus")
    assert library.choose("") == library.kernels


def without_kernels(*_: Any) -> Library:
    raise NativeError("no C++ compiler is found")


def test_without_a_compiler_xla_computes_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arithmetic_module, "load", without_kernels)
    found = arithmetic({})
    assert found.library is None
    assert found.text == "float32 by XLA, several times slower than integer kernels: no C++ compiler is found"
    with pytest.raises(GeneratorError, match="SEGUE_ARITHMETIC=integer: no C"):
        arithmetic({"SEGUE_ARITHMETIC": "integer"})


def test_the_arithmetic_is_a_choice(library: Library) -> None:
    assert arithmetic({"SEGUE_ARITHMETIC": "float32"}) == (None, "float32 by XLA, as SEGUE_ARITHMETIC says")
    assert arithmetic({"SEGUE_ARITHMETIC": "integer"}).library is library
    with pytest.raises(
        GeneratorError, match="SEGUE_ARITHMETIC: expected one of auto, integer, float32, got 'bfloat16'"
    ):
        arithmetic({"SEGUE_ARITHMETIC": "bfloat16"})


def test_a_compiler_that_is_missing_or_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "cache_folder", lambda: tmp_path)
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(
        NativeError, match=r"no C\+\+ compiler is found; install g\+\+ or clang\+\+, or name one in CXX"
    ):
        compiled(tmp_path, "0")
    assert prospect({}) == (False, "float32 by XLA: no C++ compiler is found for the integer kernels")
    broken = tmp_path / "broken-compiler"
    broken.write_text("#!/bin/sh\necho 'x.cc:1: error: broken' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CXX", str(broken))
    with pytest.raises(NativeError, match=r"broken-compiler cannot compile the kernels: x\.cc:1: error: broken"):
        compiled(tmp_path, "0")
    assert not list((tmp_path / "native").iterdir())
