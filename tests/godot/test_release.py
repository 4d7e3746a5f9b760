"""The release zip: its bytes, and a game made with nothing else, as the README says; then that game exported."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Final

import pytest

from godot.engine import run_engine
from godot.project import HERE, PLACE, ROOT, complaints
from processes import comes_to_its_end
from segue import __version__

pytestmark = pytest.mark.heavy

RELEASE: Final = ROOT / "godot_client/release.py"
ADDON: Final = ROOT / "godot_client/addons/segue"
DISPLAY: Final = ROOT / ".cache/clients/godot_display"
LIBRARIES: Final = DISPLAY / "usr/lib/x86_64-linux-gnu"


def output(*words: str, home: Path, **variables: str) -> str:
    names = ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")
    done = run_engine(words, env={**os.environ, **dict.fromkeys(names, str(home)), **variables})
    assert done.returncode == 0, done.stdout
    return done.stdout


def godot(project: Path, *words: str, **variables: str) -> str:
    start = [str(PLACE / "start"), "godot", "--headless", "--no-header", "--path", str(project)]
    return output(*start, *words, home=project.parent / "home", **variables)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("release") / "segue.zip"
    output(sys.executable, str(RELEASE), str(path), home=path.parent)
    return path


def test_the_zip_has_the_addon_alone_and_the_same_bytes_again(archive: Path, tmp_path: Path) -> None:
    # Another folder, other times, and what an editor has written beside the files.
    copy = tmp_path / "checkout/godot_client"
    shutil.copytree(ADDON, copy / "addons/segue", copy_function=shutil.copyfile)
    shutil.copyfile(RELEASE, copy / "release.py")
    (copy / "addons/segue/icon.png.import").write_text("[remap]")
    (copy / "addons/segue/plugin.gd.uid").write_text("uid://b")
    again = tmp_path / "again.zip"
    output(sys.executable, str(copy / "release.py"), str(again), home=tmp_path)
    assert again.read_bytes() == archive.read_bytes()
    with zipfile.ZipFile(archive) as opened:
        names = opened.namelist()
        assert opened.read("addons/segue/LICENSE") == (ROOT / "LICENSE").read_bytes()
        assert f'version="{__version__}"' in opened.read("addons/segue/plugin.cfg").decode()
        # The width and height of a PNG.
        assert opened.read("addons/segue/icon.png")[16:24] == (128).to_bytes(4, "big") * 2
    assert names == sorted(names)
    assert all(name.startswith("addons/segue/") for name in names)
    assert {"addons/segue/README.md", "addons/segue/segue.gd", "addons/segue/nodes/segue_player.gd"} <= set(names)


@pytest.fixture(scope="module")
def game(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was empty, the zip in it, and what the README says done in an editor without a window."""
    project = tmp_path_factory.mktemp("newcomer") / "project"
    shutil.copytree(HERE / "newcomer", project, ignore=shutil.ignore_patterns("probe"))
    presets = project / "export_presets.cfg"
    template = DISPLAY / "usr/bin/godot-template-release"
    presets.write_text(presets.read_text().replace("TEMPLATE", str(template)))
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(project)
    shutil.copytree(HERE / "newcomer/probe", project / "addons/probe")
    service = project / "download"
    (service / "_internal").mkdir(parents=True)
    (service / ".gdignore").touch()
    (service / "_internal/library").write_text("a library")
    program = service / "segue"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m segue "$@"\n')
    program.chmod(0o755)
    (project / "todo").touch()
    told = godot(project, "--editor", PATH="/usr/bin:/bin")
    assert complaints(told) == [], told
    return project


def check_music(told: str) -> None:
    """What the game prints: the changes and the stinger of the README, and after them no service is left."""
    assert complaints(told) == [], told
    assert "[music: inside]" in told
    assert 'changed ["place", "outside", "inside"]' in told
    assert 'changed ["action", "calm", "fight"]' in told
    assert "stinger hurrah" in told
    (pid,) = (int(line.split()[1]) for line in told.splitlines() if line.startswith("service "))
    assert comes_to_its_end(pid)


def test_the_readme_leads_from_an_empty_project_to_music(game: Path) -> None:
    check_music(godot(game))


def test_an_exported_release_plays_with_its_own_service(game: Path, tmp_path: Path) -> None:
    folder = tmp_path / "game"
    folder.mkdir()
    told = godot(game, "--export-release", "Linux", str(folder / "game.x86_64"))
    assert complaints(told) == [], told
    program = folder / "segue/segue"
    assert os.access(program, os.X_OK)
    assert (folder / "segue/_internal/library").read_text() == "a library"
    assert (folder / "segue/rules/soundtrack.yaml").is_file()
    # The template needs newer libraries than this system's. The loader takes the game's place, so that the game finds
    # what lies beside it.
    shutil.copy(DISPLAY / "usr/lib64/ld-linux-x86-64.so.2", folder / "game")
    shutil.move(game / "segue-service", tmp_path / "elsewhere")
    try:
        libraries = f"{LIBRARIES}:{LIBRARIES / 'pulseaudio'}"
        words = [str(folder / "game"), "--library-path", libraries, str(folder / "game.x86_64"), "--headless"]
        check_music(output(*words, home=tmp_path / "home"))
    finally:
        shutil.move(tmp_path / "elsewhere", game / "segue-service")
