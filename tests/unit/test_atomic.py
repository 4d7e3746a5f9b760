"""Files appear whole or not at all, and replace nothing but files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from segue.atomic import NotReplaceableError, replaceable, replacing

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX files")


def write(path: Path, text: str) -> None:
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")


@posix
def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    target, link, dangling = tmp_path / "target", tmp_path / "link", tmp_path / "dangling"
    target.write_text("old", encoding="utf-8")
    link.symlink_to("target")
    dangling.symlink_to("new")
    write(link, "new")
    write(dangling, "made")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert dangling.is_symlink()
    assert (tmp_path / "new").read_text(encoding="utf-8") == "made"


@posix
@pytest.mark.parametrize("kind", ["pipe", "folder", "device", "loop", "link to a pipe"])
def test_anything_other_than_a_file_stays(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "there"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path = Path("/dev/null")
    elif kind == "loop":
        path.symlink_to("there")
    else:
        os.mkfifo(tmp_path / "pipe")
        path.symlink_to("pipe")
    before = os.lstat(path)
    with pytest.raises(OSError) as refused:
        write(path, "new")
    assert str(refused.value.filename) == str(path)
    assert isinstance(refused.value, NotReplaceableError) or kind == "loop"
    assert stat.S_IFMT(os.lstat(path).st_mode) == stat.S_IFMT(before.st_mode)
    assert not list(tmp_path.rglob("*.part"))


@posix
def test_permissions_of_the_old_file_stay_and_a_new_one_has_the_usual(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.touch()
    secret.chmod(0o600)
    write(secret, "new")
    write(tmp_path / "open", "new")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o666 & ~mask


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit(143), OSError(28, "No space left on device")])
def test_a_block_that_ends_early_leaves_nothing(tmp_path: Path, fault: BaseException | type[BaseException]) -> None:
    path = tmp_path / "file"
    path.write_text("old", encoding="utf-8")

    def begin() -> None:
        with replacing(path) as partial:
            partial.write_text("half", encoding="utf-8")
            raise fault

    with pytest.raises(BaseException) as raised:
        begin()
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    assert path.read_text(encoding="utf-8") == "old"
    if isinstance(raised.value, OSError):
        assert raised.value.filename == str(path), "the part's own name means nothing to anybody"


def test_names_of_the_longest_length_work(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 250)
    write(path, "new")
    assert path.read_text(encoding="utf-8") == "new"


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*nowhere"):
        replaceable(tmp_path / "nowhere" / "file")
