"""Reads a rule file and all it includes, and merges their content. Names are resolved later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from segue_rules.errors import rule_report
from segue_rules.loading.extending import extend_states
from segue_rules.loading.grammar import INCLUDE, FileTable
from segue_rules.loading.grammar_layers import LayerTable
from segue_rules.loading.grammar_music import MusicTable
from segue_rules.loading.limits import (
    DEEPEST_INCLUDE,
    MOST_CLIPS,
    MOST_INCLUDES,
    MOST_INPUTS,
    MOST_LAYERS,
    MOST_STATES,
    MOST_STINGERS,
    MOST_STYLES,
    MOST_THEMES,
    MOST_TRANSITIONS,
)
from segue_rules.loading.templates import expand
from segue_yaml.containers import Item
from segue_yaml.document import read_document
from segue_yaml.kinds import Word
from segue_yaml.nodes import ListNode, MapNode, Mark, Node
from segue_yaml.paths import locate, missing_file
from segue_yaml.report import Report
from segue_yaml.tables import Field, Object, Record

_SECTIONS: Final[tuple[Field[Any], ...]] = (
    FileTable.include,
    FileTable.inputs,
    FileTable.styles,
    FileTable.themes,
    FileTable.clips,
    FileTable.layers,
)
"""What defines names."""


@dataclass(kw_only=True)
class MergedLayer:
    """A layer with the states of all files.

    Attributes:
        weight, theme: The record of the file that gives it, or None.
    """

    name: str
    mark: Mark
    weight: Record | None = None
    theme: Record | None = None
    states: dict[str, Item[Record]] = field(default_factory=dict)


@dataclass(kw_only=True)
class Sources:
    """The content of all files, the main one first, then each include with its own, depth first.

    Attributes:
        missing: Files that are included and not there.
        folders: The folder of every file, by its name in messages; None for a text without a file.
    """

    report: Report
    main: Record | None = None
    title: Record | None = None
    seed: Record | None = None
    music: list[Record] = field(default_factory=list)
    inputs: dict[str, Item[Record]] = field(default_factory=dict)
    styles: dict[str, Item[Record]] = field(default_factory=dict)
    stingers: dict[str, Item[Record]] = field(default_factory=dict)
    themes: dict[str, Item[Record]] = field(default_factory=dict)
    clips: dict[str, Item[Record]] = field(default_factory=dict)
    layers: dict[str, MergedLayer] = field(default_factory=dict)
    transitions: list[Record] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    missing: list[Path] = field(default_factory=list)
    folders: dict[str, Path | None] = field(default_factory=dict)

    def folder_of(self, mark: Mark) -> Path | None:
        """The folder that paths written at this place start from."""
        return self.folders.get(mark.file)


def collect(node: Node | None, name: str, path: Path | None, folder: Path | None, report: Report) -> Sources:
    """Merge the main file with everything it includes.

    Args:
        node: The main file as read.
        name: Its name in messages.
        path: The main file; None for a text.
        folder: Where its paths start; None if it may have none.
    """
    sources = Sources(report=report)
    _Collector(sources).add(node, name, path, folder, ())
    _check_totals(sources)
    extend_states({name: layer.states for name, layer in sources.layers.items()})
    return sources


def includes(path: Path) -> Iterator[Path]:
    """The files that a rule file itself includes, as `collect` finds them. Mistakes are ignored."""
    report = rule_report()
    node = read_document(path, report)
    record = Object(table=FileTable).read(node, report.scope()) if isinstance(node, MapNode) else None
    for word in (record.get(FileTable.include) or ()) if record is not None else ():
        found = locate(word, path.parent, INCLUDE, report.scope())
        if found is not None:
            yield found


@dataclass(kw_only=True)
class _Chained:
    """A file being read, with its name in messages."""

    path: Path | None
    name: str


class _Collector:
    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._report = sources.report
        self._music: dict[str, Mark] = {}

    def add(
        self, node: Node | None, name: str, path: Path | None, folder: Path | None, chain: tuple[_Chained, ...]
    ) -> None:
        """Merge one file, then what it includes.

        Args:
            chain: The files that led to it.
        """
        sources = self._sources
        sources.folders[name] = folder
        if path is not None:
            sources.files.append(path)
        scope = self._report.scope()
        if node is not None and _is_script(node):
            text = (
                "expected rules, got what looks like an event script; `segue check` finds a script that is called "
                "NAME.events.yaml beside NAME.yaml, its rules"
            )
            scope.problem(node.mark, text)
            self._report.partial = True
            return
        record = Object(table=FileTable).read(expand(node, self._report), scope) if node is not None else None
        if record is None:
            self._report.partial = True
            return
        if sources.main is None:
            sources.main = record
        self._merge(record)
        for word in record.get(FileTable.include) or ():
            self._include(word, (*chain, _Chained(path=path, name=name)))

    def _include(self, word: Word, chain: tuple[_Chained, ...]) -> None:
        scope = self._report.scope("include")
        sources = self._sources
        folder = sources.folder_of(word.mark)
        found = locate(word, folder, INCLUDE, scope)
        if found is None or folder is None:
            self._report.partial = True
            if folder is not None and (missing := missing_file(word, folder)) is not None:
                sources.missing.append(missing)
            return
        earlier = [link.path for link in chain]
        if found in earlier:
            names = [link.name for link in chain[earlier.index(found) :]]
            scope.problem(word.mark, f"the includes go in a circle: {' -> '.join([*names, names[0]])}")
        elif found in sources.files:
            return
        elif len(chain) > DEEPEST_INCLUDE:
            scope.problem(word.mark, f"expected includes at most {DEEPEST_INCLUDE} deep, got one more")
        elif len(sources.files) > MOST_INCLUDES:
            scope.problem(word.mark, f"expected at most {MOST_INCLUDES} included files, got one more")
        else:
            name = (Path(chain[-1].name).parent / word.text).as_posix()
            self.add(read_document(found, self._report, name=name), name, found, found.parent, chain)

    def _merge(self, record: Record) -> None:
        sources = self._sources
        self._report.partial |= any(record.has(section) and record.get(section) is None for section in _SECTIONS)
        sources.title = self._once(record, FileTable.title_, sources.title)
        sources.seed = self._once(record, FileTable.seed, sources.seed)
        self._merge_music(record.get(FileTable.music))
        self._merge_items(record.get(FileTable.inputs), sources.inputs, "input")
        self._merge_items(record.get(FileTable.styles), sources.styles, "style")
        self._merge_items(record.get(FileTable.stingers), sources.stingers, "stinger")
        self._merge_items(record.get(FileTable.themes), sources.themes, "theme")
        self._merge_items(record.get(FileTable.clips), sources.clips, "clip")
        for item in record.get(FileTable.layers) or ():
            self._merge_layer(item)
        transitions = record.get(FileTable.transitions)
        sources.transitions.extend(transitions or ())

    def _once(self, record: Record, once: Field[Any], earlier: Record | None) -> Record | None:
        if not record.has(once):
            return earlier
        if earlier is not None:
            self._twice(f"{once.name}", "given", record.mark_of(once), earlier.mark_of(once))
        return earlier or record

    def _merge_music(self, music: Record | None) -> None:
        if music is None:
            return
        for name in MusicTable.fields:
            if name in music.marks:
                if name in self._music:
                    self._twice(f"music, {name}", "given", music.marks[name], self._music[name])
                self._music.setdefault(name, music.marks[name])
        self._sources.music.append(music)

    def _merge_items(
        self, items: Iterable[Item[Record]] | None, into: dict[str, Item[Record]], what: str, *within: str
    ) -> None:
        for item in items or ():
            if item.name in into:
                self._twice(f'{what} "{item.name}"', "defined", item.mark, into[item.name].mark, *within)
            else:
                into[item.name] = item

    def _merge_layer(self, item: Item[Record]) -> None:
        layer = self._sources.layers.setdefault(item.name, MergedLayer(name=item.name, mark=item.mark))
        if item.value is None or (item.value.has(LayerTable.states) and item.value.get(LayerTable.states) is None):
            self._report.partial = True
        if item.value is None:
            return
        label = f'layer "{item.name}"'
        layer.weight = self._of_layer(item.value, LayerTable.weight, layer.weight, label)
        layer.theme = self._of_layer(item.value, LayerTable.theme, layer.theme, label)
        self._merge_items(item.value.get(LayerTable.states), layer.states, "state", label)

    def _of_layer(self, record: Record, once: Field[Any], earlier: Record | None, label: str) -> Record | None:
        """The record that gives a field which one file alone may give a layer."""
        if not record.has(once):
            return earlier
        if earlier is not None:
            self._twice(once.name, "given", record.mark_of(once), earlier.mark_of(once), label)
        return earlier or record

    def _twice(self, what: str, verb: str, here: Mark, there: Mark, *within: str) -> None:
        """Report at both places what may be written at one place only."""
        scope = self._report.scope(*within, what)
        scope.problem(here, f"{verb} twice; also {verb} at {there}")
        scope.problem(there, f"{verb} twice; also {verb} at {here}")


def _is_script(node: Node) -> bool:
    """Whether a file looks like an event script: a list of maps with the time of an event."""
    first = node.items[0] if isinstance(node, ListNode) and node.items else None
    return isinstance(first, MapNode) and any(entry.key == "at" for entry in first.entries)


def _check_totals(sources: Sources) -> None:
    """Report what exceeds a limit in all files together."""
    main = sources.main
    if main is None or len(sources.files) < 2:
        return
    scope = sources.report.scope()
    counts = [
        ("inputs", len(sources.inputs), MOST_INPUTS),
        ("styles", len(sources.styles), MOST_STYLES),
        ("layers", len(sources.layers), MOST_LAYERS),
        ("transitions", len(sources.transitions), MOST_TRANSITIONS),
        ("stingers", len(sources.stingers), MOST_STINGERS),
        ("themes", len(sources.themes), MOST_THEMES),
        ("clips", len(sources.clips), MOST_CLIPS),
    ]
    for what, count, most in counts:
        if count > most:
            scope.problem(main.mark, f"expected at most {most} {what} in all files together, got {count}")
    for layer in sources.layers.values():
        if len(layer.states) > MOST_STATES:
            text = f"expected at most {MOST_STATES} states in all files together, got {len(layer.states)}"
            scope.inside(f'layer "{layer.name}"').problem(layer.mark, text)
