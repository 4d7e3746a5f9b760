"""States elsewhere: under edited rules, at another frame, back at the start (SEMANTICS, States that outlive)."""

from __future__ import annotations

from segue_rules.director.packing import pack
from segue_rules.director.state import NEVER, DirectorState, LayerNow
from segue_rules.director.step import Director
from segue_rules.director.unpacking import first_weight, unpack
from segue_rules.model import Rules


def carry(state: DirectorState, old_rules: Rules, new_rules: Rules) -> DirectorState:
    """The state under other rules, from the same frame on: what exists by name and fits goes on.

    The musical clock goes on; pending changes are decided anew.
    """
    return undecided(unpack(pack(state, old_rules), new_rules))


def undecided(state: DirectorState) -> DirectorState:
    """The state with no change waiting for its boundary: the next frame decides anew."""
    return state._replace(layers=tuple(now._replace(pending=None) for now in state.layers))


def moved(state: DirectorState, frames: int) -> DirectorState:
    """The same state `frames` later, or earlier if negative: the plans that follow are equal but for their frames."""

    def at(time: int) -> int:
        return NEVER if time == NEVER else time + frames

    def layer(now: LayerNow) -> LayerNow:
        pending = now.pending
        return now._replace(
            start=at(now.start),
            pending=pending
            and pending._replace(decided=pending.decided + frames, predicted=pending.predicted + frames),
            runs=tuple(run._replace(since=at(run.since)) for run in now.runs),
            cooldowns=tuple(at(end) for end in now.cooldowns),
        )

    return state._replace(
        frame=state.frame + frames,
        inputs=tuple(now._replace(since=at(now.since)) for now in state.inputs),
        layers=tuple(map(layer, state.layers)),
        stingers=tuple(now._replace(start=at(now.start)) for now in state.stingers),
        continuous=tuple(now._replace(since=now.since + frames) for now in state.continuous),
    )


def reset(state: DirectorState, rules: Rules) -> DirectorState:
    """Inputs and states as at the start; clock, meter, key and drums go on, and controls move from their values."""
    start = moved(Director(rules).start(), state.frame)
    if not state.continuous:
        return start
    defaults = {item.name: now.target for item, now in zip(rules.inputs, start.inputs, strict=True)}
    return start._replace(
        clock=state.clock,
        weights=tuple(first_weight(layer, defaults) for layer in rules.layers),
        continuous=state.continuous,
        switches=state.switches,
        last_mix=state.last_mix,
    )
