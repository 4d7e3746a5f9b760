"""Rule files, tests and event scripts by their names: what a file is, what belongs to it, what a pattern finds."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path
from typing import Final

from segue_rules.errors import RuleError
from segue_yaml.nodes import Mark
from segue_yaml.report import Problem

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


def find_files(arguments: Sequence[str], kinds: frozenset[FileKind]) -> list[Path]:
    """The files that the arguments name, each once, in order; of a folder, those of the kinds within it.

    Patterns are resolved here because Windows shells do not. A file that is named itself is taken whatever its kind.

    Raises: RuleError for every argument that names nothing.
    """
    found: dict[Path, None] = {}
    problems = []
    for argument in arguments:
        paths = list(_expand(argument, kinds))
        if not paths:
            wanted = " or ".join(kind.value for kind in FileKind if kind in kinds)
            text = f"no {wanted} in this folder" if Path(argument).is_dir() else "no such file"
            problems.append(Problem(mark=Mark(file=argument, line=1, column=1), where="", text=text))
        found.update(dict.fromkeys(paths))
    if problems:
        raise RuleError(problems)
    return list(found)


def _expand(argument: str, kinds: frozenset[FileKind]) -> Iterator[Path]:
    path = Path(argument)
    if not argument:
        return
    try:
        if path.is_dir():
            yield from _within(path, kinds)
        elif path.exists():
            yield path
        else:
            for match in _matches(path):
                yield from _within(match, kinds) if match.is_dir() else [match]
    except OSError as error:  # a name no file can have, a folder that may not be read
        problem = f"cannot be read: {error.strerror or error}"
        raise RuleError([Problem(mark=Mark(file=argument, line=1, column=1), where="", text=problem)]) from error


def _matches(pattern: Path) -> list[Path]:
    """What a pattern names. Unlike glob.glob, `**` follows no links: two that lead back would never end."""
    parts = pattern.parts
    first = next((i for i, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    if first == len(parts):
        return []
    return sorted(Path(*parts[:first]).glob(str(Path(*parts[first:]))))


def _within(folder: Path, kinds: frozenset[FileKind]) -> Iterator[Path]:
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
