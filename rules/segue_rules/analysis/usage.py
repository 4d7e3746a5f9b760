"""What is declared and never used."""

from __future__ import annotations

from collections.abc import Iterator

from segue_rules.analysis.finding import Finding, state_finding, written_finding
from segue_rules.analysis.reachability import Reachability, describe
from segue_rules.analysis.satisfiability import comparisons, leaves
from segue_rules.controls import CONTROLS
from segue_rules.model import (
    Binding,
    Burst,
    Counted,
    Fired,
    InGroup,
    Lately,
    LayerState,
    Music,
    OneOf,
    Rules,
)


def usage(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Everything unused."""
    yield from _inputs(rules)
    yield from _styles(rules)
    yield from _themes(rules)
    yield from _transitions(rules, reachability)
    yield from _groups(rules)
    yield from _returns(rules)


def _inputs(rules: Rules) -> Iterator[Finding]:
    used = set(_used_inputs(rules))
    for item in rules.inputs:
        if item.name not in used:
            text = "is declared but no condition, curve or stinger uses it"
            yield Finding(mark=item.mark, where=f'input "{item.name}"', code="unused_input", text=text)


def _used_inputs(rules: Rules) -> Iterator[str]:
    """The names of all inputs that something uses."""
    yield from (stinger.trigger for stinger in rules.stingers)
    yield from _bound(rules.music)
    for layer in rules.layers:
        if isinstance(layer.weight, Binding):
            yield from (factor.input for factor in layer.weight.factors)
        for state in layer.states:
            yield from _bound(state.music)
            bound = [use.gain_db for use in state.clips if isinstance(use.gain_db, Binding)]
            yield from (factor.input for binding in bound for factor in binding.factors)
            for condition in (state.when, state.unless):
                for leaf in leaves(condition):
                    yield from (compare.input for compare in comparisons(leaf))
                    if isinstance(leaf, OneOf):
                        yield leaf.input
                    elif isinstance(leaf, Fired):
                        yield leaf.trigger
                    elif isinstance(leaf, Counted):
                        yield leaf.counter.trigger
                        if leaf.counter.after is not None:
                            yield leaf.counter.after


def _bound(music: Music) -> Iterator[str]:
    for control in CONTROLS:
        value = getattr(music, control.field)
        if isinstance(value, Binding):
            yield from (factor.input for factor in value.factors)


def _styles(rules: Rules) -> Iterator[Finding]:
    mixes = [state.mix for layer in rules.layers for state in layer.states]
    mixes += [stinger.mix for stinger in rules.stingers if isinstance(stinger, Burst)]
    played = {name for mix in mixes for name in mix}
    for style in rules.styles:
        if style.name not in played:
            text = "is declared but no state or stinger plays it"
            yield Finding(mark=style.mark, where=f'style "{style.name}"', code="unused_style", text=text)


def _themes(rules: Rules) -> Iterator[Finding]:
    uses = [layer.theme for layer in rules.layers]
    uses += [state.theme for layer in rules.layers for state in layer.states]
    uses += [stinger.theme for stinger in rules.stingers if isinstance(stinger, Burst)]
    played = {use.name for use in uses if use is not None and use.strength > 0}
    for theme in rules.themes:
        if theme.name not in played:
            text = "is declared but no state, layer or stinger plays it"
            yield Finding(mark=theme.mark, where=f'theme "{theme.name}"', code="unused_theme", text=text)


def _transitions(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    taken = set(map(id, reachability.taken_rows))
    for row in rules.transitions:
        if id(row) not in taken:
            text = "no change takes this row: more specific rows come first, or there is no such change"
            yield Finding(mark=row.mark, where=describe(row), code="unused_transition", text=text)


def _groups(rules: Rules) -> Iterator[Finding]:
    named: set[tuple[str | None, str | None]] = set()
    for row in rules.transitions:
        named |= {(row.layer, row.from_state), (row.layer, row.to_state)}
    for layer in rules.layers:
        for state in layer.states:
            for condition in (state.when, state.unless):
                parts = [leaf.of if isinstance(leaf, Lately) else leaf for leaf in leaves(condition)]
                named |= {(leaf.layer, leaf.group) for leaf in parts if isinstance(leaf, InGroup)}
    for layer in rules.layers:
        told: set[str] = set()
        for state in layer.states:
            for group in state.groups:
                if group not in told and not named & {(layer.name, group), (None, group)}:
                    told.add(group)
                    text = f'no row and no condition names its group "{group}"'
                    yield written_finding(layer, state, "unused_group", text)


def _returns(rules: Rules) -> Iterator[Finding]:
    for layer in rules.layers:
        for state in layer.states:
            if not state.mix and state.piece is None and state.on_return != LayerState.on_return:
                text = (
                    f"on_return: {state.on_return} has no effect in a state without a mix, which never leads the music"
                )
                yield state_finding(layer, state, "unused_on_return", text)
