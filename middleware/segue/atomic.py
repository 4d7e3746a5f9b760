"""Writes files that appear whole or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SHOWN_NAME: Final = 40
"""Characters of the file's name in the name of its part: file systems allow 255 bytes."""

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotReplaceableError(OSError):
    """The path to write to holds something other than a regular file, which stays as it is."""


def replaceable(path: Path) -> Path:
    """Where a file named `path` is written: `path` itself, or what it links to.

    Raises:
        NotReplaceableError: Where something other than a regular file is there.
        OSError: Where nothing can be.
    """
    target = Path(os.path.realpath(path))
    try:
        # Of the path as given: what /dev/stdout links to has no path of its own.
        mode = path.stat().st_mode
    except FileNotFoundError:
        if not target.parent.is_dir():
            reason = f"cannot be written: there is no folder {os.fsdecode(path.parent)}"
            raise FileNotFoundError(errno.ENOENT, reason, str(path)) from None
        return target
    if not stat.S_ISREG(mode):
        kind = next((name for test, name in _KINDS if test(mode)), "no regular file")
        reason = f"cannot be written: expected a file or a name that is free, got {kind}"
        raise NotReplaceableError(errno.EINVAL, reason, str(path))
    if not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "cannot be written: is there already, and write-protected", str(path))
    return target


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A place to write to beside `path`; what is there takes the place of `path` at the end of the block.

    A symbolic link is followed: what it leads to is replaced, and the link stays. Anything that ends the block early
    leaves nothing behind. Close the file within the block: Windows does not rename what is open.

    Raises:
        NotReplaceableError and OSError: As `replaceable`.
        OSError: Naming `path`, if the place cannot be written.
    """
    target = replaceable(path)
    partial = target.with_name(f".{target.name[:_SHOWN_NAME]}.{secrets.token_hex(8)}.part")
    try:
        # As other programs create files: readable as the user's umask says.
        with partial.open("xb"):
            pass
        if target.exists():
            partial.chmod(stat.S_IMODE(target.stat().st_mode))
        yield partial
        os.replace(partial, target)
    except OSError as error:
        if error.filename not in (None, str(partial), partial):
            raise
        # A message with the name of the partial file would help nobody.
        raise type(error)(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        partial.unlink(missing_ok=True)
