"""Watches files for edits that are finished. It is polled and knows no clock.

Paths are watched as they are written, not as they resolve: a link that is turned to another file is an edit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from segue.service.rule_files import mentioned, rule_files_below

Stamp: TypeAlias = tuple[str, int, int, int, int]
Stamps: TypeAlias = tuple[Stamp | None, ...]
"""Of each file, in order: where it really lies, time of its last change (ns), size, identity on disk; None for none."""


def relied_on(path: Path) -> tuple[Path, ...]:
    """A rule file, all it includes and the sounds they name, as they are reached, whether or not they exist."""
    return tuple(dict.fromkeys((path, *mentioned(path).reached)))


def stamps(paths: Sequence[Path]) -> Stamps:
    """Cheap signs of the files' contents."""
    return tuple(map(_stamp, paths))


def contents_digest(paths: Sequence[Path]) -> str:
    """sha256 over the files' contents, in order; a file that cannot be read counts as one that is not there."""
    digest = hashlib.sha256()
    for path in paths:
        part = _digest(path)
        digest.update(bytes([len(part)]) + part)
    return digest.hexdigest()


class Watch:
    """Tells when files differ from what was last dealt with and nobody is writing to them any more."""

    def __init__(self, paths: Sequence[Path], dealt_with: Stamps) -> None:
        self.paths = tuple(paths)
        self._dealt_with = self._seen = dealt_with

    def is_due(self) -> bool:
        """Poll: whether something changed since it was dealt with, and nothing since the last poll."""
        now = stamps(self.paths)
        steady, self._seen = now == self._seen, now
        return steady and now != self._dealt_with

    def dealt_with(self, paths: Sequence[Path], state: Stamps) -> None:
        """From now on watch these files for anything newer than this state of theirs."""
        self.paths, self._dealt_with = tuple(paths), state
        self._seen = stamps(self.paths)


class FolderWatch:
    """Tells when a folder has other rule files than were last dealt with, and nobody is writing to them any more.

    paths: the files there at the last poll.
    """

    def __init__(self, folder: Path) -> None:
        self.paths: tuple[Path, ...] = ()
        self._folder = folder
        self._dealt_with: tuple[tuple[Path, ...], Stamps] | None = None
        self._seen: tuple[tuple[Path, ...], Stamps] | None = None

    def is_due(self) -> bool:
        """Poll: whether something changed since it was dealt with, and nothing since the last poll."""
        self.paths = tuple(rule_files_below(self._folder))
        now = self.paths, stamps(self.paths)
        steady, self._seen = now == self._seen, now
        return steady and now != self._dealt_with

    def dealt_with(self) -> None:
        """From now on watch for anything newer than the last poll found."""
        self._dealt_with = self._seen


def _digest(path: Path) -> bytes:
    # Opening what is no regular file could wait for ever.
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return os.path.realpath(path), found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev
