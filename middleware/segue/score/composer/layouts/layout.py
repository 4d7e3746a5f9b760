"""The type of a layout: how voices share the music, before a profile says which instruments and drums play."""

from __future__ import annotations

from dataclasses import dataclass

from segue.score.composer.vocabulary import Kit, Voice


@dataclass(frozen=True, kw_only=True, eq=False)
class Layout:
    """Voices and what goes with them.

    Attributes:
        voices: Their programmes are the natural ones, which an ensemble replaces.
        groove, percussion: The words that go with it by nature.
        kit: Drums written for the layout, played for its own groove and percussion; None for the groove's.
        stretch, loose, entrance, drive: As in Arrangement.
        level_db: Added to the loudness at which the layout is played, where its estimate is off.
    """

    name: str
    voices: tuple[Voice, ...]
    groove: str = "none"
    percussion: str = "kit"
    kit: Kit | None = None
    stretch: int = 1
    loose: float = 0.01
    entrance: str = "none"
    level_db: float = 0.0
    drive: float = 0.5
