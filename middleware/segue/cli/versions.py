"""Earlier versions of a rule file, from git."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Final

from segue.file_kinds import FilesError

PREFIX: Final = "git:"
"""How the name of a version begins: git:HEAD, git:v1.2."""


@contextmanager
def version_of(path: Path, version: str) -> Iterator[Path]:
    """A rule file as it was, with everything beside and below it, which it may name.

    Args:
        path: The rule file as it is.
        version: PREFIX and a revision that git knows, such as "git:HEAD~2".
    Raises:
        FilesError: git is not installed, knows no such revision, or has no such file in it.
    """
    revision = version.removeprefix(PREFIX)
    folder = path.resolve().parent
    # A revision may not be taken for an option.
    packed = _git(folder, "archive", "--format=tar", "--end-of-options", revision or "HEAD", version=version)
    with tempfile.TemporaryDirectory(prefix="segue-") as place:
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            for member in archive:
                name = PurePosixPath(member.name)
                content = archive.extractfile(member) if member.isfile() else None
                if content is None or name.is_absolute() or ".." in name.parts:
                    continue
                target = Path(place, *name.parts)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
        found = Path(place, path.name)
        if not found.is_file():
            raise FilesError([f"{version}: there is no {path} in this version"])
        yield found


def _git(folder: Path, *arguments: str, version: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=False)
    except FileNotFoundError:
        raise FilesError([f"{version}: versions need git, which is not installed or not on the PATH"]) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise FilesError([f"{version}: {_explain(said[-1]) if said else 'git failed'}"])
    return done.stdout


def _explain(said: str) -> str:
    """What git said, in the words of the command."""
    if "not a valid object name" in said or "not a tree object" in said:
        return "git knows no such version; name a commit, a branch or a tag, as `git log` shows them"
    if "not a git repository" in said:
        return "the rule file lies in no git repository; name another rule file as OLD"
    return said
