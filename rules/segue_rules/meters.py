"""Meters: how many beats a bar has, and the groups of two to four that they may form."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from segue_rules.controls import METER

Meter: TypeAlias = int | tuple[int, ...]
"""The beats of a bar, or the beats of each of its groups: 7, or (2, 2, 3)."""

SMALLEST_GROUP: Final = 2
LARGEST_GROUP: Final = 4
GROUPS: Final = r"[2-4](?:\+[2-4]){1,7}"
SIGNATURE: Final = r"[1-9][0-9]?/[48]"
EIGHTHS: Final[Mapping[int, tuple[int, ...]]] = MappingProxyType(
    {
        5: (3, 2),
        6: (3, 3),
        7: (2, 2, 3),
        9: (3, 3, 3),
        11: (3, 3, 3, 2),
        12: (3, 3, 3, 3),
    }
)
"""How the eighths of a time signature are grouped. Its beat is the eighth."""


def beats_of(meter: Meter) -> int:
    """How many beats a bar has."""
    return meter if isinstance(meter, int) else sum(meter)


def groups_of(meter: Meter) -> tuple[int, ...]:
    """The beats of each group of a bar; empty in a meter that does not say them."""
    return () if isinstance(meter, int) else meter


def meter_text(meter: Meter) -> str:
    """A meter as in a rule file: "7" or "2+2+3"."""
    return str(meter) if isinstance(meter, int) else "+".join(map(str, meter))


def is_meter(groups: tuple[int, ...]) -> bool:
    """Whether these are the groups of a bar: each of two to four beats, and no more beats than a meter may have."""
    sizes = all(SMALLEST_GROUP <= size <= LARGEST_GROUP for size in groups)
    return len(groups) > 1 and sizes and sum(groups) <= METER.high


def read_groups(text: str) -> Meter | None:
    """The meter that `2+2+3`, `6/8` or `3/4` says; None for any other text and for a bar of too many beats."""
    if re.fullmatch(GROUPS, text):
        groups = tuple(map(int, text.split("+")))
        return groups if is_meter(groups) else None
    if not re.fullmatch(SIGNATURE, text):
        return None
    beats, _, unit = text.partition("/")
    if unit == "8":
        return EIGHTHS.get(int(beats))
    return int(beats) if int(beats) <= METER.high else None
