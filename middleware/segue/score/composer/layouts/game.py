"""The layouts of game situations: the voices and drums of the composer's table."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from segue.score.composer.layouts.layout import Layout
from segue.score.composer.table import TABLE

_DRUMS: Final = MappingProxyType(
    {
        "combat": ("war drums", "orchestral"),
        "boss": ("giant drums", "orchestral"),
        "chase": ("driving", "kit"),
        "metal": ("driving", "metal kit"),
        "victory": ("fanfare", "orchestral"),
        "stealth": ("tension", "kit"),
        "dungeon": ("sparse", "orchestral"),
        "horror": ("sparse", "orchestral"),
        "mystery": ("none", "hand drums"),
        "calm": ("none", "hand drums"),
        "sad": ("none", "orchestral"),
        "snow": ("sparse", "orchestral"),
        "temple": ("none", "orchestral"),
        "town": ("straight", "hand drums"),
        "tavern": ("hand drums", "hand drums"),
        "desert": ("hand drums", "hand drums"),
        "exploration": ("straight", "orchestral"),
        "ocean": ("hand drums", "hand drums"),
        "space": ("none", "electronic"),
        "chiptune": ("straight", "chip"),
    }
)

LAYOUTS: Final = tuple(
    Layout(
        name=row.name,
        voices=row.voices,
        groove=_DRUMS[row.name][0],
        percussion=_DRUMS[row.name][1],
        kit=row.kit,
        stretch=row.stretch,
        loose=row.loose,
        entrance=row.entrance,
        gain=row.gain,
        drive=row.drive,
    )
    for row in TABLE.values()
)
