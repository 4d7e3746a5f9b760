"""The grammar of clips: recordings, and what a state plays of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NamedTuple

from segue_rules import controls
from segue_rules.loading.bindings import Bindable
from segue_rules.loading.for_each import FOR_EACH
from segue_rules.loading.grammar_music import AUDIO
from segue_rules.loading.limits import MOST_CUES, MOST_STATE_CLIPS
from segue_rules.loading.rule_kinds import NAMED_CUE, KeySignature, MeterKind, control_kind
from segue_rules.loading.time_kinds import MOST_BEATS, Time, TimeOrBeats
from segue_rules.model import ENTERS, LONGEST_CLIP_S, Enter
from segue_yaml.containers import ListOf, MapOf
from segue_yaml.kinds import Kind, Name, Number, Schema, number, spelling
from segue_yaml.nodes import MapNode, Mark, Node, Scalar, as_number, describe
from segue_yaml.report import Scope, did_you_mean
from segue_yaml.tables import Field, Table

CLIP_NAME: Final = Name(what="clip")
CUE_NAME: Final = Name(what="cue")
_PART: Final = TimeOrBeats(time=Time(low=Fraction(1, 1_000), high=Fraction(LONGEST_CLIP_S)))
_LEVEL: Final = control_kind(controls.GAIN)


class WrittenCue(NamedTuple):
    """A cue as a file says it: its name, "" without one, and a bar or seconds."""

    name: str
    place: int | Fraction
    mark: Mark


@dataclass(frozen=True, kw_only=True)
class CuePlace(Kind[WrittenCue]):
    """Where a cue is: a bar by its number, or a time in seconds from the clip's beginning on."""

    @property
    def expected(self) -> str:
        return f"a bar from 1 to {MOST_BEATS}, or a time such as 12.5s"

    def read(self, node: Node, scope: Scope) -> WrittenCue | None:
        bar = as_number(node)
        if bar is None:
            if isinstance(node, Scalar) and isinstance(node.value, str) and re.match(r"[0-9.]+ ?[a-z]", node.value):
                time = _CUE_TIME.read(node, scope)
                return None if time is None else WrittenCue("", time, node.mark)
            scope.expected(self.expected, node, "")
            return None
        if not float(bar).is_integer() or not 1 <= bar <= MOST_BEATS:
            text = f"{number(bar)}s" if bar > 0 else "1"
            scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}; did you mean {text}?")
            return None
        return WrittenCue("", int(bar), node.mark)

    def schema(self) -> Schema:
        return {"anyOf": [_BAR.schema(), _CUE_TIME.schema()]}


@dataclass(frozen=True, kw_only=True)
class Cues(Kind[tuple[WrittenCue, ...]]):
    """Places in a recording: a list of them, or a map of their names."""

    @property
    def expected(self) -> str:
        return "a list of bars such as [1, 5, 9], or a map such as {verse: 1, chorus: 9, hit: 12.5s}"

    def read(self, node: Node, scope: Scope) -> tuple[WrittenCue, ...] | None:
        if isinstance(node, MapNode):
            named = _NAMED_CUES.read(node, scope) or ()
            return tuple(each.value._replace(name=each.name) for each in named if each.value is not None)
        return _CUES.read(node, scope)

    def schema(self) -> Schema:
        return {"anyOf": [_CUES.schema(), _NAMED_CUES.schema()]}


_BAR: Final = Number(low=1, high=MOST_BEATS, whole=True)
_CUE_TIME: Final = Time(high=Fraction(LONGEST_CLIP_S))
_CUES: Final = ListOf(of=CuePlace(), item="cue", least=1, most=MOST_CUES)
_NAMED_CUES: Final = MapOf(
    key=CUE_NAME, of=CuePlace(), least=1, most=MOST_CUES, labelled=False, sample="{verse: 1, chorus: 9}"
)


class Entry(NamedTuple):
    """Where a state's clips come in, with the name of a cue; "" for any."""

    enter: Enter
    cue: str = ""


@dataclass(frozen=True, kw_only=True)
class EntryKind(Kind[Entry]):
    """`start`, `same`, `cue` or `cue NAME`."""

    @property
    def expected(self) -> str:
        return "start, same, cue, or a cue by its name such as cue chorus"

    def read(self, node: Node, scope: Scope) -> Entry | None:
        text = node.value if isinstance(node, Scalar) and isinstance(node.value, str) else ""
        if text in ENTERS:
            return Entry(text)
        if named := re.fullmatch(NAMED_CUE, text):
            return Entry("cue", named[1])
        meant = did_you_mean(text.lower(), ENTERS) if text else ""
        scope.problem(node.mark, f"expected {self.expected}, got {describe(node)}{meant}")
        return None

    def schema(self) -> Schema:
        return {"anyOf": [{"enum": list(ENTERS)}, spelling(NAMED_CUE, self.expected)]}


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
    pre_entry = Field(
        _PART,
        "An upbeat, which lies before its beginning in the file. It plays before its state starts, where that is known "
        "so far ahead.",
        example="1 beat",
    )
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
        Cues(),
        "Places of the recording, by name or without: bars, the first being 1, or times from its beginning. "
        "`enter: cue` comes in at one of them, a row with `at: cue` leaves at the next.",
        example="{verse: 1, chorus: 9, hit: 12.5s}",
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
