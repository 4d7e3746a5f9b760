"""The project that the scripts of this folder run in, and a report of runs of the engine that hung."""

from __future__ import annotations

import pytest

from godot.engine import hangs
from godot.project import make_project


@pytest.fixture(scope="session", autouse=True)
def project() -> None:
    """Copy the addon and the scripts once."""
    make_project()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for hang in hangs:
        terminalreporter.section("a run of the engine that hung")
        terminalreporter.write_line(hang)
