"""What rule files declare, as far as they can be read: for editors, which need names and places despite a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from segue_rules.loading.grammar import FileTable
from segue_rules.loading.grammar_changes import AudioStingerTable, BurstTable
from segue_rules.loading.grammar_clips import ClipTable
from segue_rules.loading.grammar_layers import StateTable
from segue_rules.loading.inputs import DeclaredInputs
from segue_rules.loading.sources import MergedLayer, Sources
from segue_rules.model import Input
from segue_yaml.containers import Item
from segue_yaml.nodes import Mark
from segue_yaml.tables import Record


@dataclass(frozen=True, kw_only=True)
class DeclaredName:
    """A style, a state or a cue."""

    name: str
    mark: Mark


@dataclass(frozen=True, kw_only=True)
class DeclaredLayer:
    """A layer.

    Attributes:
        default: The name of its default state; None if that could not be read.
    """

    name: str
    mark: Mark
    states: tuple[DeclaredName, ...]
    default: str | None


@dataclass(frozen=True, kw_only=True)
class DeclaredStinger:
    """A stinger.

    Attributes:
        trigger, kind: None if that could not be read.
    """

    name: str
    mark: Mark
    kind: Literal["audio", "burst"] | None
    trigger: str | None


@dataclass(frozen=True, kw_only=True)
class DeclaredClip:
    """A clip.

    Attributes:
        audio: The path of its file as written; None if that could not be read.
        cues: The names of its cues, as far as they have some.
    """

    name: str
    mark: Mark
    audio: str | None
    cues: tuple[DeclaredName, ...]


@dataclass(frozen=True, kw_only=True)
class Declarations:
    """What could be read of a rule file and all it includes, in their order.

    Attributes:
        title: Of the soundtrack; the file's name if none is given.
        files: The files read and those that are included and missing, the main one first.
        complete: Whether all of it could be read; otherwise names may be missing.
    """

    title: str
    inputs: tuple[Input, ...] = ()
    styles: tuple[DeclaredName, ...] = ()
    layers: tuple[DeclaredLayer, ...] = ()
    stingers: tuple[DeclaredStinger, ...] = ()
    clips: tuple[DeclaredClip, ...] = ()
    files: tuple[Path, ...] = ()
    complete: bool = False


def declarations_of(sources: Sources, inputs: DeclaredInputs, untitled: str) -> Declarations:
    """Return what the files declare.

    Args:
        sources: The files as read.
        inputs: Those of their inputs that could be built.
        untitled: The title where no file gives one.
    """
    title = sources.title.get(FileTable.title_) if sources.title else None
    return Declarations(
        title=title or untitled,
        inputs=tuple(inputs.by_name.values()),
        styles=tuple(DeclaredName(name=item.name, mark=item.mark) for item in sources.styles.values()),
        layers=tuple(map(_layer, sources.layers.values())),
        stingers=tuple(map(_stinger, sources.stingers.values())),
        clips=tuple(map(_clip, sources.clips.values())),
        files=(*sources.files, *sources.missing),
        complete=not sources.report.partial and len(inputs.by_name) == len(inputs.declared),
    )


def _layer(layer: MergedLayer) -> DeclaredLayer:
    states = layer.states.values()
    return DeclaredLayer(
        name=layer.name,
        mark=layer.mark,
        states=tuple(DeclaredName(name=item.name, mark=item.mark) for item in states),
        default=next((item.name for item in states if item.value and item.value.get(StateTable.default)), None),
    )


def _clip(item: Item[Record]) -> DeclaredClip:
    audio = item.value.get(ClipTable.audio) if item.value is not None else None
    written = item.value.get(ClipTable.cues) if item.value is not None else None
    cues = tuple(DeclaredName(name=cue.name, mark=cue.mark) for cue in written or () if cue.name)
    return DeclaredClip(name=item.name, mark=item.mark, audio=None if audio is None else audio.text, cues=cues)


def _stinger(item: Item[Record]) -> DeclaredStinger:
    record = item.value
    if record is None:
        return DeclaredStinger(name=item.name, mark=item.mark, kind=None, trigger=None)
    burst = record.table is BurstTable
    trigger = record.get(BurstTable.trigger if burst else AudioStingerTable.trigger)
    return DeclaredStinger(
        name=item.name,
        mark=item.mark,
        kind="burst" if burst else "audio",
        trigger=trigger.text if trigger else None,
    )
