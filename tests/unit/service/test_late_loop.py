"""What the log says when the service's loop had no turn for a while."""

from __future__ import annotations

import pytest

from segue.service.server import why_late


@pytest.mark.parametrize("used_s", [0.0, 0.001, 0.19])
def test_a_process_that_used_no_processor_time_was_suspended(used_s: float) -> None:
    assert "suspended" in why_late(2.0, used_s)


@pytest.mark.parametrize("used_s", [0.2, 2.0, 3.9])
def test_a_process_that_was_running_was_too_busy(used_s: float) -> None:
    assert "busy" in why_late(2.0, used_s)
