"""Paths that a file names. The files they lead to lie beside it or below it, never outside its folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from segue_yaml.kinds import Kind, Schema, Word, spelling
from segue_yaml.nodes import Node, Scalar, describe, quote
from segue_yaml.report import Scope, listing, nearest

NO_SUCH_FILE: Final = "no such file"
"""How the message of a file that is not there begins."""
_MOST_ENTRIES: Final = 1_000
"""Of a folder, looked at for a guess."""


@dataclass(frozen=True, kw_only=True)
class FilePath(Kind[Word]):
    """A path as written; `locate` checks what it leads to.

    Attributes:
        suffixes: What the name of the file may end in.
    """

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
    """The file that a path leads to, resolved; None once it is reported why it may not be used.

    Args:
        folder: The folder of the file that holds the path; None for a text without one.
        kind: What is expected there.
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
            word.mark,
            f"expected {what}, but there is no file {quote(text)}{near_path(folder, text, kind.suffixes)}",
        )
    elif not is_file:
        scope.problem(word.mark, f"expected {what}, got {quote(text)}, which is not a regular file")
    else:
        return found
    return None


def missing_file(word: Word, folder: Path) -> Path | None:
    """The file, resolved, that a path would lead to if it were there; None if it is there, or may not be used."""
    if _refusal(word.text):
        return None
    try:
        found = Path(os.path.realpath(folder / word.text))
        inside, exists = found.is_relative_to(os.path.realpath(folder)), found.exists() or found.is_symlink()
    except (OSError, ValueError):  # a name no file can have
        return None
    return found if inside and not exists else None


def _refusal(text: str) -> str:
    """What is wrong with the path itself, on any system; "" if nothing."""
    if "\\" in text:
        return "expected '/' between folders"
    if text.startswith(("/", "~")) or ":" in text:
        return "expected a path relative to its file"
    if ".." in text.split("/"):
        return "expected a path within the folder of its file, without '..'"
    return ""


def near_path(folder: Path, text: str, suffixes: Sequence[str]) -> str:
    """A guess at what was meant by the path of a file that is not there, as the end of a message.

    Args:
        folder: Where the path starts.
        text: The path as written, with `/` between folders.
        suffixes: What the names of such files end in, without the dot.
    Returns:
        "; did you mean 'regions/crypt.yaml'?" with the whole path as it would be written; "" without a guess.
    """
    *parents, name = text.split("/")
    for i, parent in enumerate(parents):
        here = folder.joinpath(*parents[:i])
        if not (here / parent).is_dir():
            meant = nearest(parent, _entries(here, lambda entry: entry.is_dir()))
            if not meant or not here.joinpath(*meant, *parents[i + 1 :], name).exists():
                return ""
            return f"; did you mean '{'/'.join([*parents[:i], *meant, *parents[i + 1 :], name])}'?"
    ending = tuple(f".{suffix}" for suffix in suffixes)
    names = _entries(folder.joinpath(*parents), lambda entry: entry.name.lower().endswith(ending))
    # Names are compared without their endings, which are alike.
    stems = {_stem(each, ending): each for each in names if each != name}
    meant = [stems[stem] for stem in nearest(_stem(name, ending), stems)]
    return f"; did you mean '{'/'.join([*parents, *meant])}'?" if meant else ""


def near_file(path: Path, shown: str | None = None) -> str:
    """A guess at the name of a file that is not there, as the end of a message; "" without one.

    Args:
        path: Where the file was looked for.
        shown: Its name in messages; the path itself if None.
    """
    shown = path.as_posix() if shown is None else shown
    if not path.name or not shown.endswith(path.name):
        return ""
    suffixes = ["".join(path.suffixes).removeprefix(".").lower()] if path.suffix else [""]
    if path.suffix.lower() in ("", ".yaml", ".yml"):
        before = suffixes[0].removesuffix(path.suffix.lower().removeprefix("."))
        suffixes = [f"{before}yaml", f"{before}yml"]
    near = near_path(path.parent, path.name, suffixes)
    return near.replace("'", f"'{shown.removesuffix(path.name)}", 1)


def _stem(name: str, endings: tuple[str, ...]) -> str:
    """The name without the first of these endings that it has."""
    return next((name[: -len(ending)] for ending in endings if name.lower().endswith(ending)), name)


def _entries(folder: Path, wanted: Callable[[Path], bool]) -> list[str]:
    """The names of a folder's first entries of one kind; none where it cannot be read."""
    try:
        return [entry.name for entry in islice(folder.iterdir(), _MOST_ENTRIES) if wanted(entry)]
    except (OSError, ValueError):
        return []
