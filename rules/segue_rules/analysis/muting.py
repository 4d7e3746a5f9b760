"""Mutes that leave nothing to play, and a solo that takes away what lowers or silences the music."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, islice
from typing import Final

from segue_rules.analysis.finding import Finding, state_finding, written_finding
from segue_rules.analysis.levels import weights
from segue_rules.analysis.reachability import Reachability
from segue_rules.analysis.satisfiability import whole
from segue_rules.model import All, InState, Layer, LayerState, Music, Rules
from segue_yaml.report import listing

# Pairs of states that are tried: a file of nothing but solos would take minutes.
_MOST_PAIRS: Final = 2_000

_Placed = tuple[Layer, LayerState]


def muting(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """States that mute each other, solos without music, and solos of layers that lower the music."""
    states = [(layer, state) for layer in rules.layers for state in reachability.states_of(layer)]
    muting_states = [(layer, state) for layer, state in states if state.solo or state.mute]
    for layer, state in muting_states:
        if state.solo and not state.mix and weights(rules, layer)[1] >= 1:
            text = (
                "solo mutes all other layers, and the state has no mix: the mix before goes on; "
                "for silence say music: {gain: -96dB}"
            )
            yield state_finding(layer, state, "empty_mix", text)
    yield from _each_other(rules, reachability, muting_states)
    yield from _gains(rules, reachability, [placed for placed in muting_states if placed[1].solo])


def _each_other(rules: Rules, reachability: Reachability, states: list[_Placed]) -> Iterator[Finding]:
    full = [(layer, state) for layer, state in states if weights(rules, layer)[1] >= 1]
    pairs = ((one, other) for one, other in combinations(full, 2) if _mutes(*one, other[0]) and _mutes(*other, one[0]))
    told: set[tuple[str, str]] = set()
    for one, other in islice(pairs, _MOST_PAIRS):
        (layer, state), (rival, its_state) = other, one
        if (layer.name, state.written) in told or not _together(reachability, one, other):
            continue
        told.add((layer.name, state.written))
        text = (
            f"it and state '{its_state.written}' of layer '{rival.name}' mute each other: while both are on, neither "
            f"is heard; say in one of them that the other comes first, such as "
            f"unless: {{state: {{{rival.name}: {its_state.written}}}}}"
        )
        yield written_finding(layer, state, "mutual_mute", text)


def _gains(rules: Rules, reachability: Reachability, solos: list[_Placed]) -> Iterator[Finding]:
    # Of a layer with music of its own, a solo is meant to take the music away, and a gain in it is of that music.
    lowering = [
        (layer, state)
        for layer in rules.layers
        if not _has_mix(layer)
        for state in reachability.states_of(layer)
        if state.music.gain_db not in (None, 0.0)
    ]
    pairs = ((solo, other) for solo in solos for other in lowering if other[0].name != solo[0].name)
    lost: dict[tuple[str, str], set[str]] = {}
    for solo, other in islice(pairs, _MOST_PAIRS):
        if _together(reachability, solo, other):
            lost.setdefault((solo[0].name, solo[1].written), set()).add(other[0].name)
    for layer, state in solos:
        names = lost.get((layer.name, state.written))
        if names is None:
            continue
        others = [each for each in rules.layers if each.name != layer.name and each.name not in names]
        muted = [each.name for each in others if _has_mix(each) or _has_controls(each)]
        instead = f"; name the layers to mute instead, mute: [{', '.join(muted)}]" if muted else ""
        which = listing(sorted(map(repr, names)), "and")
        text = f"solo also mutes {which}, so that the gain there does not count{instead}"
        yield written_finding(layer, state, "muted_gain", text)


def _has_mix(layer: Layer) -> bool:
    return any(state.mix for state in layer.states)


def _has_controls(layer: Layer) -> bool:
    """Whether the layer decides a control other than the gain."""
    return any(replace(state.music, gain_db=None) != Music() for state in layer.states)


def _mutes(layer: Layer, state: LayerState, other: Layer) -> bool:
    return other.name != layer.name and (state.solo or other.name in state.mute)


def _together(reachability: Reachability, one: _Placed, other: _Placed) -> bool:
    """Whether a case was found in which the conditions of both states hold while both are on."""
    parts = [whole(state) for _, state in (one, other)]
    active = [InState(layer=layer.name, state=state.written) for layer, state in (one, other)]
    return reachability.solver.solve(All(of=(*parts, *active)), reachability.states)[1] is not None
