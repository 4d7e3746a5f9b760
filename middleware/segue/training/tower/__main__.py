"""Renders, reads and fits: `python -m segue.training.tower --fonts FOLDER --renders FOLDER`.

FOLDER of --fonts holds the soundfonts of `FONTS`, wherever below it: download their Debian packages with
`apt-get download` and unpack them with `dpkg -x`. Renders and their rows are kept in the other folder, so a run that
was interrupted goes on. The tower is written to segue/weights/tower, its figures to TOWER.md there.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from segue.style.tower import PATH
from segue.training.tower import lessons
from segue.training.tower.evaluate import table
from segue.training.tower.fit import TowerRecipe, fit
from segue.training.tower.renders import TRAINED_FONTS, UNSEEN_FONTS, plans, render_all

FONTS: Final[Mapping[str, tuple[str, str]]] = {
    "musescore": ("musescore-general-soundfont-small 0.2.1-1", "MuseScore_General_Lite.sf3"),
    "csound": ("csound-soundfont 1:6.18.1+dfsg-1", "sf_GMbank.sf2"),
    "timgm6mb": ("timgm6mb-soundfont 1.3-5", "TimGM6mb.sf2"),
    "opl3": ("opl3-soundfont 1.0-4", "OPL-3_FM_128M.sf2"),
}
"""Debian package with its version, and the file in it."""
_CARD: Final = PATH.with_name("TOWER.md")
_BEGIN, _END = "<!-- evaluation -->", "<!-- /evaluation -->"
_SHOWN: Final = 20


def _found_fonts(folder: Path) -> dict[str, Path | None]:
    """The bundled font, and those of FONTS that lie below a folder."""
    found: dict[str, Path | None] = {"bundled": None}
    for font, (_, name) in FONTS.items():
        files = [path for path in sorted(folder.rglob(name)) if path.is_file()]
        if files:
            found[font] = files[0]
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description="Train the audio tower.")
    parser.add_argument("--fonts", type=Path, required=True, help="where the soundfonts are")
    parser.add_argument("--renders", type=Path, required=True, help="where renders are kept")
    parser.add_argument("--renders-only", action="store_true", help="stop when everything is rendered")
    parser.add_argument("--as-they-are", action="store_true", help="train on the renders that are there")
    parser.add_argument("--leave-out", choices=TRAINED_FONTS, help="a font to test on instead; writes nothing")
    arguments = parser.parse_args()
    if not arguments.as_they_are:
        _render(arguments.fonts, arguments.renders)
    if arguments.renders_only:
        return
    lesson = lessons.read(arguments.renders)
    parts = np.array([label.part for label in lesson.labels])
    train, test = lesson.where(parts == "train"), lesson.where(parts == "test")
    if arguments.leave_out:
        fonts = train.fonts()
        train, test = train.where(fonts != arguments.leave_out), train.where(fonts == arguments.leave_out)
    tower = fit(train, TowerRecipe())
    lines = table(tower, test)
    print("\n".join(lines))
    if not arguments.leave_out:
        tower.save(PATH)
        text = _CARD.read_text(encoding="utf-8")
        before, after = text.partition(_BEGIN)[0], text.partition(_END)[2]
        _CARD.write_text("\n".join([before + _BEGIN, *lines, _END + after]), encoding="utf-8")


def _render(fonts: Path, folder: Path) -> None:
    found = _found_fonts(fonts)
    missing = [font for font in (*TRAINED_FONTS, *UNSEEN_FONTS) if font not in found]
    if missing:
        listed = "; ".join(f"{FONTS[font][1]} of the package {FONTS[font][0]}" for font in missing)
        raise SystemExit(f"{fonts}: expected {listed}")
    wanted = plans()
    for done in render_all(folder, found, wanted):
        if done % _SHOWN == 0:
            print(f"{done} of {len(wanted)} renders", flush=True)


if __name__ == "__main__":
    main()
