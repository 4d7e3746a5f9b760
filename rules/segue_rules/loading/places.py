"""Where the files a rule file names may lie: beside it or below, never outside its own folder tree."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from segue_rules.loading.kinds import Word
from segue_rules.loading.nodes import quote
from segue_rules.loading.report import Scope, did_you_mean
from segue_rules.loading.terms import FilePath


def locate(word: Word, folder: Path | None, kind: FilePath, scope: Scope) -> Path | None:
    """The file a path leads to, resolved; None once reported why it may not be used.

    Args: folder: the folder of the file that holds the path; None for a text without one.
    kind: what is to be there.
    """
    text, what = word.text, kind.what
    if folder is None:
        scope.problem(word.mark, f"expected no path to {what} in a text that is not a file, got {quote(text)}")
        return None
    refusal = _refusal(text)
    if refusal:
        scope.problem(word.mark, f"{refusal}, got {quote(text)}")
        return None
    try:
        found = Path(os.path.realpath(folder / text))
        inside, is_file, exists = found.is_relative_to(os.path.realpath(folder)), found.is_file(), found.exists()
        if not exists and found.is_symlink():  # realpath stops at the first link it has seen before
            scope.problem(word.mark, f"expected {what}, got {quote(text)}, a symbolic link that leads to itself")
            return None
    except (OSError, ValueError):  # a name no file can have
        inside, is_file, exists = True, False, False
    if not inside:
        scope.problem(
            word.mark, f"expected a path within the folder of its file, got {quote(text)}, which leads out of it"
        )
    elif not exists:
        scope.problem(
            word.mark, f"expected {what}, but there is no file {quote(text)}{_nearest(folder / text, kind.suffixes)}"
        )
    elif not is_file:
        scope.problem(word.mark, f"expected {what}, got {quote(text)}, which is not a regular file")
    else:
        return found
    return None


def _refusal(text: str) -> str:
    """What is wrong with the path itself, on any system; "" if nothing."""
    if "\\" in text:
        return "expected '/' between folders"
    if text.startswith(("/", "~")) or ":" in text:
        return "expected a path relative to its file"
    if ".." in text.split("/"):
        return "expected a path within the folder of its file, without '..'"
    return ""


def _nearest(missing: Path, suffixes: Sequence[str]) -> str:
    """A guess, among the files of the same kind."""
    try:
        names = [
            entry.name
            for entry in missing.parent.iterdir()
            if entry.name != missing.name and entry.suffix.lower().removeprefix(".") in suffixes
        ]
    except (OSError, ValueError):
        return ""
    return did_you_mean(missing.name, names)
