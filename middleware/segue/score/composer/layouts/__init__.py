"""The composer's layouts: how voices share the music, one for every word of style_profile.LAYOUTS."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from segue.score.composer.layouts import bands, electronic, folk, game, small
from segue.score.composer.layouts.layout import Layout

LAYOUTS: Final[Mapping[str, Layout]] = MappingProxyType(
    {row.name: row for row in (*game.LAYOUTS, *small.LAYOUTS, *bands.LAYOUTS, *folk.LAYOUTS, *electronic.LAYOUTS)}
)
