"""So many a second, bursts of one second's worth, and never more, whenever it is asked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue.service.allowance import Allowance


def test_a_burst_then_the_rate() -> None:
    allowance = Allowance(10, now_s=100.0)
    assert sum(allowance.take(100.0) for _ in range(50)) == 10
    assert not allowance.take(100.05)
    assert allowance.take(100.15)
    assert sum(allowance.take(200.0) for _ in range(50)) == 10


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_never_more_than_the_rate_and_a_burst(pauses: list[float]) -> None:
    allowance, now_s, taken = Allowance(10, now_s=0.0), 0.0, 0
    for pause in pauses:
        now_s += pause
        taken += allowance.take(now_s)
    # Rounding of a sum of many small times.
    assert taken <= 10 + 10 * now_s + 1e-6
