"""The composer's table: how each situation of game music sounds. One module a group of situations."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from segue.score.composer.table import battles, dangers, moods, places, voyages
from segue.score.composer.vocabulary import Situation

TABLE: Final = MappingProxyType(
    {row.name: row for row in (*battles.ROWS, *dangers.ROWS, *moods.ROWS, *places.ROWS, *voyages.ROWS)}
)
NAMES: Final[tuple[str, ...]] = tuple(TABLE)


def situation(name: str) -> Situation:
    """Return a row by its name.

    Raises:
        ValueError: For a name that the table lacks.
    """
    try:
        return TABLE[name]
    except KeyError:
        raise ValueError(f"situation: expected one of {', '.join(NAMES)}, got {name!r}") from None
