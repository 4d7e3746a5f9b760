"""Rule files on disk: which ones a service is given, what they include, and when an edit of them is finished.

Watches are polled and know no clock. Paths are watched as they are written, not as they resolve: turning a link to
another file is an edit.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeAlias

from segue.audio.files import MAX_BYTES
from segue.file_kinds import FileKind, files_within
from segue.service.settings.kinds import RuleSource, resolved
from segue_rules.loading.limits import MOST_INCLUDES
from segue_yaml.document import open_regular, read_document
from segue_yaml.nodes import ListNode, MapNode, Mark, Node, Scalar, quote
from segue_yaml.report import Report, Scope

_BLOCK_BYTES: Final = 1 << 18

# --- what a rule file includes --------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Mentioned:
    """The files that a rule file names, whether or not they exist.

    Attributes:
        includes: Resolved paths of its includes, and of what these include.
        reached: All files as they are written, from the folder in which the file that names them really lies. A link
            among them may lead elsewhere later.
    """

    includes: tuple[Path, ...]
    reached: tuple[Path, ...]


def mentioned(path: Path) -> Mentioned:
    """Return what a rule file and its includes name, as far as they can be read; it loads and reports nothing."""
    includes: dict[Path, None] = {}
    reached: dict[Path, None] = {}
    main = _resolved(path)
    waiting = [] if main is None else [main]
    seen: set[Path] = set()
    while waiting and len(seen) <= MOST_INCLUDES:
        current = waiting.pop(0)
        if current in seen:
            continue
        seen.add(current)
        node = read_document(current, Report())
        named = [current.parent / text for text in _included(node)]
        found = [each for path in named if (each := _resolved(path)) is not None]
        includes.update(dict.fromkeys(found))
        waiting += found
        sounds = [current.parent / text for text in _named_files(node)]
        reached.update(dict.fromkeys((*named, *sounds)))
    return Mentioned(includes=tuple(includes), reached=tuple(reached))


def reached_files(path: Path) -> tuple[Path, ...]:
    """Return a rule file, all that it includes and the sounds they name, whether or not they exist."""
    return tuple(dict.fromkeys((path, *mentioned(path).reached)))


def _resolved(path: Path) -> Path | None:
    """Return where a path leads; None for a circle of links and for a name that no file can have."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def _included(node: Node | None) -> Iterator[str]:
    for entry in node.entries if isinstance(node, MapNode) else ():
        if entry.key == "include" and isinstance(entry.value, ListNode):
            yield from (item.text for item in entry.value.items if isinstance(item, Scalar) and item.text)


def _named_files(node: Node | None) -> Iterator[str]:
    """Yield the text of every key `audio` or `midi`, wherever it stands."""
    if isinstance(node, MapNode):
        for entry in node.entries:
            if entry.key in ("audio", "midi") and isinstance(entry.value, Scalar) and entry.value.text:
                yield entry.value.text
            yield from _named_files(entry.value)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _named_files(item)


# --- which files a service is given ---------------------------------------------------------------------------------


@dataclass(kw_only=True)
class RuleFiles:
    """The rule files that were found.

    Attributes:
        files: By name, in the order given.
        folders: Folders that were searched.
        marks: Where each name was given.
        warnings: About files that were left out.
    """

    files: dict[str, Path] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, path: Path, mark: Mark, scope: Scope) -> None:
        """Add a file. One name for two files is a mistake; the same file twice under its name is not."""
        earlier = self.files.setdefault(name, path)
        self.marks.setdefault(name, mark)
        if earlier.resolve() != path.resolve():
            text = f"expected a name for each rule file, got {quote(name)} for {earlier} and for {path}"
            scope.problem(mark, f"{text}; name one of them, as in other={path}")


def find_rule_files(
    sources: Sequence[RuleSource], folder_of: Callable[[Mark], Path], most: int, scope: Scope
) -> RuleFiles:
    """Find the rule files of all sources.

    Args:
        sources: Files and folders, as they were written.
        folder_of: Returns the folder that a path counts from, by where it was written.
        most: Files in all.
        scope: Takes the mistakes.
    """
    found = RuleFiles()
    for source in sources:
        path = resolved(source.path, folder_of(source.mark))
        if path.is_dir():
            _add_folder(source, path, found, scope)
        elif path.is_file():
            found.add(source.name or path.stem, path, source.mark, scope)
        else:
            scope.problem(source.mark, f"expected a rule file or a folder, but there is no {quote(source.path.text)}")
    if len(found.files) > most:
        mark = list(found.marks.values())[most]
        scope.problem(mark, f"expected at most {most} rule files, got {len(found.files)}")
    return found


