"""Hostile messages are refused by the codec, with every code there is, in many kinds, and the same every time."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from segue_sdk.codec import decode
from segue_sdk.errors import DECODE_CODES, ProtocolError
from segue_sdk.messages import CLIENT_MESSAGES, NAMES
from service.wire_fuzz import KINDS, Parts, hostile, named


def verdict(parts: Parts) -> str:
    """The code the message is refused with; "" if it is one."""
    try:
        decode(parts)
    except ProtocolError as error:
        return error.code
    return ""


@pytest.mark.parametrize("seed", [1, 2])
def test_every_code_is_provoked_and_nothing_else_raised(seed: int) -> None:
    codes = Counter(verdict(parts) for kind, parts in islice(named(seed), 20_000) if kind != "flood")
    assert set(codes) == {"", *DECODE_CODES}
    assert codes[""] < codes.total() / 4


@pytest.mark.parametrize("kind", ["refused", "truncated", "unknown", "oversized", "noise"])
def test_these_kinds_are_always_refused(kind: str) -> None:
    assert all(verdict(parts) for parts in islice(hostile(3, kind), 500))


def test_a_flood_is_valid_and_misdirected_messages_are_a_services() -> None:
    assert not any(verdict(parts) for parts in islice(hostile(4, "flood"), 1_000))
    for parts in islice(hostile(5, "misdirected"), 200):
        assert NAMES[type(decode(parts))] not in CLIENT_MESSAGES


def test_equal_seeds_give_equal_messages_and_all_kinds_come() -> None:
    first, again, other = (list(islice(named(seed), 5_000)) for seed in (6, 6, 7))
    assert first == again != other
    assert {kind for kind, _ in first} == set(KINDS)
