"""The codec refuses hostile messages of many kinds, with every code there is, and the same every time."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from segue_sdk.codec import decode
from segue_sdk.errors import DECODE_CODES, ProtocolError
from segue_sdk.messages import CLIENT_MESSAGES, NAMES
from service.wire_fuzz import KINDS, Parts, hostile, named


def verdict(parts: Parts) -> str:
    """Return the code with which a message is refused; "" if it is valid."""
    try:
        decode(parts)
    except ProtocolError as error:
        return error.code
    return ""


@pytest.mark.parametrize("seed", [1, 2])
def test_every_error_code_occurs_and_nothing_else_is_raised(seed: int) -> None:
    codes = Counter(verdict(parts) for kind, parts in islice(named(seed), 20_000) if kind != "flood")
    assert set(codes) == {"", *DECODE_CODES}
    assert codes[""] < codes.total() / 4


@pytest.mark.parametrize("kind", ["refused", "truncated", "unknown", "oversized", "noise"])
def test_malformed_kinds_are_always_refused(kind: str) -> None:
    assert all(verdict(parts) for parts in islice(hostile(3, kind), 500))


def test_floods_are_valid_and_misdirected_messages_are_of_the_service() -> None:
    assert not any(verdict(parts) for parts in islice(hostile(4, "flood"), 1_000))
    for parts in islice(hostile(5, "misdirected"), 200):
        assert NAMES[type(decode(parts))] not in CLIENT_MESSAGES


def test_equal_seeds_give_equal_messages_of_all_kinds() -> None:
    first, again, other = (list(islice(named(seed), 5_000)) for seed in (6, 6, 7))
    assert first == again != other
    assert {kind for kind, _ in first} == set(KINDS)
