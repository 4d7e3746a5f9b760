"""The project that the scripts of this folder run in."""

from __future__ import annotations

import pytest

from godot.project import make_project


@pytest.fixture(scope="session", autouse=True)
def project() -> None:
    """Copy the addon and the scripts once."""
    make_project()
