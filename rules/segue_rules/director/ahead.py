"""What a frame knows of the change that comes next, so that the music can lead into it (SEMANTICS 15)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from segue_rules.director.layers import LayerDirector, Moment
from segue_rules.director.state import LayerNow, Vector

NONE: Final = -1


class Ahead(NamedTuple):
    """frames: until the nearest change that will be heard, 0 where it starts in this frame, NONE where there is none.

    states: of each layer, the state that it takes up in that change; NONE for the layers that stay as they are.
    """

    frames: int
    states: tuple[int, ...]


def ahead(
    layers: Sequence[LayerDirector],
    before: Sequence[LayerNow],
    now: Sequence[LayerNow],
    weights: Vector,
    moment: Moment,
) -> Ahead:
    """The nearest change after the decisions of a frame. before: the layers as that frame found them."""
    starts = [
        _start(layer, was, is_, moment) if weight > 0 else NONE
        for layer, was, is_, weight in zip(layers, before, now, weights, strict=True)
    ]
    frame = min((start for start in starts if start != NONE), default=NONE)
    if frame == NONE:
        return Ahead(NONE, (NONE,) * len(starts))
    states = tuple(
        [
            (is_.pending.state if is_.pending else is_.active) if start == frame else NONE
            for start, is_ in zip(starts, now, strict=True)
        ]
    )
    return Ahead(frame - moment.frame, states)


def _start(layer: LayerDirector, was: LayerNow, now: LayerNow, moment: Moment) -> int:
    """The frame in which the layer's change starts at the present tempo; NONE without one, or one that is not heard."""
    if now.pending is not None:
        return layer.predicted(now.pending, moment) if layer.differ(now.active, now.pending.state) else NONE
    if now.start == moment.frame and layer.differ(was.active, now.active):
        return moment.frame
    return NONE
