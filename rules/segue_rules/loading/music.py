"""Builds mixes, and weights and music controls, bound or not, from what the files say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Literal, TypeVar, cast

from segue_rules.controls import AUTO
from segue_rules.loading.bindings import BindingTable, FactorTable, WrittenBinding
from segue_rules.loading.grammar_music import MusicTable
from segue_rules.loading.inputs import DeclaredInputs
from segue_rules.model import Binding, IntegerInput, Music, NumberInput
from segue_yaml.containers import Item
from segue_yaml.kinds import number
from segue_yaml.report import Scope, listing
from segue_yaml.tables import Field, Record

T = TypeVar("T")


def build_mix(items: Iterable[Item[float]] | None, styles: Mapping[str, object], scope: Scope) -> dict[str, float]:
    """Weights by style. Unknown styles are reported."""
    mix: dict[str, float] = {}
    for item in items or ():
        if item.name not in styles:
            scope.unknown(item.mark, "style", item.name, styles)
        elif item.value is not None:
            mix[item.name] = float(item.value)
    return mix


def build_music(records: list[Record], inputs: DeclaredInputs) -> Music:
    """The controls that the records set; each is set by at most one of them. The others are None."""
    if not records:
        return Music()

    def given(field: Field[T]) -> T | None:
        return next((value for record in records if (value := record.get(field)) is not None), None)

    def bound(field: Field[float | WrittenBinding]) -> float | Binding | None:
        value = given(field)
        return resolve(value, inputs) if value is not None else None

    tempo, meter = given(MusicTable.tempo), given(MusicTable.meter)
    return Music(
        tempo_bpm=tempo if tempo is None or tempo == AUTO else resolve(tempo, inputs),
        meter=meter,
        key=given(MusicTable.key),
        drums=cast(Literal["on", "off", "auto"] | None, given(MusicTable.drums)),
        intensity=bound(MusicTable.intensity),
        temperature=bound(MusicTable.temperature),
        guidance=bound(MusicTable.guidance),
        gain_db=bound(MusicTable.gain),
        low_pass_hz=bound(MusicTable.low_pass),
        high_pass_hz=bound(MusicTable.high_pass),
        reverb=bound(MusicTable.reverb),
        width=bound(MusicTable.width),
        pan=bound(MusicTable.pan),
        mark=records[0].mark,
    )


def resolve(value: float | WrittenBinding, inputs: DeclaredInputs) -> float | Binding | None:
    """A plain value as it is, or a binding checked against its input; None once its mistake is reported."""
    if not isinstance(value, WrittenBinding):
        return float(value)
    binding = _resolve(value, inputs)
    factors = [_resolve(factor, inputs) for factor in value.times]
    known = [factor for factor in factors if factor is not None]
    if binding is None or len(known) < len(factors):
        return None
    product = replace(binding, times=tuple(known))
    low, high = product.range
    if known and (low < value.low or high > value.high):
        end = low if low < value.low else high
        text = (
            f"expected factors with which the value stays from {number(value.low)} to {number(value.high)}, "
            f"but the product of the curves comes to {number(end)}"
        )
        value.record.scope.inside("times").problem(value.record.mark_of(BindingTable.times), text)
        return None
    return product


def _resolve(value: WrittenBinding, inputs: DeclaredInputs) -> Binding | None:
    """A binding without its factors."""
    scope = value.record.scope
    source = inputs.number(value.input, scope.inside("from"))
    if source is None:
        return None
    if value.points is None:
        return _identity(value, source)
    beyond = [number(x) for x, _ in value.points if not source.low <= x <= source.high]
    if beyond:
        span = f"{number(source.low)} to {number(source.high)}"
        scope.inside("curve").warning(
            value.record.mark_of(FactorTable.curve),
            f"points at {listing(beyond, 'and')} lie beyond the range of '{source.name}', {span}",
        )
    return Binding(input=source.name, curve=value.points, mark=value.mark)


def _identity(value: WrittenBinding, source: NumberInput | IntegerInput) -> Binding | None:
    """A binding to the input's own value, which the control must be able to take throughout its range."""
    if source.low < value.low or source.high > value.high:
        allowed = f"{number(value.low)} to {number(value.high)}"
        span = f"{number(source.low)} to {number(source.high)}"
        text = f"expected a curve with values from {allowed}, since the range of '{source.name}' is {span}"
        value.record.scope.problem(value.mark, text)
        return None
    low, high = float(source.low), float(source.high)
    return Binding(input=source.name, curve=((low, low), (high, high)), mark=value.mark)
