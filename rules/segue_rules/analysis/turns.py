"""States that take turns, with the default state between them while the second waits for its attack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from segue_rules.analysis.finding import Finding, frames_text, nominal, written_finding
from segue_rules.analysis.reachability import Reachability
from segue_rules.analysis.satisfiability import whole
from segue_rules.model import All, ChoiceInput, Compare, Condition, InputValue, Layer, LayerState, Not, OneOf, Rules

_Values = Mapping[str, frozenset[InputValue]]
"""Of each choice input that a state needs, the values with which it can be on."""


def turns(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """For each layer, the first state whose attack lets the default state play after a state that it relieves.

    Two states take turns if they need different values of a choice input. The first ends in the frame in which the
    condition of the second begins to hold, unless it has a hold. (Its min_time is over by then, as a rule.)
    """
    choices = {item.name for item in rules.inputs if isinstance(item, ChoiceInput)}
    for layer in rules.layers:
        finding = _between(layer, choices, reachability)
        if finding is not None:
            yield finding


def _between(layer: Layer, choices: set[str], reachability: Reachability) -> Finding | None:
    states = [state for state in reachability.states_of(layer) if not state.default and state.when is not None]
    states = list({state.written: state for state in reversed(states)}.values())[::-1]
    needs = {state.written: _needs(state.when, choices) for state in states}
    for second in states:
        attack = nominal(second.attack_frames)
        for first in states if attack else ():
            if nominal(first.hold_frames) >= attack or not _take_turns(needs[first.written], needs[second.written]):
                continue
            if _is_filled(second, states, needs, reachability):
                break
            default = next(state for state in layer.states if state.default)
            text = (
                f"where it takes the place of '{first.written}', the default state '{default.written}' may play "
                f"between them: '{first.written}' ends at once, and its attack takes {frames_text(attack)}; give "
                f"'{first.written}' a hold as long"
            )
            return written_finding(layer, second, "default_between", text)
    return None


def _is_filled(
    second: LayerState, states: list[LayerState], needs: Mapping[str, _Values], reachability: Reachability
) -> bool:
    """Whether a state without an attack is on whenever the condition of `second` holds."""
    others = [
        state
        for state in states
        if not (nominal(state.attack_frames) or _take_turns(needs[state.written], needs[second.written]))
    ]
    needed = whole(second)
    return any(
        not reachability.solver.can_hold(All(of=(needed, Not(of=whole(o)))), reachability.states) for o in others
    )


def _take_turns(first: _Values, second: _Values) -> bool:
    """Whether no value of some choice input lets both be on, where both need the same inputs."""
    return first.keys() == second.keys() and any(first[name].isdisjoint(second[name]) for name in first)


def _needs(condition: Condition | None, choices: set[str]) -> _Values:
    match condition:
        case OneOf(input=name, values=values):
            return {name: frozenset(values)}
        case Compare(input=name, op="==", value=value) if name in choices:
            return {name: frozenset({value})}
        case All(of=parts):
            needs: dict[str, frozenset[InputValue]] = {}
            for part in parts:
                for place, found in _needs(part, choices).items():
                    needs[place] = needs[place] & found if place in needs else found
            return needs
    return {}
