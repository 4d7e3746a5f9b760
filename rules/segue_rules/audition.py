"""Rules with a switch for each layer that mutes it, for listening to layers one by one.

Each layer gets an input and a layer beside it, whose names no rule file can have; its state mutes by the mix model of
the language (SEMANTICS 10), with a ramp. While no switch is on, the rules decide what they decide without.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from segue_rules.loading.limits import MOST_INPUTS, MOST_LAYERS
from segue_rules.model import FRAME_RATE, At, Compare, FlagInput, Layer, LayerState, Rules, Transition

MUTE: Final = "mute:"
"""How the names of the added inputs and layers begin; the name of the layer follows."""
_HEARD: Final = "heard"
_MUTED: Final = "muted"
_RAMP_FRAMES: Final = FRAME_RATE // 5


def with_mutes(rules: Rules) -> Rules:
    """Return the rules with a switch for each layer, as far as the limits of inputs and layers allow."""
    most = min(MOST_INPUTS - len(rules.inputs), MOST_LAYERS - len(rules.layers))
    added = rules.layers[: max(0, most)]
    rows = [
        Transition(layer=f"{MUTE}{layer.name}", to_state=state, at=At(unit="immediate"), ramp_frames=_RAMP_FRAMES)
        for layer in added
        for state in (_HEARD, _MUTED)
    ]
    return replace(
        rules,
        inputs=(*rules.inputs, *(FlagInput(name=f"{MUTE}{layer.name}") for layer in added)),
        layers=(*rules.layers, *(_switch(layer) for layer in added)),
        transitions=(*rules.transitions, *rows),
    )


def _switch(layer: Layer) -> Layer:
    name = f"{MUTE}{layer.name}"
    on = Compare(input=name, op="==", value=True)
    states = (LayerState(name=_HEARD, default=True), LayerState(name=_MUTED, when=on, mute=(layer.name,)))
    return Layer(name=name, states=states)


def muted_layers(layers: Iterable[str], muted: Iterable[str], solo: Iterable[str]) -> Mapping[str, bool]:
    """Return the inputs of all switches.

    Args:
        layers: The layers that have one.
        muted: Those that are to be muted.
        solo: Those that are to be heard alone; if there is one, all others are muted.
    """
    silent, alone = set(muted), set(solo)
    return {f"{MUTE}{name}": name in silent or bool(alone and name not in alone) for name in layers}
