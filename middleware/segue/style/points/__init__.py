"""The named styles: points on the axes of style, with the captions and names by which a text finds them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.style.points import (
    classical,
    electronic,
    groove,
    jazz,
    latin,
    rock,
    scenes,
    situations,
    traditional,
    world,
)
from segue.style.points.named_style import NamedStyle

_MODULES: Final = (situations, jazz, latin, groove, electronic, rock, traditional, world, classical, scenes)
POINTS: Final[Mapping[str, NamedStyle]] = MappingProxyType(
    {row.name: row for module in _MODULES for row in module.ROWS}
)
"""Every named style by its name, the twenty situations first."""

__all__ = ["POINTS", "NamedStyle"]
