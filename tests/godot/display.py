"""Exported games in a virtual display, with keys that are pressed as a keyboard does."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from godot.engine import run_engine
from godot.project import ROOT

# Beside the engine's own place: with its release template, a software renderer and patchelf (`install_display`).
PLACE: Final = (ROOT / ".cache/clients/godot_display").resolve()
_LIBRARIES: Final = PLACE / "usr/lib/x86_64-linux-gnu"


def write_template(project: Path) -> None:
    """Name the release template in a project's export presets."""
    presets = project / "export_presets.cfg"
    line = 'binary_format/architecture="x86_64"'
    template = f'custom_template/release="{PLACE}/usr/bin/godot-template-release"'
    presets.write_text(presets.read_text().replace(line, f"{template}\n{line}"))


def export_release(project: Path, game: Path, home: Path) -> str:
    """Export the preset "Linux" of a project, so that it runs with the libraries of `PLACE`.

    Args:
        project: The project's folder.
        game: The program to write.
        home: Where the editor keeps its settings.
    Returns:
        What the editor printed.
    """
    words = ["--headless", "--no-header", "--path", str(project), "--export-release", "Linux", str(game)]
    done = run_engine([str(PLACE / "start"), "godot", *words], env=environment(home))
    assert done.returncode == 0, done.stdout
    # Started through the loader of its libraries, a game takes that loader for itself and looks beside it for its pack.
    loader = ["--set-interpreter", str(PLACE / "usr/lib64/ld-linux-x86-64.so.2")]
    path = ["--force-rpath", "--set-rpath", f"{_LIBRARIES}:{_LIBRARIES}/pulseaudio"]
    subprocess.run([str(PLACE / "start"), "patchelf", *loader, *path, str(game)], check=True)
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    """The variables for an engine that keeps its files in a folder and draws without a graphics card."""
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    return {**os.environ, **dict.fromkeys(names, str(home)), "LIBGL_DRIVERS_PATH": str(_LIBRARIES / "dri")}


@contextmanager
def virtual_display(size: str = "1280x720") -> Iterator[str]:
    """A display of its own; gives its name for DISPLAY."""
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    with subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as number:
            name = f":{number.readline().strip()}"
        try:
            yield name
        finally:
            server.terminate()


def press(display: str, *keys: str) -> None:
    """Press keys, by the names of X."""
    subprocess.run(["xdotool", "key", *keys], check=True, env={**os.environ, "DISPLAY": display})
