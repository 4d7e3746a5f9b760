"""The composer's layouts: how voices share the music, one for every word of style_profile.LAYOUTS."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.score.composer.layouts import (
    bands,
    battles,
    dangers,
    electronic,
    folk,
    moods,
    places,
    small,
    voyages,
)
from segue.score.composer.layouts.layout import Layout

_MODULES: Final = (battles, dangers, moods, places, voyages, small, bands, folk, electronic)
LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {row.name: row for module in _MODULES for row in module.LAYOUTS}
)
