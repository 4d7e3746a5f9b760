"""A log file of bounded size: when it is full it becomes FILE.1, the one before FILE.2, and so on.

Whatever the disk does ends only the lines that it cannot take: the file is opened again, with its folder, once it was
removed, renamed or unwritable. Used by one thread at a time, and by one process: two would rename each other's files.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import Final

LOG_FILE_MIB: Final = 8
"""Size at which a log file is renamed."""
OLD_LOG_FILES: Final = 3
"""Files that are kept beside the newest one."""
_MIB: Final = 1 << 20
# A file that cannot be renamed, because another program of Windows has it open, grows to this many times its size.
_MOST_SIZES: Final = 2


class LogFile:
    """A file that lines are appended to, for `logging_to`.

    Attributes:
        encoding: Of the file.
    """

    encoding: Final = "utf-8"

    def __init__(self, path: Path, *, most_bytes: int = LOG_FILE_MIB * _MIB, old_files: int = OLD_LOG_FILES) -> None:
        """Open the file, and make its folder if there is none.

        Args:
            path: The file.
            most_bytes: Size at which it is renamed.
            old_files: Files that are kept beside it, at least 1.

        Raises:
            OSError: It cannot be opened.
        """
        self._path = path.absolute()
        self._most_bytes = most_bytes
        self._old_files = old_files
        self._number: int | None = None
        self._open()

    def write(self, text: str) -> None:
        """Append whole lines, all of them or nothing. Raises: OSError if that is not possible."""
        number = self._current()
        data = memoryview(text.encode(self.encoding))
        size = os.fstat(number).st_size
        if size and size + len(data) > self._most_bytes:
            number, size = self._rotate(size, len(data))
        try:
            while data:
                data = data[os.write(number, data) :]
        except OSError:
            # Half a line would be no JSON.
            with contextlib.suppress(OSError):
                os.ftruncate(number, size)
            raise

    def flush(self) -> None:
        """Do nothing: every line is written at once."""

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        if self._number is not None:
            number, self._number = self._number, None
            with contextlib.suppress(OSError):
                os.close(number)

    def _open(self) -> int:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if self._path.is_fifo():
            # Opening it would wait for a reader.
            raise OSError(errno.EINVAL, "expected a file, it is a pipe", str(self._path))
        # Binary on Windows: an end of line has one byte on every system.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._number = os.open(self._path, flags, 0o644)
        return self._number

    def _current(self) -> int:
        """Return the descriptor of the file that has the path now; opened again if that is another one or none."""
        if self._number is not None:
            with contextlib.suppress(OSError):
                if os.path.samestat(os.fstat(self._number), self._path.stat()):
                    return self._number
            self.close()
        return self._open()

    def _rotate(self, size: int, more: int) -> tuple[int, int]:
        """Rename all files by one, and return descriptor and size of the file to write to. Raises: OSError."""
        self.close()
        try:
            for old in range(self._old_files - 1, 0, -1):
                with contextlib.suppress(FileNotFoundError):
                    self._old(old).replace(self._old(old + 1))
            self._path.replace(self._old(1))
        except OSError:
            if size + more > _MOST_SIZES * self._most_bytes:
                raise
        number = self._open()
        return number, os.fstat(number).st_size

    def _old(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")
