"""Times and durations in words."""

from __future__ import annotations

import pytest

from segue_rules.times import clock_text, duration_text


@pytest.mark.parametrize(
    ("seconds", "digits", "text"),
    [
        (0, 3, "0:00.000"),
        (59.9999, 3, "1:00.000"),
        (59.96, 1, "1:00.0"),
        (3599.999, 2, "60:00.00"),
        (64.48, 2, "1:04.48"),
        (75.5, 1, "1:15.5"),
    ],
)
def test_a_moment_that_is_rounded_up_to_a_minute_is_that_minute(seconds: float, digits: int, text: str) -> None:
    assert clock_text(seconds, digits) == text


def test_a_sample_halfway_between_two_milliseconds_is_rounded_as_its_exact_time() -> None:
    for sample in range(0, 48_000 * 60, 24):
        total = round(sample * 1000 / 48_000)
        assert clock_text(sample / 48_000, 3) == f"{total // 60_000}:{total // 1000 % 60:02d}.{total % 1000:03d}"


@pytest.mark.parametrize(
    ("seconds", "in_file", "in_prose"),
    [(0, "0ms", "0 s"), (0.04, "40ms", "0.04 s"), (0.4, "400ms", "0.4 s"), (1, "1s", "1 s"), (1.52, "1.52s", "1.52 s")],
)
def test_a_duration_has_one_form_for_rule_files_and_one_for_prose(seconds: float, in_file: str, in_prose: str) -> None:
    assert (duration_text(seconds), duration_text(seconds, in_prose=True)) == (in_file, in_prose)
