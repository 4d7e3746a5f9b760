"""Changes of state that no rule decides: by a reset, by a restore, by other rules (SEMANTICS, Reset)."""

from __future__ import annotations

from segue_rules.director.state import DirectorState
from segue_rules.model import Rules
from segue_rules.plan import Cause, Change, Mover


def moves(
    before: DirectorState, old_rules: Rules, after: DirectorState, new_rules: Rules, mover: Mover, sequence: int = -1
) -> tuple[Change, ...]:
    """Return a change for each layer of both rules that is in another state.

    It is decided in the frame before it starts, so that it does not share its frame with a decision of the rules:
    layer and frame name a change.

    Args:
        before: The state without the move.
        old_rules: Its rules.
        after: The state that takes its place before frame `after.frame`.
        new_rules: Its rules.
        mover: What moved it.
        sequence: The event that did; -1 for none.
    """
    cause = Cause("", "", sequence, mover)
    old = {
        layer.name: layer.states[now.active].name for layer, now in zip(old_rules.layers, before.layers, strict=True)
    }
    new = {layer.name: layer.states[now.active] for layer, now in zip(new_rules.layers, after.layers, strict=True)}
    frame = after.frame
    return tuple(
        Change(
            "started",
            name,
            old[name],
            state.name,
            frame - 1,
            frame,
            0,
            "immediate",
            (cause,),
            (),
            clips=tuple(use.clip for use in state.clips),
        )
        for name, state in new.items()
        if old.get(name, state.name) != state.name
    )
