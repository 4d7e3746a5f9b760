"""The grammar of clips: recordings, and what a state plays of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

from segue_rules import controls
from segue_rules.loading.bindings import Bindable
from segue_rules.loading.for_each import FOR_EACH
from segue_rules.loading.grammar_music import AUDIO
from segue_rules.loading.limits import MOST_CUES, MOST_STATE_CLIPS
from segue_rules.loading.rule_kinds import KeySignature, MeterKind, control_kind
from segue_rules.loading.time_kinds import MOST_BEATS, Time, TimeOrBeats
from segue_yaml.containers import ListOf, MapOf
from segue_yaml.kinds import Name, Number
from segue_yaml.tables import Field, Table

CLIP_NAME: Final = Name(what="clip")
LONGEST_CLIP_S: Final = 600
"""What a clip's intro, loop and outro may last together."""
_PART: Final = TimeOrBeats(time=Time(low=Fraction(1, 1_000), high=Fraction(LONGEST_CLIP_S)))
_LEVEL: Final = control_kind(controls.GAIN)


class ClipTable(Table):
    """A recording that states play on the musical clock."""

    title = "clip"
    example = "{audio: clips/siege.ogg, tempo: 140bpm, key: D minor, loop: 16 bars}"
    audio = Field(AUDIO, "The recording, relative to this file.", example="clips/siege.ogg", required=True)
    tempo = Field(
        control_kind(controls.TEMPO),
        "Its tempo, which the music follows while it leads. Without one it has no beats: it starts wherever its state "
        "does.",
        example="140bpm",
    )
    meter = Field(
        MeterKind(),
        "The beats of its bars, which the music follows while it leads; 4 for a clip with a tempo that names none.",
        example="3",
    )
    key = Field(KeySignature(), "Its key, which the music follows while it leads.", example="D minor")
    gain = Field(_LEVEL, "Its level, wherever it plays.", default="0dB", example="-3dB")
    intro = Field(_PART, "What plays once, before the loop.", example="2 bars")
    loop = Field(
        _PART, "What then repeats, to the sample. Without it the clip plays once, then is silent.", example="16 bars"
    )
    outro = Field(
        _PART,
        "What lies behind the loop in the file and plays when the state ends. Without it the clip fades out.",
        example="1 bar",
    )
    crossfade = Field(
        Time(high=Fraction(2)),
        "Over how long the end of each pass of the loop goes over into the next: the file goes on behind the loop, or "
        "else the intro leads into it.",
        default="0s",
        example="20ms",
    )
    cues = Field(
        ListOf(of=Number(low=1, high=MOST_BEATS, whole=True), item="cue", least=1, most=MOST_CUES),
        "Bars of the recording, the first being 1, at which `enter: cue` may come in.",
        example="[1, 5, 9]",
    )
    for_each = FOR_EACH


CLIPS: Final = MapOf(
    key=CLIP_NAME,
    of=Bindable(of=_LEVEL, low=controls.GAIN.low, high=controls.GAIN.high),
    most=MOST_STATE_CLIPS,
    labelled=False,
    sample="{siege: 0dB}",
)
"""The clips of a state, each with its level."""
