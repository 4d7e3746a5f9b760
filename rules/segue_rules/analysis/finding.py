"""One warning about a soundtrack, and the codes of all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue_rules.model import FRAME_RATE, Layer, LayerState
from segue_rules.times import duration_text
from segue_yaml.nodes import Mark

CODES: Final = {
    "unreachable_state": "a state whose condition can never hold",
    "shadowed_state": "a state that another one of the layer always beats",
    "trigger_too_short": "a state whose trigger condition ends before the state can start",
    "flapping_threshold": "a state switched by a bare threshold on a number, with nothing to calm it",
    "flapping_loop": "layers that keep switching each other while the inputs stand still",
    "ramp_too_short": "a transition faster than the music model's blend can be heard to move",
    "state_too_brief": "a state that ends before the music model has followed it",
    "unused_input": "an input no condition, curve or stinger listens to",
    "unused_style": "a style no state or stinger plays",
    "unused_transition": "a transition row that no change takes",
    "silent_layer": "a layer whose weight is always 0",
    "empty_mix": "a combination of states that adds up to nothing",
    "duck_overlap": "a stinger that may come again while the music still recovers from its duck",
}


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """One warning.

    where: The object ('layer "action", state "combat"'). code: One of CODES. text: What is doubtful, why, and what to
    do.
    """

    mark: Mark
    where: str
    code: str
    text: str

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"expected one of {', '.join(CODES)}; got {self.code!r}")


def state_finding(layer: Layer, state: LayerState, code: str, text: str) -> Finding:
    """A finding about a state."""
    return Finding(mark=state.mark, where=f'layer "{layer.name}", state "{state.name}"', code=code, text=text)


def frames_text(frames: float) -> str:
    """Frames as a duration in a sentence: "0.4 s"."""
    return duration_text(frames / FRAME_RATE, in_prose=True)
