"""Write the golden vectors, or say which files are not current: `python -m segue_sdk.vectors [--write] [FOLDER]`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from segue_sdk.vectors.files import rendered


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 1 if a file is not current and was not to be written."""
    parser = argparse.ArgumentParser(prog="python -m segue_sdk.vectors", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("engine_sdk/vectors"))
    parser.add_argument("--write", action="store_true", help="bring the files up to date")
    options = parser.parse_args(arguments)
    stale = [
        (options.folder / name, text)
        for name, text in rendered().items()
        if not (options.folder / name).is_file() or (options.folder / name).read_text("utf-8") != text
    ]
    for path, text in stale:
        if options.write:
            path.write_text(text, "utf-8", newline="\n")
        print(f"{path}: {'written' if options.write else 'not current'}")
    return 1 if stale and not options.write else 0


if __name__ == "__main__":
    sys.exit(main())
