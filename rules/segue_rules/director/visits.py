"""Visits: how often the music has been led by a state before, so that it need not come back the same (SEMANTICS 16)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from segue_rules.director.state import LayerNow, Led, Vector, Visited
from segue_rules.model import Rules
from segue_rules.plan import Visit

NO_LAYER: Final = -1
NOT_LED: Final = Led(NO_LAYER, -1, 0)


class VisitDirector:
    """The visits of the states of a rule file."""

    def __init__(self, rules: Rules) -> None:
        self._states = tuple(layer.states for layer in rules.layers)
        self._shares = tuple(tuple(sum(state.mix.values()) for state in layer.states) for layer in rules.layers)

    def step(
        self, led: Led, visits: tuple[Visited, ...], layers: Sequence[LayerNow], weights: Vector, bar: int
    ) -> tuple[Led, tuple[Visited, ...]]:
        """Return what leads after the changes of a frame, and the visits of all states.

        Args:
            led: What led in the frame before.
            visits: The visits before.
            bar: The index of the bar that the frame starts in.
        """
        layer = self._leading(layers, weights)
        if layer == NO_LAYER or (layer, layers[layer].active) == led[:2]:
            return led, visits
        state = layers[layer].active
        known = {(visited.layer, visited.state): visited for visited in visits}
        left = known.get(led[:2])
        if left is not None:
            known[led[:2]] = left._replace(bars=left.bars + bar - led.bar)
        before = known.get((layer, state), Visited(layer, state, 0, 0))
        known[layer, state] = before._replace(begun=before.begun + 1)
        return Led(layer, state, bar), tuple(known[place] for place in sorted(known))

    def _leading(self, layers: Sequence[LayerNow], weights: Vector) -> int:
        """Return the layer whose active state adds most to the mix, the last of equals; NO_LAYER if none adds any."""
        best, most = NO_LAYER, 0.0
        for i, shares in enumerate(self._shares):
            share = weights[i] * shares[layers[i].active]
            if share > 0 and share >= most:
                best, most = i, share
        return best

    def visit(self, led: Led, visits: tuple[Visited, ...]) -> Visit:
        """Return the visit as a plan says it."""
        if led.layer == NO_LAYER:
            return Visit(0, 0)
        mode = self._states[led.layer][led.state].on_return
        visited = next(each for each in visits if (each.layer, each.state) == led[:2])
        return Visit(
            number=visited.begun - 1 if mode == "vary" else 0,
            bar=led.bar - visited.bars if mode == "resume" else led.bar,
        )
