"""Restored music on its way into a session that plays: planned ahead in its own time, until it can be heard."""

from __future__ import annotations

from typing import NamedTuple

from segue.runtime.deck import Boundary
from segue.runtime.edition import Edition
from segue.runtime.opening import Opening
from segue.runtime.planner import Planner
from segue_rules.director import DirectorState, carry


class Arrival(NamedTuple):
    """boundary: where the music is generated from, and heard. opening: what it comes from.

    director: its state before the first frame that is heard, when it was taken over.
    """

    boundary: Boundary
    opening: Opening
    director: DirectorState


def planned(edition: Edition, opening: Opening) -> Planner:
    """What an opening plays, its events to come with it."""
    director = opening.director
    if opening.rules is not edition.rules:
        director = carry(director, opening.rules, edition.rules)
    planner = Planner(edition, director)
    planner.turn(edition, director, opening.events)
    return planner


def arriving(opening: Opening, ahead: Planner, frame: int, director: DirectorState) -> Arrival:
    """The opening's music, to be heard from `frame` on. ahead: its plans; those before `frame` are played unheard."""
    boundary = Boundary(
        frame=opening.frame,
        state=opening.state,
        master=opening.master,
        rung=opening.rung,
        lead=tuple(ahead.frames(opening.frame, frame)),
    )
    return Arrival(boundary, opening, director)
