"""The log's rate limit: the first line of a kind at once, then few, and a count of those left out."""

from __future__ import annotations

from segue_sdk.log import LogRateLimiter


def test_the_first_line_of_a_kind_is_written_and_the_rest_are_counted() -> None:
    lines = LogRateLimiter()
    assert [lines.due("a", now_s) for now_s in (0.0, 1.0, 4.9, 5.0, 6.0, 20.0)] == [0, None, None, 2, None, 1]
    assert lines.due("b", 6.0) == 0


def test_memory_is_bounded_for_any_number_of_kinds() -> None:
    lines = LogRateLimiter()
    for number in range(10_000):
        assert lines.due(str(number), 0.0) == 0
    assert len(lines._written_s) <= 64
