"""The token bucket: a rate and a burst, and never more."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue.service.client_limits import TokenBucket


def test_it_allows_a_burst_then_the_rate() -> None:
    bucket = TokenBucket(10, 20, now_s=100.0)
    assert sum(bucket.take(100.0) for _ in range(50)) == 20
    assert not bucket.take(100.05)
    assert bucket.take(100.15)
    assert sum(bucket.take(200.0) for _ in range(50)) == 20


def test_a_debt_is_paid_before_tokens_can_be_taken() -> None:
    bucket = TokenBucket(10, 20, now_s=0.0)
    bucket.charge(0.0, 50)
    assert bucket.debt_s(0.0) == 3.0
    assert not bucket.take(2.0)
    assert bucket.debt_s(2.0) == 1.0
    assert bucket.debt_s(3.0) == 0.0
    assert bucket.take(3.2)


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_it_never_allows_more_than_a_burst_and_the_rate(pauses: list[float]) -> None:
    bucket, now_s, taken = TokenBucket(10, 10, now_s=0.0), 0.0, 0
    for pause in pauses:
        now_s += pause
        taken += bucket.take(now_s)
    # For the rounding of a sum of many small times.
    assert taken <= 10 + 10 * now_s + 1e-6
