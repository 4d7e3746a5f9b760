"""Builds stingers, which are sound files and bursts of style, from what the files say."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Literal, cast

from segue_rules.loading.grammar_changes import AudioStingerTable, BurstTable, DuckTable
from segue_rules.loading.inputs import DeclaredInputs, find_audio
from segue_rules.loading.music import build_mix
from segue_rules.loading.sources import Sources
from segue_rules.loading.themes import theme_use
from segue_rules.loading.time_kinds import duration, frames, samples
from segue_rules.model import AudioStinger, Burst, Duck, MusicalTime, Stinger
from segue_yaml.containers import Item
from segue_yaml.kinds import Word
from segue_yaml.quantities import time_text
from segue_yaml.tables import Field, Record


def build_stingers(sources: Sources, inputs: DeclaredInputs) -> tuple[Stinger, ...]:
    """All stingers that could be read, in merged order."""
    built = (_stinger(item, sources, inputs) for item in sources.stingers.values())
    return tuple(stinger for stinger in built if stinger is not None)


def _stinger(item: Item[Record], sources: Sources, inputs: DeclaredInputs) -> Stinger | None:
    record = item.value
    if record is None:
        return None
    if record.table is BurstTable:
        return _burst(item, record, sources, inputs)
    return _audio(item, record, sources, inputs)


def _trigger(record: Record, field: Field[Word], inputs: DeclaredInputs) -> str | None:
    word = record.get(field)
    found = inputs.trigger(word, record.scope.inside(field.name)) if word else None
    return found.name if found else None


def _audio(item: Item[Record], record: Record, sources: Sources, inputs: DeclaredInputs) -> AudioStinger | None:
    trigger = _trigger(record, AudioStingerTable.trigger, inputs)
    word = record.get(AudioStingerTable.audio)
    path = find_audio(word, AudioStingerTable.audio, record, sources) if word else None
    if trigger is None or path is None:
        return None
    return AudioStinger(
        name=item.name,
        trigger=trigger,
        audio=path,
        at=record.value(AudioStingerTable.at),
        gain_db=record.value(AudioStingerTable.gain),
        cooldown_frames=duration(record.value(AudioStingerTable.cooldown)),
        if_late=cast(Literal["drop", "play"], record.value(AudioStingerTable.if_late)),
        duck=_duck(record.get(AudioStingerTable.duck)),
        mark=item.mark,
    )


def _duck(record: Record | None) -> Duck | None:
    depth = record.get(DuckTable.depth) if record else None
    if record is None or depth is None:
        return None
    return Duck(
        depth_db=depth,
        fade_out_samples=samples(record.value(DuckTable.fade_out)),
        recovery_samples=samples(record.value(DuckTable.recovery)),
        fade_in_samples=samples(record.value(DuckTable.fade_in)),
    )


def _burst(item: Item[Record], record: Record, sources: Sources, inputs: DeclaredInputs) -> Burst | None:
    trigger = _trigger(record, BurstTable.trigger, inputs)
    mix = build_mix(record.get(BurstTable.mix), sources.styles, record.scope.inside("mix"))
    time, ramp = record.get(BurstTable.time), record.value(BurstTable.ramp)
    if time is not None and (least := _least_time(time, ramp)):
        record.problem(BurstTable.time, f"expected at least {least}, both ramps of {_text(ramp)}, got {_text(time)}")
    if trigger is None or time is None or not mix:
        return None
    return Burst(
        name=item.name,
        trigger=trigger,
        mix=mix,
        time_frames=duration(time),
        ramp_frames=duration(ramp),
        at=record.value(BurstTable.at),
        cooldown_frames=duration(record.value(BurstTable.cooldown)),
        theme=theme_use(record.get(BurstTable.theme), sources.themes, record.scope.inside("theme")),
        mark=item.mark,
    )


def _least_time(time: Fraction | MusicalTime, ramp: Fraction | MusicalTime) -> str:
    """The time that both ramps of a burst need, where it is known to have less; "" else."""
    if isinstance(time, MusicalTime) and isinstance(ramp, MusicalTime):
        twice = replace(ramp, count=2 * ramp.count)
        return _text(twice) if time.unit == ramp.unit and time.count < twice.count else ""
    if isinstance(time, Fraction) and isinstance(ramp, Fraction):
        return time_text(2 * ramp) if frames(time) < 2 * frames(ramp) else ""
    # Which of them is longer depends on the tempo.
    return ""


def _text(time: Fraction | MusicalTime) -> str:
    return str(time) if isinstance(time, MusicalTime) else time_text(time)
