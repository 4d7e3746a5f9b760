"""What is read of recordings of others: `python -m segue.training.tower.recordings FOLDER`.

FOLDER holds the tracks of `TRACKS`, wherever below it: download the Debian packages with `apt-get download` and unpack
them with `dpkg -x`. The table is written to TOWER.md. Nothing is trained on these recordings.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from segue.audio.files import read_audio
from segue.style.audio_reader import TOO_FAR, AudioReading, read_recording
from segue.style.spectra import MAX_SECONDS
from segue.style.tower import PATH

TRACKS: Final[Mapping[str, tuple[str, ...]]] = {
    "wesnoth-1.16-music 1:1.16.9-1": (
        *("battle", "battle-epic", "frantic", "vengeful", "sad", "elf-land", "elvish-theme", "traveling_minstrels"),
        *("underground", "suspense", "revelation", "knalgan_theme", "love_theme", "northerners", "victory", "defeat"),
    ),
    "flare-data 0.19-1.1, flare-game 1.14-1": (
        *("battle_theme", "boss_theme", "cave_theme", "dungeon_theme", "forest_theme", "magical_theme", "town_theme"),
    ),
    "hyperrogue-music 12.0q-1": (
        *("hr-savino-ocean", "hr-savino-caribbean", "hr3-desert", "hr3-graveyard", "hr3-hell", "hr3-icyland"),
        *("hr3-jungle", "hr3-laboratory"),
    ),
}
"""Names of Ogg files by their Debian packages with versions."""
_MEASURED: Final = frozenset({"tempo_bpm", "meter", "groove", "density", "width"})
_CARD: Final = PATH.with_name("TOWER.md")
_BEGIN, _END = "<!-- recordings -->", "<!-- /recordings -->"


def table(readings: Mapping[str, AudioReading]) -> Iterator[str]:
    """Yield the lines of a Markdown table of readings by the names of their tracks, and how many were warned of."""
    yield "| track | nearest styles with likeness | set by measurement | a warning |"
    yield "|---|---|---|---|"
    for name, reading in readings.items():
        near = ", ".join(f"{style} {likeness:.2f}" for style, likeness in reading.nearest)
        measured = ", ".join(
            f"{source.axis.removesuffix('_bpm')} {source.value}"
            for source in reading.sources
            if source.axis in _MEASURED
        )
        yield f"| {name} | {near} | {measured or '-'} | {'yes' if reading.warnings else 'no'} |"
    far = sum(reading.similarity < TOO_FAR for reading in readings.values())
    yield ""
    yield f"Like no style (likeness below {TOO_FAR}): {far} of {len(readings)}."


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Read recordings of others, and write what was read to TOWER.md.")
    parser.add_argument("folder", type=Path, help="where the tracks are")
    arguments = parser.parse_args()
    readings = {}
    for package, names in TRACKS.items():
        for name in names:
            found = sorted(arguments.folder.rglob(f"{name}.ogg"))
            if not found:
                raise SystemExit(f"{arguments.folder}: expected {name}.ogg of the package {package}, found nothing")
            samples = read_audio(found[0], max_seconds=MAX_SECONDS, excerpt=True)
            readings[f"{package.split('-')[0].capitalize()}: {name}"] = read_recording(samples)
    text = _CARD.read_text(encoding="utf-8")
    before, after = text.partition(_BEGIN)[0], text.partition(_END)[2]
    _CARD.write_text("\n".join([before + _BEGIN, *table(readings), _END + after]), encoding="utf-8")


if __name__ == "__main__":
    main()
