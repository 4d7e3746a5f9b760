"""The layouts of game situations: the voices and drums of the composer's table."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from segue.score.composer.layouts.layout import Layout
from segue.score.composer.table import TABLE

# The natural words of groove and percussion, and what the estimate of loudness is off by, in dB.
_NATURAL: Final = MappingProxyType(
    {
        "combat": ("war drums", "orchestral", 0.0),
        "boss": ("giant drums", "orchestral", -1.5),
        "chase": ("driving", "kit", 0.0),
        "metal": ("driving", "metal kit", 0.0),
        "victory": ("fanfare", "orchestral", 0.0),
        "stealth": ("tension", "kit", -1.0),
        "dungeon": ("sparse", "orchestral", -0.5),
        "horror": ("sparse", "orchestral", -1.0),
        "mystery": ("none", "hand drums", -1.0),
        "calm": ("none", "hand drums", 1.5),
        "sad": ("none", "orchestral", 1.0),
        "snow": ("sparse", "orchestral", 0.5),
        "temple": ("none", "orchestral", 0.0),
        "town": ("straight", "hand drums", -0.5),
        "tavern": ("hand drums", "hand drums", 2.5),
        "desert": ("hand drums", "hand drums", 1.0),
        "exploration": ("straight", "orchestral", 0.0),
        "ocean": ("hand drums", "hand drums", 0.0),
        "space": ("none", "electronic", 3.0),
        "chiptune": ("straight", "chip", 1.0),
    }
)

LAYOUTS: Final = tuple(
    Layout(
        name=row.name,
        voices=row.voices,
        groove=_NATURAL[row.name][0],
        percussion=_NATURAL[row.name][1],
        level_db=_NATURAL[row.name][2],
        kit=row.kit,
        stretch=row.stretch,
        loose=row.loose,
        entrance=row.entrance,
        drive=row.drive,
    )
    for row in TABLE.values()
)
