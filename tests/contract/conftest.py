"""Quick compilation of the models that the contract's tests play."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def quick_compilation() -> Iterator[None]:
    """Compile without XLA's costly passes, which take most of the time of these tests.

    `tests/unit/model/test_engine.py` and `test_generator.py` test models as they are compiled in production.
    """
    import jax

    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", False)
