"""The assemblies that the tests of this folder run, compiled once, and the runtimes they run on."""

from __future__ import annotations

import pytest

from unity.build import RUNTIMES, build


@pytest.fixture(scope="session", autouse=True)
def assemblies() -> None:
    """Compile the core and the probes."""
    build()


@pytest.fixture(params=RUNTIMES)
def runtime(request: pytest.FixtureRequest) -> str:
    """Each runtime in turn."""
    return str(request.param)
