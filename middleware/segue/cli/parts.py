"""The parts that commands join: the style encoder, the orchestra and the generators, by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from segue.contract import Generator, StyleEncoder

GENERATORS: Final = ("score",)


class Parts(NamedTuple):
    """generators: the chosen one, then what the fallback chain falls back on."""

    encoder: StyleEncoder
    generators: Sequence[Generator[Any]]


def build(name: str, *, soundfont: Path | None = None, note_memory: int | None = None) -> Parts:
    """The generator of that name, of GENERATORS, with all it needs.

    soundfont: plays instead of the bundled orchestra. note_memory: MiB kept of the sounds of notes, what one session
    needs if None.
    Raises: SoundFontError for a soundfont that cannot be used.
    """
    from segue.score.generator import ScoreGenerator
    from segue.score.sampler.notes import MEMORY_BYTES
    from segue.score.sampler.sampler import Sampler
    from segue.style.word_table import WordEncoder

    if name not in GENERATORS:
        raise ValueError(f"generator: expected one of {', '.join(GENERATORS)}, got {name!r}")
    encoder = WordEncoder()
    memory_bytes = MEMORY_BYTES if note_memory is None else note_memory << 20
    return Parts(encoder, [ScoreGenerator(encoder, Sampler(soundfont, memory_bytes=memory_bytes))])
