"""Proofs on many random examples, in shards that several workers share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

SHARDS: Final = 8

in_shards = pytest.mark.parametrize("shard", range(SHARDS))


def check_shard(check: Callable[[st.DataObject], None], shard: int, *, examples: int) -> None:
    """Check the examples of one shard, which are the same in every run, and others than those of the other shards.

    Args:
        check: Draws an example and checks it.
        shard: From 0 to SHARDS - 1.
        examples: Of all shards together.
    """

    @seed(f"{check.__qualname__} {shard}")
    @settings(max_examples=-(-examples // SHARDS), print_blob=True)
    @given(st.data())
    def checked(data: st.DataObject) -> None:
        check(data)

    checked()
