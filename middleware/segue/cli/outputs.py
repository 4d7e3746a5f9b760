"""What a command writes must not be what it reads, nor twice the same, nor a device: seen before it begins."""

from __future__ import annotations

import os
import sys
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from segue.atomic import replaceable


class OutputsError(ValueError):
    """Outputs that would cost the user a file. problems: all of them, in words."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Named:
    """A file, and what it is to the command: "-o", "the rule file"."""

    what: str
    path: Path


def check_outputs(inputs: Iterable[Named], outputs: Iterable[Named], *, folder: Path | None = None) -> None:
    """Refuse outputs that are inputs, each other, one of the command's own streams, or no regular files.

    Files are the same whatever name they go by: links and hard links are seen through, and names that differ in case
    alone are one, as they are on Windows and macOS.

    Args: folder: will be made for outputs within it, if it is not there yet.
    Raises: OutputsError.
    """
    problems: list[str] = []
    read: dict[object, Named] = {}
    for each in inputs:
        for key in _keys(each.path):
            read.setdefault(key, each)
    written: dict[object, Named] = {}
    for each in outputs:
        keys = _keys(each.path)
        own = next((read[key] for key in keys if key in read), None)
        other = next((written[key] for key in keys if key in written), None)
        if own is not None:
            problems.append(_same(each, own.what, own))
        elif other is not None:
            problems.append(_same(each, f"{other.what}, too", other))
        else:
            problems += _unfit(each, folder)
        written.update(dict.fromkeys(keys, each))
    if problems:
        raise OutputsError(problems)


def _same(output: Named, what: str, other: Named) -> str:
    name = f" ({other.path})" if other.path != output.path else ""
    return f"{output.what}: {output.path} is {what}{name}; choose another name"


def _keys(path: Path) -> list[object]:
    """What a file is known by: its number on its disk if it is there, and its name without regard to case."""
    real = os.path.realpath(path)
    keys: list[object] = [unicodedata.normalize("NFC", real).casefold()]
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return keys
    return [(found.st_dev, found.st_ino), *keys]


def _unfit(output: Named, folder: Path | None) -> list[str]:
    """Why a file cannot be put there."""
    if _is_own_stream(output.path):
        return [f"{output.what}: {output.path} is the command's own input or output; choose a file"]
    if (
        folder is not None
        and not folder.exists()
        and Path(os.path.realpath(output.path)).is_relative_to(os.path.realpath(folder))
    ):
        return []
    try:
        # Only a try shows whether a folder takes files: what the rights say is not all of it.
        with tempfile.TemporaryFile(dir=replaceable(output.path).parent):
            pass
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        told = reason if str(reason).startswith("cannot be written") else f"cannot be written: {reason}"
        return [f"{output.what}: {output.path}: {told}"]
    return []


def _is_own_stream(path: Path) -> bool:
    """Whether this is a file that stdin, stdout or stderr lead to: > song.mid and --midi song.mid."""
    if not path.is_file():
        return False
    for stream in (sys.__stdin__, sys.__stdout__, sys.__stderr__):
        try:
            if stream is not None and os.path.samestat(os.stat(path), os.fstat(stream.fileno())):
                return True
        except (OSError, ValueError):
            continue
    return False
