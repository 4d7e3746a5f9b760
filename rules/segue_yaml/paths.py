"""Paths that a file names: what they lead to lies beside it or below, never outside its own folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from segue_yaml.kinds import Kind, Schema, Word, spelling
from segue_yaml.nodes import Node, Scalar, describe, quote
from segue_yaml.report import Scope, did_you_mean, listing


@dataclass(frozen=True, kw_only=True)
class FilePath(Kind[Word]):
    """A path as written; what it leads to is checked by `locate`. suffixes: what the file's name may end in."""

    what: str
    suffixes: tuple[str, ...]
    sample: str

    @property
    def expected(self) -> str:
        return f"the path of {self.what} such as {self.sample}"

    def read(self, node: Node, scope: Scope) -> Word | None:
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or not node.value.strip():
            scope.expected(self.expected, node)
        elif node.value.rpartition(".")[2].lower() not in self.suffixes:
            endings = listing(f".{suffix}" for suffix in self.suffixes)
            scope.problem(node.mark, f"expected {self.what} ({endings}), got {describe(node)}")
        else:
            return Word(text=node.value, mark=node.mark)
        return None

    def schema(self) -> Schema:
        return spelling(rf"[^\\/][^\\]*\.({'|'.join(self.suffixes)})", self.expected)


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
