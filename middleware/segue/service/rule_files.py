"""Which rule files a service is given, by name: those it was told of, and those within folders it was told of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from segue.service.setting_kinds import RuleSource, resolved
from segue_rules.loading.limits import MOST_INCLUDES
from segue_yaml.document import read_document
from segue_yaml.nodes import ListNode, MapNode, Mark, Node, Scalar, quote
from segue_yaml.report import Report, Scope

_SUFFIXES: Final = frozenset({".yaml", ".yml"})
_OTHER_KINDS: Final = (".test", ".events")
"""`name.test.yaml` and `name.events.yaml` belong to a rule file and are none."""


@dataclass(frozen=True, kw_only=True)
class Mentioned:
    """The files a rule file speaks of, resolved, whether or not they are there. includes: with all they include.

    reached: all of them as they are written, from the folder where the file that names them really lies. A link among
    them may lead elsewhere later.
    """

    includes: tuple[Path, ...]
    audio: tuple[Path, ...]
    reached: tuple[Path, ...]


def mentioned(path: Path) -> Mentioned:
    """What a rule file and its includes speak of, as far as they can be read. Loads nothing and reports nothing."""
    includes: dict[Path, None] = {}
    audio: dict[Path, None] = {}
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
        sounds = [current.parent / text for text in _audio(node)]
        audio.update(dict.fromkeys(each for path in sounds if (each := _resolved(path)) is not None))
        reached.update(dict.fromkeys((*named, *sounds)))
    return Mentioned(includes=tuple(includes), audio=tuple(audio), reached=tuple(reached))


def _resolved(path: Path) -> Path | None:
    """Where a path leads; None for a circle of links and for a name that no file can have."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def _included(node: Node | None) -> Iterator[str]:
    for entry in node.entries if isinstance(node, MapNode) else ():
        if entry.key == "include" and isinstance(entry.value, ListNode):
            yield from (item.text for item in entry.value.items if isinstance(item, Scalar) and item.text)


def _audio(node: Node | None) -> Iterator[str]:
    """What stands under any key `audio`."""
    if isinstance(node, MapNode):
        for entry in node.entries:
            if entry.key == "audio" and isinstance(entry.value, Scalar) and entry.value.text:
                yield entry.value.text
            yield from _audio(entry.value)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _audio(item)


@dataclass(kw_only=True)
class RuleFiles:
    """What was found. files: by name, in the order given. folders: that were searched. warnings: of files left out."""

    files: dict[str, Path] = field(default_factory=dict)
    folders: list[Path] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, path: Path, mark: Mark, scope: Scope) -> None:
        """Take a file in. One name for two files is a mistake; one file twice under its name is not."""
        earlier = self.files.setdefault(name, path)
        self.marks.setdefault(name, mark)
        if earlier.resolve() != path.resolve():
            text = f"expected a name for each rule file, got {quote(name)} for {earlier} and for {path}"
            scope.problem(mark, f"{text}; name one of them, as in other={path}")


def find_rule_files(
    sources: Sequence[RuleSource], folder_of: Callable[[Mark], Path], most: int, scope: Scope
) -> RuleFiles:
    """The rule files of all sources.

    Args: folder_of: the folder that a path counts from, by where it was written. most: files in all.
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


def _add_folder(source: RuleSource, folder: Path, found: RuleFiles, scope: Scope) -> None:
    if source.name is not None:
        scope.problem(source.mark, f"expected one rule file to be named {quote(source.name)}, got a folder")
        return
    found.folders.append(folder)
    rules, others = sorted_out(rule_files_below(folder))
    found.warnings += [f"{path}: no rule file (it has no field 'segue'); passed over" for path in others]
    for path in rules:
        found.add(path.stem, path, source.mark, scope)
    if not rules:
        scope.problem(source.mark, f"expected rule files (.yaml) in {quote(source.path.text)}, got none")


def sorted_out(paths: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Of a folder's files: the rule files, without those that others include; and YAML files of another purpose."""
    within = {path.resolve(): mentioned(path).includes for path in paths}
    # Files that include each other are no parts of one another: taken, so that the circle is told.
    parts = {part for path, includes in within.items() if path not in includes for part in includes}
    whole = [path for path in paths if path.resolve() not in parts]
    others = [path for path in whole if _is_something_else(path)]
    return [path for path in whole if path not in others], others


def rule_files_below(folder: Path) -> list[Path]:
    """What may be rule files by their names, sorted; some of them may be parts of others, or something else."""
    return [path for path in sorted(folder.rglob("*")) if _may_hold_rules(path, folder)]


def _may_hold_rules(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    kind = Path(path.stem).suffix
    return not hidden and path.suffix in _SUFFIXES and kind not in _OTHER_KINDS and path.is_file()


def _is_something_else(path: Path) -> bool:
    """Whether it is YAML, and of another purpose. (A broken file is taken, so that its mistakes are told.)"""
    node = read_document(path, Report())
    return isinstance(node, MapNode) and all(entry.key != "segue" for entry in node.entries)
