"""The director: what the rules mean, frame by frame (rules/SEMANTICS.md).

    director = Director(rules)
    state = director.start()                                     # before frame 0
    state, plan = director.step(state, frame, events, earliest)  # one frame; a pure function
    for span in director.spans(state, until): ...                # without events: runs of equal plans, much faster

A state is a value: stepping from it again gives the same result. `pack` and `unpack` turn it into plain data and back.
`carry` takes it to edited rules, `shift_state` to another frame, `Director.reset` back to the start.
"""

from segue_rules.director.clips import EDGE_SAMPLES
from segue_rules.director.inputs import TakenEvents
from segue_rules.director.moves import moves
from segue_rules.director.packing import pack
from segue_rules.director.state import DirectorState, drop_pending, shift_state
from segue_rules.director.step import Director, Span
from segue_rules.director.unpacking import carry, unpack

__all__ = [
    "EDGE_SAMPLES",
    "Director",
    "DirectorState",
    "Span",
    "TakenEvents",
    "carry",
    "drop_pending",
    "moves",
    "pack",
    "shift_state",
    "unpack",
]
