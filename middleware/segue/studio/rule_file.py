"""The rule file in the studio's editor: read, checked as it is typed, and saved without losing what others wrote."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from segue.atomic import replacing
from segue_yaml.document import LARGEST_FILE

Describe: TypeAlias = Callable[[Path, str | None], dict[str, Any]]
"""Gives the object of `segue describe` for a rule file, or for a text in its place."""
_BOM: Final = "\ufeff"


class ConflictError(Exception):
    """The file has changed since the editor read it."""


class Content(NamedTuple):
    """The text of a rule file with line feeds alone, and what tells this content from others."""

    text: str
    digest: str


class RuleFile:
    """The main file of a soundtrack on the disk."""

    def __init__(self, path: Path, describe: Describe) -> None:
        self.path = path
        self._describe = describe
        # Requests are answered in several threads: none may write between another's look and its writing.
        self._lock = threading.Lock()

    def read(self) -> Content:
        """Return what is in the file.

        Raises:
            OSError: It cannot be read.
            ValueError: It is no UTF-8.
        """
        data = self.path.read_bytes()
        text = data.decode("utf-8").removeprefix(_BOM)
        return Content(text.replace("\r\n", "\n"), hashlib.sha256(data).hexdigest())

    def save(self, text: str, digest: str) -> Content:
        """Write a text in place of what has a digest; line ends and a byte order mark stay as they were.

        Raises:
            ConflictError: Something else is in the file.
            OSError: It cannot be written.
            ValueError: The text is too long.
        """
        with self._lock:
            return self._save(text, digest)

    def check(self, text: str) -> dict[str, Any]:
        """What a text in place of the file declares, and what is wrong with it."""
        return self._describe(self.path, text)

    def _save(self, text: str, digest: str) -> Content:
        before = self.path.read_bytes()
        if hashlib.sha256(before).hexdigest() != digest:
            raise ConflictError
        data = text.encode("utf-8")
        if b"\r\n" in before:
            data = data.replace(b"\n", b"\r\n")
        if before.startswith(_BOM.encode()):
            data = _BOM.encode() + data
        if len(data) > LARGEST_FILE:
            raise ValueError(f"expected at most {LARGEST_FILE} bytes, got {len(data)}")
        with replacing(self.path) as partial:
            partial.write_bytes(data)
        return self.read()
