"""One warning about a soundtrack, and the codes of all kinds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue_rules.controls import METER, TEMPO
from segue_rules.model import FRAME_RATE, Layer, LayerState, Length, lasting
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
    "unplayed_piece": "a piece of a sequence after one that does not end",
    "endless_piece": "a piece that is drawn and does not end, so that no other piece plays after it",
    "piece_off_grid": "a piece whose bars are no multiple of those at which the next piece may start",
    "default_between": "states that take turns, with the default state between them for the attack of the second",
    "piece_too_short": "a piece of a playlist that is shorter than the ramp into it",
    "bridge_too_short": "a bridge that is shorter than the ramp into it",
    "unused_input": "an input no condition, curve or stinger listens to",
    "unused_style": "a style no state or stinger plays",
    "unused_theme": "a theme no state, layer or stinger plays",
    "unused_clip": "a clip no state plays",
    "unused_transition": "a transition row that no change takes",
    "unused_group": "a group of states that no row and no condition names",
    "unused_on_return": "a state without a mix that says how its music comes back",
    "silent_layer": "a layer whose weight is always 0",
    "partial_control": "controls of a layer whose weight never reaches 1, so that they count only in part",
    "gain_adds_nothing": "a state that names a gain of 0 dB, which adds nothing to the gains of other layers",
    "silence_multiplied": "a gain whose silence is multiplied, and is no silence any more where the factor is small",
    "crossed_filters": "a state whose high-pass lies above its low-pass, so that little is left of the music",
    "uneven_loop": "a loop of a clip that is no whole number of its bars",
    "clashing_tempo": "clips of a state, or its music, of different tempos",
    "clashing_key": "clips of a state, or its music, in different keys",
    "missing_cues": "a state that enters its clips at a cue, or a row that leaves at one, and clips without it",
    "same_after_the_end": "a clip that plays once, entered where another clip may be behind its end",
    "mutual_mute": "two states that mute each other, so that neither is heard while both are on",
    "muted_gain": "a solo that also mutes a layer whose gain lowers or silences the music",
    "empty_mix": "a combination of states that adds up to nothing",
    "duck_overlap": "a stinger that may come again while the music still recovers from its duck",
}


@dataclass(frozen=True, kw_only=True, order=True)
class Finding:
    """One warning.

    Attributes:
        where: The object ('layer "action", state "combat"').
        code: One of CODES.
        text: What is doubtful, why, and what to do.
    """

    mark: Mark
    where: str
    code: str
    text: str

    def __post_init__(self) -> None:
        if self.code not in CODES:
            raise ValueError(f"expected one of {', '.join(CODES)}; got {self.code!r}")


def nominal(duration: Length) -> int:
    """The frames of a duration; of beats and bars at 100 bpm in a meter of 4."""
    return lasting(duration, round(TEMPO.default * 1000), int(METER.default))


def state_finding(layer: Layer, state: LayerState, code: str, text: str) -> Finding:
    """A finding about a state, or about one piece of its playlist."""
    return Finding(mark=state.mark, where=f'layer "{layer.name}", state "{state.name}"', code=code, text=text)


def written_finding(layer: Layer, state: LayerState, code: str, text: str) -> Finding:
    """A finding about a state as the file writes it: the same one for all pieces of its playlist and its bridges."""
    mark = state.mark if state.piece is None else state.piece.state_mark
    return Finding(mark=mark, where=f'layer "{layer.name}", state "{state.written}"', code=code, text=text)


def frames_text(frames: float) -> str:
    """Frames as a duration in a sentence: "0.4 s"."""
    return duration_text(frames / FRAME_RATE, in_prose=True)
