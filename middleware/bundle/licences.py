"""The licence texts of everything inside a bundle, from where each file came from.

A file belongs to an installed distribution, to Python itself, or to a package of the system (Debian's, say) that
Python is linked against. A file of unknown origin fails the build: nothing is shipped without its licence.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Final

# PyInstaller's own program starts the bundle; none of its files is collected.
_STARTER: Final = "pyinstaller"
_LGPL: Final = """\
Two libraries are under the LGPL-2.1-or-later, each a file of its own in the folder `_internal` that you may replace by
another build with the same interface:
  libsndfile, in _soundfile_data: source at https://github.com/libsndfile/libsndfile
  soxr, in soxr, with libsoxr inside: source at https://github.com/dofuuz/python-soxr
"""


class UnknownOriginError(Exception):
    """A file of the bundle has no licence that is known."""


def write(folder: Path, sources: Iterable[str]) -> None:
    """Write a folder for each origin with its licence texts, and README.txt, which lists them.

    Args:
        folder: Is made anew.
        sources: Paths of all collected files.
    Raises:
        UnknownOriginError: Files belong to nothing whose licence can be found.
    """
    shutil.rmtree(folder, ignore_errors=True)
    owners = _owners()
    used: dict[str, Distribution] = {}
    system: dict[str, Path] = {}
    unknown: list[str] = []
    for source in sorted({str(Path(source).resolve()) for source in sources if source and Path(source).is_absolute()}):
        path = Path(source)
        if path in owners:
            used[owners[path].name.lower()] = owners[path]
        elif not _is_pythons(path) and not _is_ours(path):
            package = _debian_package(path)
            if package is None:
                unknown.append(source)
            else:
                system[package] = Path(f"/usr/share/doc/{package}/copyright")
    for each in distributions():
        if each.name.lower() in (_STARTER, "segue", "segue-sdk"):
            used[each.name.lower()] = each
    lines = ["What this folder contains, and under which licence. The texts are in the folders beside this file.\n"]
    for name, each in sorted(used.items()):
        _copy(folder / name, _texts(each))
        lines.append(f"{each.name} {each.version}: {_terms(each)}")
    _copy(folder / "python", [_pythons_licence()])
    lines.append(f"Python {sys.version.partition(' ')[0]}: PSF-2.0 and the licences in its text")
    for package, text in sorted(system.items()):
        if not text.is_file():
            unknown.append(f"{package}: no {text}")
            continue
        _copy(folder / package, [text])
        lines.append(f"{package}: a library of the system that this bundle was made on; see its text")
    if unknown:
        raise UnknownOriginError("no licence is known for:\n  " + "\n  ".join(unknown))
    lines += ["", _LGPL]
    (folder / "README.txt").write_text("\n".join(lines), "utf-8")


def _owners() -> dict[Path, Distribution]:
    return {Path(str(file.locate())).resolve(): each for each in distributions() for file in each.files or ()}


def _terms(each: Distribution) -> str:
    for field in ("License-Expression", "License"):
        if field in each.metadata:
            return str(each.metadata[field]).partition("\n")[0]
    return "see its texts"


def _is_pythons(path: Path) -> bool:
    roots = {sys.base_prefix, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return any(path.is_relative_to(Path(root).resolve()) for root in roots)


def _is_ours(path: Path) -> bool:
    """Whether PyInstaller or the program's own script made it."""
    here = Path(__file__).resolve().parent
    return path.is_relative_to(here) or path.is_relative_to(here.parents[1] / "build")


def _debian_package(path: Path) -> str | None:
    """The Debian package of a system library; None where there is none."""
    if shutil.which("dpkg") is None:
        return None
    # Links such as /lib are not in the lists of files.
    for name in (str(path), str(path).removeprefix("/usr")):
        asked = subprocess.run(["dpkg", "-S", name], capture_output=True, text=True, check=False)
        if asked.returncode == 0:
            return asked.stdout.partition(":")[0]
    return None


def _texts(each: Distribution) -> list[Path]:
    """The licence files of a distribution. Raises: UnknownOriginError if it has none."""
    words = ("licen", "copying", "notice", "authors")
    found = [
        Path(str(file.locate()))
        for file in each.files or ()
        if any(file.name.lower().startswith(word) for word in words) and not file.name.endswith((".py", ".pyc"))
    ]
    if not found:
        raise UnknownOriginError(f"{each.name} {each.version} has no licence text")
    return found


def _pythons_licence() -> Path:
    for place in (Path(sysconfig.get_path("stdlib")) / "LICENSE.txt", Path(sys.base_prefix) / "LICENSE.txt"):
        if place.is_file():
            return place
    debian = Path(f"/usr/share/doc/python{sys.version_info.major}.{sys.version_info.minor}/copyright")
    if debian.is_file():
        return debian
    raise UnknownOriginError(f"Python in {sys.base_prefix} has no LICENSE.txt")


def _copy(folder: Path, texts: Iterable[Path]) -> None:
    folder.mkdir(parents=True)
    for number, text in enumerate(texts):
        target = folder / text.name
        shutil.copyfile(text, target if not target.exists() else folder / f"{number}.{text.name}")
