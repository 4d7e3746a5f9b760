"""Builds the bridges of transition rows, and writes them out as states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from segue_rules.bridges import with_bridges
from segue_rules.loading.grammar_changes import BridgeTable, TransitionTable
from segue_rules.loading.inputs import DeclaredInputs
from segue_rules.loading.limits import LONGEST_STATE_NAME, MOST_STATES
from segue_rules.loading.music import build_mix, build_music
from segue_rules.loading.sources import Sources
from segue_rules.loading.themes import theme_use
from segue_rules.model import Bridge, Layer, LayerState, Transition
from segue_yaml.tables import Record


def build_bridge(row: Record, sources: Sources, inputs: DeclaredInputs) -> Bridge | None:
    """The bridge of a row; None without one, or once it is reported that it names nothing."""
    record = row.get(TransitionTable.bridge)
    if record is None:
        return None
    mix, music = record.get(BridgeTable.mix), record.get(BridgeTable.music)
    if not (record.has(BridgeTable.mix) or record.has(BridgeTable.music) or record.has(BridgeTable.theme)):
        record.scope.problem(record.mark, "expected mix, music or theme: what plays in the bridge")
    bars = record.get(BridgeTable.bars)
    return Bridge(
        bars=1 if bars is None else int(bars),
        mix=build_mix(mix, sources.styles, record.scope.inside("mix")) if record.has(BridgeTable.mix) else None,
        music=build_music([music] if music else [], inputs),
        theme=theme_use(record.get(BridgeTable.theme), sources.themes, record.scope.inside("theme")),
    )


def write_out_bridges(layers: Iterable[Layer], rows: Sequence[Transition], sources: Sources) -> tuple[Layer, ...]:
    """The layers with their bridges as states. Names that are too long or taken, and too many states, are reported."""
    return tuple(_written_out(layer, rows, sources) for layer in layers)


def _written_out(layer: Layer, rows: Sequence[Transition], sources: Sources) -> Layer:
    bridged = with_bridges(layer, rows, MOST_STATES)
    counts = Counter(state.name for state in bridged.states)
    scope = sources.report.scope(f'layer "{layer.name}"')
    for state in filter(_is_bridge, bridged.states):
        if counts[state.name] > 1:
            taken = [each for each in bridged.states if each.name == state.name]
            text = f"a bridge plays as '{state.name}', which is a piece of the playlist; give the piece another name"
            if all(map(_is_bridge, taken)):
                text = f"two bridges play as '{state.name}': give the rows the same `from` and `to`, or leave one out"
            scope.problem(state.mark, text)
        elif len(state.name) > LONGEST_STATE_NAME:
            text = f"a bridge plays as '{state.name}': expected at most {LONGEST_STATE_NAME} characters"
            scope.problem(state.mark, f"{text}, got {len(state.name)}; give the states shorter names")
    if len(bridged.states) > MOST_STATES >= len(layer.states):
        text = f"expected at most {MOST_STATES} states, pieces of playlists and bridges, got more"
        scope.problem(layer.mark, f"{text}; let a row name a group, or any, instead of many states")
    return bridged


def _is_bridge(state: LayerState) -> bool:
    return state.piece is not None and state.piece.bridge