def main_files(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Split a folder's YAML files into the rule files to serve and those of another purpose.

    Files that other files include are in neither list.
    """
    within = {path.resolve(): mentioned(path).includes for path in paths}
    # Files that include each other are no parts of one another: they are served, so that the circle is reported.
    parts = {part for path, includes in within.items() if path not in includes for part in includes}
    whole = [path for path in paths if path.resolve() not in parts]
    others = [path for path in whole if _is_something_else(path)]
    return [path for path in whole if path not in others], others


def _add_folder(source: RuleSource, folder: Path, found: RuleFiles, scope: Scope) -> None:
    if source.name is not None:
        scope.problem(source.mark, f"expected one rule file to be named {quote(source.name)}, got a folder")
        return
    found.folders.append(folder)
    rules, others = main_files(_candidates(folder))
    found.warnings += [f"{path}: not a rule file (it has no field 'segue'); skipped" for path in others]
    for path in rules:
        found.add(path.stem, path, source.mark, scope)
    if not rules:
        scope.problem(source.mark, f"expected rule files (.yaml) in {quote(source.path.text)}, got none")


def _candidates(folder: Path) -> list[Path]:
    """Return the files below a folder that may be rule files by their names, sorted."""
    return list(files_within(folder, frozenset({FileKind.RULES})))


def _is_something_else(path: Path) -> bool:
    """Return whether it is YAML of another purpose. (A broken file is served, so that its mistakes are reported.)"""
    node = read_document(path, Report())
    return isinstance(node, MapNode) and all(entry.key != "segue" for entry in node.entries)


# --- edits ----------------------------------------------------------------------------------------------------------

Stamp: TypeAlias = tuple[str, int, int, int, int]
"""Of a file: its real path, time of its last change in ns, size in bytes, inode and device."""
Stamps: TypeAlias = tuple[Stamp | None, ...]
"""Of several files, in order; None for a file that does not exist."""


def stamps(paths: Sequence[Path]) -> Stamps:
    """Return cheap signs of the files' contents."""
    return tuple(map(_stamp, paths))


def contents_digest(paths: Sequence[Path]) -> str:
    """Return the SHA-256 of the files' contents, in order.

    A file that cannot be read, or is larger than any that is loaded, counts as missing.
    """
    digest = hashlib.sha256()
    for path in paths:
        part = _digest(path)
        digest.update(bytes([len(part)]) + part)
    return digest.hexdigest()


class FileWatch:
    """Says when files differ from those last handled, and have stopped changing.

    Attributes:
        paths: The files.
    """

    def __init__(self, paths: Sequence[Path], handled: Stamps) -> None:
        """Watch files.

        Args:
            handled: Their state that needs no handling.
        """
        self.paths = tuple(paths)
        self._handled = self._seen = handled

    def is_due(self) -> bool:
        """Poll: return whether files changed since they were handled, and not since the last poll."""
        now = stamps(self.paths)
        steady, self._seen = now == self._seen, now
        return steady and now != self._handled

    def mark_handled(self, paths: Sequence[Path], state: Stamps) -> None:
        """From now on watch these files for changes from this state."""
        self.paths, self._handled = tuple(paths), state
        self._seen = stamps(self.paths)


class FolderWatch:
    """Says when a folder's rule files differ from those last handled, and have stopped changing.

    Attributes:
        paths: The files there at the last poll.
    """

    def __init__(self, folder: Path) -> None:
        self.paths: tuple[Path, ...] = ()
        self._folder = folder
        self._handled: tuple[tuple[Path, ...], Stamps] | None = None
        self._seen: tuple[tuple[Path, ...], Stamps] | None = None

    def is_due(self) -> bool:
        """Poll: return whether files changed since they were handled, and not since the last poll."""
        self.paths = tuple(_candidates(self._folder))
        now = self.paths, stamps(self.paths)
        steady, self._seen = now == self._seen, now
        return steady and now != self._handled

    def mark_handled(self) -> None:
        """From now on watch for changes from what the last poll found."""
        self._handled = self._seen


def _digest(path: Path) -> bytes:
    # Opening what is no regular file could wait for ever, and reading a huge one for minutes.
    if not path.is_file():
        return b""
    digest, size = hashlib.sha256(), 0
    try:
        with open_regular(path) as file:
            while size <= MAX_BYTES and (block := file.read(_BLOCK_BYTES)):
                digest.update(block)
                size += len(block)
    except OSError:
        return b""
    return digest.digest() if size <= MAX_BYTES else b""


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return os.path.realpath(path), found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev
