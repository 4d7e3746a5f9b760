"""Watches the files of one soundtrack for edits that are finished. It is polled and knows no clock."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from segue.service.rule_files import mentioned

Stamps: TypeAlias = tuple[tuple[int, int, int] | None, ...]
"""Of each file, in order: time of its last change (ns), size, identity on disk; None where it is not there."""


def relied_on(path: Path) -> tuple[Path, ...]:
    """A rule file, all it includes and the sounds they name, resolved: what exists, and what does not yet."""
    found = mentioned(path)
    return tuple(dict.fromkeys((path.resolve(), *found.includes, *found.audio)))


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


def _digest(path: Path) -> bytes:
    # Opening what is no regular file could wait for ever.
    if not path.is_file():
        return b""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return b""


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
