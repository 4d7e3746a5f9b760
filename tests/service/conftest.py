"""A running service and a client of it, as fixtures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from segue.service.server import Service
from service.peer import Peer
from service.serving import serving


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with serving(lookahead_ms=2_000, max_sessions=40) as running:
        yield running


@pytest.fixture
def peer(service: Service) -> Iterator[Peer]:
    with Peer(service.addresses[0]) as one:
        yield one
