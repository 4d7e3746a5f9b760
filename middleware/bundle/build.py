"""Freezes the service with PyInstaller into build/bundle/segue-service, a folder that a game can be shipped with.

`make bundle` runs it. The environment of the build has the versions of constraints.txt, and nothing but what the
service needs to run. What is inside, and what not, is in segue.spec.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
PLACE: Final = ROOT / "build" / "bundle"
FOLDER: Final = PLACE / "segue-service"
_ENVIRONMENT: Final = PLACE / "venv"
_MB: Final = 1_000_000


def build() -> Path:
    """Build the folder and its archive; returns the archive's path."""
    python = _environment()
    shutil.rmtree(FOLDER, ignore_errors=True)
    command = [str(python), "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", "--distpath", str(PLACE)]
    # Hashes in a fixed order, and no time of day: equal sources give equal archives of modules.
    settings = {**os.environ, "PYTHONHASHSEED": "1", "SOURCE_DATE_EPOCH": "946684800"}
    subprocess.run(
        [*command, "--workpath", str(PLACE / "work"), str(HERE / "segue.spec")], check=True, cwd=HERE, env=settings
    )
    _strip()
    # Godot imports nothing of a folder with such a file.
    (FOLDER / ".gdignore").touch()
    kind = "zip" if sys.platform == "win32" else "gztar"
    name = f"segue-service-{sys.platform}-{platform.machine().lower()}"
    return Path(shutil.make_archive(str(PLACE / name), kind, PLACE, FOLDER.name))


def size_mb(path: Path) -> float:
    """The size of a file, or of all files of a folder, in megabytes."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.lstat().st_size for file in files if not file.is_dir()) / _MB


def _environment() -> Path:
    """Make the environment, or bring it up to date; returns its Python."""
    if not _ENVIRONMENT.exists():
        print(f"installing into {_ENVIRONMENT.relative_to(ROOT)}", flush=True)
        venv.create(_ENVIRONMENT, with_pip=True)
    python = _ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pins = ["--constraint", str(ROOT / "constraints.txt")]
    ours = [str(ROOT / "engine_sdk"), str(ROOT)]
    subprocess.run([*install, *pins, "--requirement", str(HERE / "requirements.txt"), *ours], check=True)
    # The same version number may stand for other sources.
    subprocess.run([*install, "--no-deps", "--force-reinstall", *ours], check=True)
    return python


def _strip() -> None:
    """Remove debugging symbols of Python's own libraries. Those of wheels are as small as their makers want them."""
    if sys.platform != "linux" or shutil.which("strip") is None:
        return
    inside = FOLDER / "_internal"
    suffix = str(sysconfig.get_config_var("EXT_SUFFIX"))
    for library in [
        *inside.glob("libpython3*"),
        *inside.glob(f"lib-dynload/*{suffix}"),
        *inside.glob("python3*/**/*.so"),
    ]:
        subprocess.run(["strip", "--strip-unneeded", str(library)], check=True)


if __name__ == "__main__":
    archive = build()
    print(f"{FOLDER.relative_to(ROOT)}: {size_mb(FOLDER):.0f} MB")
    print(f"{archive.relative_to(ROOT)}: {size_mb(archive):.0f} MB")
