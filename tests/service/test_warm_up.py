"""A generator that cannot play: the service does not start, and the error says why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from segue.contract import GeneratorError, Request, Result
from service.serving import serving
from unit.runtime.toy_generator import ToyGenerator


class Mute(ToyGenerator):
    """A generator that compiles, and then cannot play."""

    compiles = True

    def generate(self, requests: Sequence[Request[Any]]) -> list[Result[Any]]:
        raise RuntimeError("no such device")


def test_a_generator_that_cannot_play_is_named() -> None:
    expected = "the generator 'toy' cannot play: RuntimeError: no such device"
    with pytest.raises(GeneratorError, match=expected), serving(Mute(), generator="toy"):
        pass
