"""The director: what the rules mean, frame by frame (rules/SEMANTICS.md).

    director = Director(rules)
    state = director.start()                                     # before frame 0
    state, plan = director.step(state, frame, events, earliest)  # one frame; pure
    for span in director.spans(state, until): ...                # without events: runs of equal plans, much faster

A state is a value: stepping from an old one again gives the same. `pack` and `unpack` turn it into plain data and back.
"""

from segue_rules.director.state import DirectorState, pack, unpack
from segue_rules.director.step import Director, Span

__all__ = ["Director", "DirectorState", "Span", "pack", "unpack"]
