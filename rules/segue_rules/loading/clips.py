"""Builds clips, and what states play of them, from what the files say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Final

from segue_rules.controls import AUTO, TONICS
from segue_rules.loading.bindings import WrittenBinding
from segue_rules.loading.grammar_clips import ClipTable
from segue_rules.loading.inputs import DeclaredInputs, find_audio
from segue_rules.loading.music import resolve
from segue_rules.loading.sources import Sources
from segue_rules.loading.time_kinds import samples
from segue_rules.meters import beats_of
from segue_rules.model import (
    LONGEST_CLIP_S,
    SAMPLE_RATE,
    TICKS_PER_BEAT,
    Clip,
    ClipUse,
    Cue,
    Key,
    LayerState,
    MusicalTime,
)
from segue_rules.model.timing import FRAME_SIZE
from segue_yaml.containers import Item
from segue_yaml.report import Scope
from segue_yaml.tables import Field, Record

_NO_LOOP: Final = "needs a loop: the clip plays once, from its beginning to the end of its file"


def build_clips(sources: Sources) -> dict[str, Clip]:
    """All clips that could be read, in merged order."""
    built = ((name, _clip(item, sources)) for name, item in sources.clips.items())
    return {name: clip for name, clip in built if clip is not None}


def _clip(item: Item[Record], sources: Sources) -> Clip | None:
    record = item.value
    word = record.get(ClipTable.audio) if record is not None else None
    path = find_audio(word, ClipTable.audio, record, sources) if word and record is not None else None
    if record is None or path is None:
        return None
    tempo, key = record.get(ClipTable.tempo), record.get(ClipTable.key)
    clip = Clip(
        name=item.name,
        audio=path,
        tempo_mbpm=None if tempo is None else round(tempo * 1000),
        meter=record.get(ClipTable.meter) or (None if tempo is None else 4),
        key=key if isinstance(key, Key) else None,
        gain_db=float(record.value(ClipTable.gain)),
        crossfade_samples=samples(record.value(ClipTable.crossfade)),
        mark=item.mark,
    )
    if key == AUTO:
        record.problem(ClipTable.key, f"expected the key of the recording such as {TONICS[2]} minor, got auto")
    loop = _length(ClipTable.loop, record, clip)
    clip = replace(
        clip,
        pre_entry=_length(ClipTable.pre_entry, record, clip) or Fraction(0),
        intro=_length(ClipTable.intro, record, clip) or Fraction(0),
        loop=loop,
        outro=_length(ClipTable.outro, record, clip),
    )
    clip = replace(clip, cues=_cues(record, clip))
    _check(record, clip)
    return clip


def _length(part: Field[Fraction | MusicalTime], record: Record, clip: Clip) -> Fraction | None:
    """A part of a clip in samples; None without one, or once it is reported that its bars have no tempo."""
    written = record.get(part)
    if written is None or isinstance(written, Fraction):
        return None if written is None else written * SAMPLE_RATE
    if clip.tempo_mbpm is None:
        if not record.has(ClipTable.tempo):
            record.problem(part, f"expected a time, as a clip without a tempo has no {written.unit}s, got {written}")
        return None
    beats = written.count * (beats_of(clip.meter or 4) if written.unit == "bar" else 1)
    return beats * Fraction(TICKS_PER_BEAT * FRAME_SIZE, clip.tempo_mbpm)


def _cues(record: Record, clip: Clip) -> tuple[Cue, ...]:
    """The cues by place. Bars without a tempo, and places behind the loop, are reported."""
    written = record.get(ClipTable.cues) or ()
    if clip.tempo_mbpm is None and any(isinstance(each.place, int) for each in written):
        if not record.has(ClipTable.tempo):
            record.problem(ClipTable.cues, "expected a tempo, by which the bars of the cues are counted, got none")
        return ()
    bar = Fraction(clip.bar_ticks * FRAME_SIZE, clip.tempo_mbpm or 1)
    cues = []
    for name, place, mark in written:
        at = (place - 1) * bar if isinstance(place, int) else place * SAMPLE_RATE
        if clip.loop is not None and at >= clip.intro + clip.loop:
            text = f"expected places within intro and loop, which last {_seconds(clip.intro + clip.loop)}, got"
            bars = f"bar {place} at " if isinstance(place, int) else ""
            record.scope.inside(ClipTable.cues.name).problem(mark, f"{text} {bars}{_seconds(at)}")
        cues.append(Cue(name, at))
    return tuple(sorted(cues, key=lambda cue: cue.place))


def _check(record: Record, clip: Clip) -> None:
    """Report parts that do not fit each other."""
    if clip.loop is None:
        unread = record.has(ClipTable.loop)
        for part in (ClipTable.intro, ClipTable.outro, ClipTable.crossfade):
            if record.has(part) and not unread:
                record.problem(part, _NO_LOOP)
        return
    if clip.parts > LONGEST_CLIP_S * SAMPLE_RATE:
        text = f"expected parts of at most {LONGEST_CLIP_S} s in all, got {_seconds(clip.parts)}"
        record.problem(ClipTable.loop, text)
    if clip.loop < 1:
        record.problem(ClipTable.loop, f"expected a loop of at least one sample, got {_seconds(clip.loop)}")
    elif 2 * clip.crossfade_samples > clip.loop:
        text = f"expected at most half of the loop, {_seconds(clip.loop / 2)}, got"
        record.problem(ClipTable.crossfade, f"{text} {_seconds(Fraction(clip.crossfade_samples))}")


def _seconds(count: Fraction) -> str:
    return f"{float(count / SAMPLE_RATE):.3f}".rstrip("0").rstrip(".") + " s"


def build_uses(
    items: Iterable[Item[float | WrittenBinding]] | None,
    clips: Mapping[str, Item[Record]],
    inputs: DeclaredInputs,
    scope: Scope,
) -> tuple[ClipUse, ...]:
    """What a state plays of the clips. Unknown clips are reported."""
    uses = []
    for item in items or ():
        if item.name not in clips:
            scope.unknown(item.mark, "clip", item.name, clips)
        elif item.value is not None:
            gain = resolve(item.value, inputs)
            if gain is not None:
                uses.append(ClipUse(clip=item.name, gain_db=gain))
    return tuple(uses)


def with_leader(state: LayerState, clips: Mapping[str, Clip]) -> LayerState:
    """The state with tempo, meter and key of the clip that leads it, where its music says nothing else.

    That is the first of its clips that has a tempo.
    """
    named = [clips[use.clip] for use in state.clips if use.clip in clips]
    leader = next((clip for clip in named if clip.tempo_mbpm is not None), None)
    if leader is None or leader.tempo_mbpm is None:
        return state
    music = state.music
    follows = music.tempo_bpm is None or music.tempo_bpm == AUTO
    tempo = leader.tempo_mbpm / 1000
    return replace(
        state,
        clip_leads=follows or music.tempo_bpm == tempo,
        music=replace(
            music,
            tempo_bpm=tempo if follows else music.tempo_bpm,
            meter=leader.meter if music.meter is None or music.meter == AUTO else music.meter,
            key=leader.key if (music.key is None or music.key == AUTO) and leader.key is not None else music.key,
        ),
    )
