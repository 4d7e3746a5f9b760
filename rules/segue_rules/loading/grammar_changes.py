"""The grammar of what begins at a beat or a bar: transitions with their bridges, stingers and bursts."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from segue_rules import controls
from segue_rules.loading.for_each import FOR_EACH
from segue_rules.loading.grammar_music import AUDIO, MIX, STYLE_NAME, USED_THEME, WEIGHT, MusicTable
from segue_rules.loading.limits import MOST_BRIDGE_BARS, MOST_STYLES
from segue_rules.loading.rule_kinds import Boundary, StatePattern, control_kind
from segue_rules.loading.time_kinds import BEATS, FRAME, Time, TimeOrBeats
from segue_rules.model import CURVES
from segue_yaml.containers import MapOf
from segue_yaml.kinds import Choice, Name, Number
from segue_yaml.quantities import Quantity
from segue_yaml.tables import Field, Object, Table

_BOUNDARY: Final = Boundary()
_BOUNDARY_DOC: Final = (
    "When it may start: immediate, eighth, beat, group (of the meter; else a beat), bar, N bars, or bar K of N, a bar "
    "of a form of N bars."
)
_FADE: Final = Time(high=Fraction(60))
_OTHER_CURVES: Final = {
    **dict.fromkeys(("ease", "ease_in", "ease_out", "ease_in_out", "s_curve", "scurve", "sine"), "smooth"),
    **dict.fromkeys(("log", "logarithmic", "exponential", "constant_power", "sqrt"), "equal_power"),
}


class BridgeTable(Table):
    """What plays between the state left and the state entered."""

    title = "bridge"
    example = "{bars: 2, mix: {charge: 1}}"
    bars = Field(
        Number(low=1, high=MOST_BRIDGE_BARS, whole=True),
        "Its length in bars, from the first bar line on.",
        example="2",
        required=True,
    )
    mix = Field(MIX, "What it adds; the mix of the state entered if left out.", example="{charge: 1}")
    music = Field(
        Object(table=MusicTable),
        "Controls while it plays; those that it does not name are those of the state entered.",
        example='{drums: "on"}',
    )
    theme = Field(
        USED_THEME, "The theme that the tune quotes meanwhile; that of the state entered if left out.", example="hero"
    )


class TransitionTable(Table):
    """How a layer goes from one state to another. Of the rows that fit, the most specific decides."""

    title = "transition"
    example = "{from: any, to: combat, at: bar, ramp: 3s}"
    from_ = Field(
        StatePattern(),
        "State left: any, a state or a group (of every layer that has it), layer.state or layer.any.",
        default="any",
        example="action.combat",
    )
    to = Field(
        StatePattern(),
        "State entered: any, a state or a group (of every layer that has it), layer.state or layer.any.",
        default="any",
        example="combat",
    )
    at = Field(
        Boundary(cues=True),
        f"{_BOUNDARY_DOC[:-1]}; or cue, the next cue of the clip that plays, or cue NAME. Where no clip has one ahead, "
        "the next bar.",
        default="beat",
        example="4 bars",
    )
    max_wait = Field(
        TimeOrBeats(time=Time(low=FRAME)), "Start after this time even if the beat or bar has not come.", example="4s"
    )
    ramp = Field(BEATS, "Time from the old mix and controls to the new.", default="2s", example="400ms")
    fade_out = Field(BEATS, "Time in which the old mix goes; as ramp if left out.", example="4s")
    fade_in = Field(BEATS, "Time in which the new mix comes; as ramp if left out.", example="400ms")
    curve = Field(
        Choice(words=CURVES, also=_OTHER_CURVES),
        "Shape of the way: straight, eased at both ends, or quick at first.",
        default="smooth",
        example="equal_power",
    )
    bridge = Field(
        Object(table=BridgeTable),
        "What plays first, before the state that is entered; both begin with the ramp.",
        example="{bars: 2, mix: {charge: 1}}",
    )
    chance = Field(
        Number(low=0, high=1),
        "How often a change that it fits takes it; else it takes the next row that fits. Several rows may have the "
        "same `from` and `to` if all but the last have a chance.",
        default="1",
        example="0.3",
    )
    for_each = FOR_EACH


class DuckTable(Table):
    """How the music is lowered under a stinger."""

    title = "duck"
    example = "{depth: -8dB}"
    depth = Field(
        Quantity(unit=controls.GAIN.unit, what="a level", low=controls.SILENCE_DB, high=0, example="-8dB"),
        "Level of the music while the stinger sounds.",
        example="-8dB",
        required=True,
    )
    fade_out = Field(_FADE, "Time in which the music is lowered.", default="50ms", example="50ms")
    recovery = Field(
        _FADE, "How long the music stays lowered after the end of the stinger.", default="0s", example="1s"
    )
    fade_in = Field(_FADE, "Time in which the music returns to its level.", default="400ms", example="400ms")


class AudioStingerTable(Table):
    """A sound file laid over the music when a trigger is fired."""

    title = "audio_stinger"
    example = "{trigger: boss_dead, audio: stings/victory.wav}"
    trigger = Field(Name(what="trigger"), "The trigger input that starts it.", example="boss_dead", required=True)
    audio = Field(AUDIO, "The sound file, relative to this file.", example="stings/victory.wav", required=True)
    at = Field(_BOUNDARY, _BOUNDARY_DOC, default="immediate", example="beat")
    gain = Field(control_kind(controls.GAIN), "Level of the stinger.", default="0dB", example="-3dB")
    cooldown = Field(BEATS, "How long further triggers are dropped after a start.", default="0s", example="10s")
    if_late = Field(
        Choice(words=("drop", "play")),
        "What to do when the stinger cannot be delivered in time for its start.",
        default="drop",
        example="play",
    )
    duck = Field(
        Object(table=DuckTable), "How the music is lowered meanwhile; not at all if left out.", example="{depth: -8dB}"
    )
    for_each = FOR_EACH


class BurstTable(Table):
    """A burst of styles added to the mix when a trigger is fired."""

    title = "burst"
    example = "{trigger: boss_dead, mix: {fanfare: 2}, time: 4s}"
    trigger = Field(Name(what="trigger"), "The trigger input that starts it.", example="boss_dead", required=True)
    mix = Field(
        MapOf(key=STYLE_NAME, of=WEIGHT, least=1, most=MOST_STYLES, labelled=False, sample="{battle: 1}"),
        "What the burst adds: weights of styles, not normalised.",
        example="{fanfare: 2}",
        required=True,
    )
    time = Field(
        TimeOrBeats(time=Time(low=FRAME)), "How long it lasts, both ramps included.", example="4s", required=True
    )
    ramp = Field(
        TimeOrBeats(time=_FADE), "Time in which it comes, and in which it goes.", default="200ms", example="200ms"
    )
    at = Field(_BOUNDARY, _BOUNDARY_DOC, default="immediate", example="beat")
    cooldown = Field(BEATS, "How long further triggers are dropped after a start.", default="0s", example="10s")
    theme = Field(USED_THEME, "The theme that the tune quotes while it lasts.", example="hero")
    for_each = FOR_EACH
