"""One sampler for the tests that do not need a fresh one."""

from __future__ import annotations

import pytest

from segue.score.sampler.sampler import Sampler


@pytest.fixture(scope="session")
def sampler() -> Sampler:
    return Sampler()
