"""Loads a soundtrack: the files read and merged, everything in them built and checked."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from segue_rules.errors import RuleError, rule_report
from segue_rules.loading.bridges import write_out_bridges
from segue_rules.loading.clips import build_clips
from segue_rules.loading.conditions import ConditionReader
from segue_rules.loading.declarations import Declarations, declarations_of
from segue_rules.loading.grammar import FileTable
from segue_rules.loading.inputs import DeclaredInputs, build_inputs, build_style
from segue_rules.loading.layers import build_layers, check_first_mix
from segue_rules.loading.music import build_music
from segue_rules.loading.sources import Sources, collect
from segue_rules.loading.stingers import build_stingers
from segue_rules.loading.themes import build_themes
from segue_rules.loading.transitions import build_transitions, groups_of
from segue_rules.model import DEFAULT_MUSIC, Music, Rules
from segue_yaml.document import read_document, read_text
from segue_yaml.report import Problem, Report


def _build(sources: Sources, inputs: DeclaredInputs, untitled: str) -> Rules:
    """The soundtrack of all files.

    Args:
        inputs: Those of their inputs that could be built.
        untitled: Its title where no file gives one.

    Raises:
        RuleError: The files have mistakes; it holds all of them.
    """
    report = sources.report
    if sources.main is None:
        report.raise_problems()
    styles = [build_style(item, sources) for item in sources.styles.values()]
    states = {name: tuple(layer.states) for name, layer in sources.layers.items()}
    conditions = ConditionReader(inputs=inputs, states=states, groups=groups_of(sources))
    clips = build_clips(sources)
    layers = build_layers(sources, inputs, conditions, clips)
    stingers = build_stingers(sources, inputs)
    themes = build_themes(sources)
    transitions = build_transitions(sources, inputs, clips)
    layers = write_out_bridges(layers, transitions, sources)
    music = build_music(sources.music, inputs)
    _check_whole(sources)
    if not report.problems:
        assert sources.main is not None
        check_first_mix(layers, inputs, sources.main.mark_of(FileTable.layers), report.scope("layers"))
    report.raise_problems()
    return Rules(
        title=_title(sources, untitled),
        seed=int(sources.seed.value(FileTable.seed)) if sources.seed else 0,
        music=_complete(music),
        inputs=tuple(inputs.by_name.values()),
        styles=tuple(style for style in styles if style is not None),
        layers=layers,
        transitions=transitions,
        stingers=stingers,
        themes=themes,
        clips=tuple(clips.values()),
        latches=tuple(conditions.latches),
        counters=tuple(conditions.counters),
        stays=tuple(conditions.stays),
        files=tuple(sources.files),
        warnings=tuple(sorted(set(report.warnings))),
    )


def _check_whole(sources: Sources) -> None:
    """Report what a soundtrack must have, whichever file may hold it."""
    main = sources.main
    if main is not None and not sources.layers and not sources.report.partial:
        main.problem(FileTable.layers, "expected at least one layer, got none")
    if main is not None and sources.clips and not sources.styles and not sources.report.partial:
        text = "expected at least one style beside the clips, for what the generator plays where no clip does, got none"
        main.scope.inside("clips").problem(next(iter(sources.clips.values())).mark, text)


def _title(sources: Sources, untitled: str) -> str:
    title = sources.title.get(FileTable.title_) if sources.title else None
    return title or untitled


def _complete(music: Music) -> Music:
    """The controls given, with the defaults for the others."""
    given = {field.name: getattr(music, field.name) for field in dataclasses.fields(music)}
    return dataclasses.replace(DEFAULT_MUSIC, **{name: value for name, value in given.items() if value is not None})


def load(path: Path | str) -> Rules:
    """The soundtrack of a rule file and all it includes.

    Raises:
        RuleError: The files have mistakes; it holds all of them. Marks name files as the path was given.
    """
    path = Path(path)
    sources = _read(path, rule_report())
    return _build(sources, build_inputs(sources), path.stem)


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What is known of a rule file, whether or not it has mistakes.

    Attributes:
        declarations: As far as they could be read.
        rules: None if there are mistakes.
        problems: The mistakes.
    """

    declarations: Declarations
    rules: Rules | None = None
    problems: tuple[Problem, ...] = ()


def examine(path: Path) -> Examination:
    """Load a rule file and all it includes, and return what can be used of it despite mistakes."""
    # An editor goes on watching a file that cannot be read.
    declarations = Declarations(title=path.stem, files=(path.resolve(),))
    try:
        sources = _read(path, rule_report())
        inputs = build_inputs(sources)
        declarations = declarations_of(sources, inputs, path.stem)
        rules = _build(sources, inputs, path.stem)
    except RuleError as error:
        return Examination(declarations=declarations, problems=error.problems)
    return Examination(declarations=declarations, rules=rules)


def _read(path: Path, report: Report) -> Sources:
    """The content of a rule file and all it includes. Raises: RuleError if it cannot be read at all."""
    name = path.as_posix()
    node = read_document(path, report, name=name)
    if node is None:
        report.raise_problems()
    main = path.resolve()
    return collect(node, name, main, main.parent, report)


def load_text(text: str, name: str = "<text>", folder: Path | None = None) -> Rules:
    """The soundtrack of the text of a rule file.

    Args:
        name: The name of the text in messages.
        folder: Where its includes and audio paths start; None if it may have none.

    Raises:
        RuleError: The text has mistakes; it holds all of them.
    """
    report = rule_report()
    node = read_text(text, report, name=name)
    sources = collect(node, name, None, folder, report)
    return _build(sources, build_inputs(sources), "untitled")
