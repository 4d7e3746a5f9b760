"""Engines of reduced models, compiled once for all tests of segue.model; quick compilation for the rest."""

from __future__ import annotations

from collections.abc import Iterator

import jax
import pytest

from segue.model.config import MRT2_TINY, SEGUE_TINY, Depthformer
from segue.model.engine import Engine
from segue.model.weights import random_weights


@pytest.fixture(scope="module", autouse=True)
def quick_compilation(request: pytest.FixtureRequest) -> Iterator[None]:
    """Compile tests of mathematics without XLA's costly passes: half the time of `make test` went there.

    What runs in production, the engine, is tested as it runs in production.
    """
    whole = request.module.__name__.rsplit(".", 1)[-1] in ("test_engine", "test_generator")
    jax.config.update("jax_disable_most_optimizations", not whole)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


def _engine(config: Depthformer) -> Engine:
    top_k = 0 if config.codes.ends_early else 5
    return Engine(config, random_weights(config, 3), top_k=top_k, batch_buckets=(3,), chunk_buckets=(16,))


@pytest.fixture(scope="session")
def mrt2_engine() -> Engine:
    return _engine(MRT2_TINY)


@pytest.fixture(scope="session")
def segue_engine() -> Engine:
    return _engine(SEGUE_TINY)


@pytest.fixture(scope="session", params=["mrt2", "segue"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue(f"{request.param}_engine")
    return found
