"""Write the addon as a release zip: `addons/segue` only, with the same bytes whenever and wherever it is made."""

from __future__ import annotations

import argparse
import re
import zipfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
ADDON: Final = HERE / "addons/segue"
_NAME: Final = "addons/segue"
# What an editor writes beside the files of a project that it has opened.
_WRITTEN_BY_EDITORS: Final = {".import", ".uid"}
# The least time that a zip file can tell, and an ordinary file with the permissions rw-r--r--.
_TIME: Final = (1980, 1, 1, 0, 0, 0)
_MODE: Final = 0o100644 << 16


def version() -> str:
    """The addon's version, as `plugin.cfg` says."""
    found = re.search(r'^version="([^"]+)"$', (ADDON / "plugin.cfg").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise SystemExit(f'{ADDON / "plugin.cfg"}: expected a line version="…"')
    return found[1]


def write(path: Path) -> None:
    """Write the zip, its files sorted and not compressed: compressed bytes differ between versions of zlib."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(ADDON.rglob("*"), key=lambda each: each.relative_to(ADDON).as_posix()):
            if not file.is_file() or file.suffix in _WRITTEN_BY_EDITORS or file.name.startswith("."):
                continue
            entry = zipfile.ZipInfo(f"{_NAME}/{file.relative_to(ADDON).as_posix()}", _TIME)
            entry.external_attr = _MODE
            # Otherwise it says on which system it was made.
            entry.create_system = 3
            archive.writestr(entry, file.read_bytes())


def main() -> None:
    """Write the zip to the path that is given, or below `build`."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = HERE.parent / f"build/segue-godot-{version()}.zip"
    parser.add_argument("path", nargs="?", type=Path, default=default, help="where to write it (default: %(default)s)")
    path: Path = parser.parse_args().path
    write(path)
    print(path)


if __name__ == "__main__":
    main()
