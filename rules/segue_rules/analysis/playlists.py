"""Pieces of playlists that never play, never end or end late, and pieces and bridges that end before they are heard."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from segue_rules.analysis.finding import Finding, frames_text, nominal, state_finding
from segue_rules.analysis.reachability import Reachability, describe
from segue_rules.bridges import bridge_name
from segue_rules.director.transition_rows import TransitionRows
from segue_rules.model import Layer, LayerState, Length, MusicalTime, Rules, TimeRange, Transition


def playlists(rules: Rules, reachability: Reachability) -> Iterator[Finding]:
    """Pieces that no playlist comes to, and pieces that are shorter than the ramps into them."""
    rows = TransitionRows(rules)
    for layer in rules.layers:
        yield from _unplayed(layer)
        yield from _endless(layer)
        for state in reachability.states_of(layer):
            yield from _brief(layer, state, rows)
            yield from _off_grid(layer, state, rows)


def _unplayed(layer: Layer) -> Iterator[Finding]:
    """Pieces of a sequence that follow one that does not end."""
    last: dict[str, LayerState] = {}
    for state in layer.states:
        if state.piece is None or state.piece.order != "sequence" or state.piece.between or state.piece.bridge:
            continue
        before = last.get(state.written)
        if before is not None:
            text = f"never plays: '{before.name}' before it does not end; give that one a length with 'for'"
            yield state_finding(layer, state, "unplayed_piece", text)
        elif state.piece.length is None:
            last[state.written] = state


def _endless(layer: Layer) -> Iterator[Finding]:
    """Pieces that are drawn and do not end, in a playlist with others."""
    drawn = [s for s in layer.states if s.piece is not None and not (s.piece.between or s.piece.bridge)]
    counts = Counter(state.written for state in drawn)
    for state in drawn:
        if state.piece is None or state.piece.order == "sequence" or state.piece.length is not None:
            continue
        if counts[state.written] > 1:
            text = (
                "does not end: once it is drawn, no other piece plays while the state is on; give it a length with "
                "'for'"
            )
            yield state_finding(layer, state, "endless_piece", text)


def _off_grid(layer: Layer, state: LayerState, rows: TransitionRows) -> Iterator[Finding]:
    """A piece in bars that goes on until a bar of the form at which its row lets the next piece start."""
    length = state.piece.length if state.piece is not None and not state.piece.bridge else None
    if not isinstance(length, MusicalTime) or length.unit != "bar":
        return
    row = rows.rows[rows.fitting(layer.name, state.written, state.written)[-1]]
    if row.at.unit != "bar" or length.count % row.at.every == 0:
        return
    text = (
        f"plays for longer than its {length}: the next piece starts {_bars(row)}, by {describe(row)}; add a row "
        f"{{from: {state.written}, to: {state.written}, at: bar}}, or let it play a multiple of {row.at.every} bars"
    )
    yield state_finding(layer, state, "piece_off_grid", text)


def _bars(row: Transition) -> str:
    """The bars at which a row lets a change start, in a sentence."""
    return f"at a {row.at}" if row.at.first else f"only every {row.at.every} bars"


def _brief(layer: Layer, state: LayerState, rows: TransitionRows) -> Iterator[Finding]:
    """A piece or a bridge that makes room for what follows before the ramp into it is over."""
    if state.piece is None or state.piece.length is None:
        return
    row = _bridging(layer, state, rows) if state.piece.bridge else None
    if row is None:
        fitting = [rows.rows[i] for i in rows.fitting(layer.name, state.written, state.written)]
        row = max(fitting, key=lambda each: nominal(each.ramp_frames))
    least, ramp = shortest(state.piece.length), nominal(row.ramp_frames)
    if least < ramp and state.piece.bridge:
        text = (
            f"a bridge of {frames_text(least)} is shorter than the ramp into it, {frames_text(ramp)}; give it more "
            "bars, or its row a shorter ramp"
        )
        yield state_finding(layer, state, "bridge_too_short", text)
    elif least < ramp:
        pattern = f"{{from: {state.written}, to: {state.written}}}"
        is_there = row.from_state == row.to_state == state.written
        text = (
            f"plays for {frames_text(least)}, which is shorter than the ramp into it, {frames_text(ramp)}; make it "
            f"longer, or {f'let the row {pattern} have' if is_there else f'add a row {pattern} with'} a shorter ramp"
        )
        yield state_finding(layer, state, "piece_too_short", text)


def _bridging(layer: Layer, bridge: LayerState, rows: TransitionRows) -> Transition | None:
    """The row that a bridge belongs to."""
    entered = (bridge.written, *bridge.groups, None)
    fitting = [
        row
        for row in rows.rows
        if row.layer in (None, layer.name)
        and row.to_state in entered
        and bridge_name(row, bridge.written) == bridge.name
    ]
    return min(fitting, key=lambda row: (entered.index(row.to_state), row.layer is None), default=None)


def shortest(length: Length | TimeRange) -> int:
    """The least frames of a piece's length; of beats and bars at 100 bpm in a meter of 4."""
    return length.low if isinstance(length, TimeRange) else nominal(length)
