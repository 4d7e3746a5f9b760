"""Rule files, tests and event scripts by their names: what a file is, what belongs to it, what a pattern finds."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

from segue_yaml.paths import near_file
from segue_yaml.report import ProblemsError

_SUFFIXES: Final = (".yaml", ".yml")


class FileKind(Enum):
    """What a file is, by its name."""

    RULES = "NAME.yaml"
    TESTS = "NAME.test.yaml"
    EVENTS = "NAME.events.yaml or NAME.events.jsonl"
    OTHER = "another"


def file_kind(path: Path) -> FileKind:
    """Rules, tests or events, by the end of the name."""
    stem, _, inner = path.stem.rpartition(".")
    if path.suffix == ".jsonl" and stem and inner == "events":
        return FileKind.EVENTS
    if path.suffix not in _SUFFIXES:
        return FileKind.OTHER
    if stem and inner == "test":
        return FileKind.TESTS
    return FileKind.EVENTS if stem and inner == "events" else FileKind.RULES


def sibling(path: Path, kind: FileKind) -> Path:
    """The file of this kind that belongs to a rule, test or event file: emberwood.test.yaml of emberwood.yaml."""
    name = path.stem if file_kind(path) is FileKind.RULES else path.stem.rpartition(".")[0]
    inner = {FileKind.RULES: "", FileKind.TESTS: ".test", FileKind.EVENTS: ".events"}[kind]
    return path.with_name(f"{name}{inner}{'.yaml' if path.suffix == '.jsonl' else path.suffix}")


def script_beside(rules: Path) -> Path | None:
    """The event script that belongs to a rule file by its name, if it is there."""
    if not rules.is_file():
        return None
    beside = sibling(rules, FileKind.EVENTS)
    return beside if beside.exists() else None


class FilesError(ProblemsError[str], ValueError):
    """Arguments that name no usable file. problems: a sentence for each."""


def require_file(path: Path) -> Path:
    """The path, if there is something; otherwise a guess which name was meant.

    Raises:
        FilesError: There is nothing.
    """
    if not path.exists():
        raise FilesError([_missing(path)])
    return path


def find_files(arguments: Sequence[str], kinds: frozenset[FileKind]) -> list[Path]:
    """Find the files that arguments name, each once, in order.

    Patterns are resolved here because shells on Windows do not.

    Args:
        arguments: Files, which are taken whatever their kind; folders and patterns.
        kinds: What is taken of a folder.
    Raises:
        FilesError: Arguments name nothing, or cannot be read.
    """
    found: dict[Path, None] = {}
    problems = []
    for argument in arguments:
        try:
            paths = list(_expand(argument, kinds))
        except OSError as error:  # a name that no file can have, or a folder without the permission to read
            problems.append(f"{argument}: cannot be read: {error.strerror or error}")
            continue
        if not paths and Path(argument).is_dir():
            wanted = " or ".join(kind.value for kind in FileKind if kind in kinds)
            problems.append(f"{argument}: no {wanted} in this folder")
        elif not paths:
            problems.append(_missing(Path(argument)) if argument else "expected the name of a file, got nothing")
        found.update(dict.fromkeys(paths))
    if problems:
        raise FilesError(problems)
    return list(found)


def _missing(path: Path) -> str:
    """A sentence that names the missing file, and the file that was probably meant."""
    return f"{path}: no such file{near_file(path)}"


def _expand(argument: str, kinds: frozenset[FileKind]) -> Iterator[Path]:
    path = Path(argument)
    if not argument:
        return
    if path.is_dir():
        yield from files_within(path, kinds)
    elif path.exists():
        yield path
    else:
        for match in _matches(path):
            yield from files_within(match, kinds) if match.is_dir() else [match]


def _matches(pattern: Path) -> list[Path]:
    """What a pattern names. Unlike glob.glob, `**` follows no links: two that lead back would never end."""
    parts = pattern.parts
    first = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    if first == len(parts):
        return []
    return sorted(Path(*parts[:first]).glob(str(Path(*parts[first:]))))


def files_within(folder: Path, kinds: frozenset[FileKind]) -> Iterator[Path]:
    """Yield the files of these kinds in a folder and those below it, sorted, without hidden ones."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and file_kind(path) in kinds:
            yield path


def library_folder() -> Path:
    """The folder of the rule files that come with Segue."""
    import segue_rules

    package = Path(segue_rules.__file__).parent
    installed = package / "library"
    return installed if installed.is_dir() else package.parent / "library"
