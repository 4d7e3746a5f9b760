"""Which arithmetic plays Magenta RealTime 2: the integer kernels, or XLA in float32."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

import jax

from segue.contract import GeneratorError
from segue.model.native.compiler import AUTO, CHOICES, FLOAT32, INTEGER, VARIABLE, NativeError, choice_text
from segue.model.native.library import Library, load


class Arithmetic(NamedTuple):
    """What computes.

    Attributes:
        library: The integer kernels; None for float32.
        text: For people: what it is, and why.
    """

    library: Library | None
    text: str


def arithmetic(environ: Mapping[str, str] = os.environ) -> Arithmetic:
    """Return the arithmetic that SEGUE_ARITHMETIC chooses: integer, float32, or by default the best that there is.

    Integers are for processors: where JAX has a GPU, it computes in float32 there.

    Raises:
        GeneratorError: The choice is none, or cannot be had.
    """
    choice = environ.get(VARIABLE) or AUTO
    if choice not in CHOICES:
        raise GeneratorError(choice_text(choice))
    if choice == FLOAT32:
        return Arithmetic(None, f"float32 by XLA, as {VARIABLE} says")
    if choice == AUTO and jax.default_backend() != "cpu":
        return Arithmetic(None, f"float32 by XLA on {jax.default_backend()}")
    try:
        library = load()
    except NativeError as error:
        if choice == INTEGER:
            raise GeneratorError(f"{VARIABLE}={INTEGER}: {error}") from error
        return Arithmetic(None, f"float32 by XLA, several times slower than integer kernels: {error}")
    return Arithmetic(library, f"integer kernels {library.kernels}, {library.threads} threads")
