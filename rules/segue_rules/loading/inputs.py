"""Builds inputs and styles from what the files say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from segue_rules.loading.grammar_inputs import (
    ChoiceInputTable,
    FlagInputTable,
    IntegerInputTable,
    NumberInputTable,
    TriggerInputTable,
)
from segue_rules.loading.grammar_music import AUDIO, PromptTable, StyleTable
from segue_rules.loading.sources import Sources
from segue_rules.loading.time_kinds import drawn_time
from segue_rules.model import ChoiceInput, FlagInput, Input, IntegerInput, NumberInput, Prompt, Style, TriggerInput
from segue_yaml.containers import Item
from segue_yaml.kinds import Word, article, number
from segue_yaml.nodes import Mark
from segue_yaml.paths import locate
from segue_yaml.report import Scope, did_you_mean, listing
from segue_yaml.tables import Field, Record

_WORDS: Final[dict[type, str]] = {
    NumberInput: "number",
    IntegerInput: "integer",
    ChoiceInput: "choice",
    FlagInput: "flag",
    TriggerInput: "trigger",
}


@dataclass(frozen=True, kw_only=True)
class DeclaredInputs:
    """The inputs of a soundtrack.

    Attributes:
        declared: The names of all of them, readable or not.
    """

    by_name: Mapping[str, Input]
    declared: frozenset[str]

    def number(self, word: Word, scope: Scope) -> NumberInput | IntegerInput | None:
        """The number or integer input of a name, or None once the mistake is reported."""
        found = self._find(word, scope, (NumberInput, IntegerInput))
        return found if isinstance(found, (NumberInput, IntegerInput)) else None

    def trigger(self, word: Word, scope: Scope) -> TriggerInput | None:
        """The trigger of a name, or None once the mistake is reported."""
        found = self._find(word, scope, (TriggerInput,))
        return found if isinstance(found, TriggerInput) else None

    def _find(self, word: Word, scope: Scope, types: tuple[type, ...]) -> Input | None:
        """The input of a name. An unknown name or another type is reported."""
        found = self.by_name.get(word.text)
        if found is None:
            if word.text not in self.declared:
                fitting = [name for name, each in self.by_name.items() if isinstance(each, types)]
                scope.unknown(word.mark, "input", word.text, fitting)
        elif not isinstance(found, types):
            wanted = article(listing(_WORDS[each] for each in types))
            is_a = article(_WORDS[type(found)])
            scope.problem(word.mark, f"expected {wanted} input, got '{word.text}', which is {is_a}")
        return found


def build_inputs(sources: Sources) -> DeclaredInputs:
    """All inputs that could be read, in file order."""
    built = {name: build_input(item) for name, item in sources.inputs.items()}
    return DeclaredInputs(
        by_name={name: each for name, each in built.items() if each is not None}, declared=frozenset(sources.inputs)
    )


def build_input(item: Item[Record]) -> Input | None:
    """The input, or None once its mistakes are reported."""
    record = item.value
    if record is None:
        return None
    if record.table is NumberInputTable:
        return _number(item.name, record, item.mark)
    if record.table is IntegerInputTable:
        return _integer(item.name, record, item.mark)
    if record.table is ChoiceInputTable:
        return _choice(item.name, record, item.mark)
    if record.table is FlagInputTable:
        return FlagInput(name=item.name, default=record.value(FlagInputTable.default), mark=item.mark)
    assert record.table is TriggerInputTable
    every = record.get(TriggerInputTable.every)
    return TriggerInput(name=item.name, every=None if every is None else drawn_time(every), mark=item.mark)


def _number(name: str, record: Record, mark: Mark) -> NumberInput | None:
    bounds = record.get(NumberInputTable.range)
    if bounds is None:
        return None
    return NumberInput(
        name=name,
        low=float(bounds[0]),
        high=float(bounds[1]),
        default=float(_default(record, NumberInputTable.default, bounds)),
        rise=record.get(NumberInputTable.rise),
        fall=record.get(NumberInputTable.fall),
        mark=mark,
    )


def _integer(name: str, record: Record, mark: Mark) -> IntegerInput | None:
    bounds = record.get(IntegerInputTable.range)
    if bounds is None:
        return None
    default = _default(record, IntegerInputTable.default, bounds)
    return IntegerInput(name=name, low=int(bounds[0]), high=int(bounds[1]), default=int(default), mark=mark)


def _default(record: Record, default: Field[float], bounds: tuple[float, float]) -> float:
    value = record.get(default)
    if value is None:
        return bounds[0]
    if not bounds[0] <= value <= bounds[1]:
        span = f"{number(bounds[0])} to {number(bounds[1])}"
        record.problem(default, f"expected a value within the range {span}, got {number(value)}")
        return bounds[0]
    return value


def _choice(name: str, record: Record, mark: Mark) -> ChoiceInput | None:
    words = record.get(ChoiceInputTable.of)
    if not words:
        return None
    check_distinct(words, record, ChoiceInputTable.of)
    of = tuple(dict.fromkeys(word.text for word in words))
    default = record.get(ChoiceInputTable.default)
    if default is not None and default.text not in of:
        text = f"expected {listing(of[:8])}, got '{default.text}'{did_you_mean(default.text, of)}"
        record.problem(ChoiceInputTable.default, text)
    return ChoiceInput(name=name, of=of, default=default.text if default else of[0], mark=mark)


def check_distinct(words: tuple[Word, ...], record: Record, field: Field[tuple[Word, ...]]) -> None:
    """Report every name that stands in a list twice."""
    seen: set[str] = set()
    for word in words:
        if word.text in seen:
            record.scope.inside(field.name).problem(word.mark, f"'{word.text}' stands in the list twice")
        seen.add(word.text)


def build_style(item: Item[Record], sources: Sources) -> Style | None:
    """The style with its audio files found, or None once its mistakes are reported."""
    record = item.value
    if record is None:
        return None
    blend = record.get(StyleTable.blend)
    if blend is not None:
        prompts = [_prompt(part, PromptTable.text, PromptTable.audio, sources) for part in blend]
    else:
        prompts = [_prompt(record, StyleTable.text, StyleTable.audio, sources)]
    return Style(name=item.name, prompts=tuple(prompt for prompt in prompts if prompt), mark=item.mark)


def _prompt(record: Record, text: Field[str], audio: Field[Word], sources: Sources) -> Prompt | None:
    word = record.get(audio)
    weight = float(record.value(PromptTable.weight)) if record.table is PromptTable else 1.0
    if word is None:
        return Prompt(text=record.get(text), weight=weight, mark=record.mark)
    path = find_audio(word, audio, record, sources)
    return Prompt(audio=path, weight=weight, mark=record.mark) if path else None


def find_audio(word: Word, field: Field[Word], record: Record, sources: Sources) -> Path | None:
    """The audio file of a field, or None once it is reported why there is none."""
    return locate(word, sources.folder_of(word.mark), AUDIO, record.scope.inside(field.name))
