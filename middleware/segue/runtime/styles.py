"""Loads the styles of a rule file as embeddings and profiles, and its stingers as sound; errors name their place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.audio.files import MOST_PROMPT_S, MOST_STINGER_S, AudioFileError, read_audio
from segue.contract import MODES, Samples, StyleBank, StyleBanks, StyleEncoder, ThemeNote, ThemeNotes
from segue.style.reader import StyleReader, StyleReading
from segue.style_profile import blend
from segue_rules.errors import RuleError
from segue_rules.meters import Meter, beats_of, read_groups
from segue_rules.model import AudioStinger, Prompt, Rules, Theme
from segue_rules.tempos import StyleTempo, with_tempos
from segue_yaml.report import Problem

# Prompts that cancel each other out have no direction.
_LEAST_LENGTH: Final = 1e-6


class StyledRules(NamedTuple):
    """Rules with what their prompts were read as.

    Attributes:
        rules: With the tempo and the meter of each style.
        styles: A bank for each encoder, in the order of `rules.styles`.
        warnings: Finished messages about words that are not known and prompts that count in part only.
    """

    rules: Rules
    styles: StyleBanks
    warnings: tuple[str, ...]


def read_styles(rules: Rules, encoders: Sequence[StyleEncoder]) -> StyledRules:
    """Read the prompts of every style.

    The embedding of a blend is the weighted mean of its prompts', scaled to length 1; its profile lies between theirs.

    Args:
        rules: The rules.
        encoders: At least one; each embeds texts, and sound if it can.

    Raises:
        RuleError: Some prompts cannot be read; it names all of them.
    """
    problems: list[Problem] = []
    warnings: list[str] = []
    rows: list[list[NDArray[np.float32]]] = []
    profiles = []
    meters: list[Meter] = []
    reader = StyleReader(encoders)
    for style in rules.styles:
        row = [np.zeros(encoder.dimension, np.float32) for encoder in encoders]
        read = []
        for prompt in style.prompts:
            try:
                reading = _read(prompt, reader)
            except (ValueError, AudioFileError, NotImplementedError) as error:
                problems.append(Problem(mark=prompt.mark, where=f'style "{style.name}"', text=str(error)))
            else:
                row = [
                    sums + prompt.weight * embedding for sums, embedding in zip(row, reading.embeddings, strict=True)
                ]
                read.append((reading, prompt.weight))
                warnings += [f'{prompt.mark}: style "{style.name}": {text}' for text in reading.warnings]
        rows.append([sums / max(float(np.linalg.norm(sums)), _LEAST_LENGTH) for sums in row])
        if len(read) == len(style.prompts):
            profiles.append(blend([reading.profile for reading, _ in read], [weight for _, weight in read]))
            meters.append(style_meter(profiles[-1].meter, read))
    if problems:
        raise RuleError(problems)
    banks = tuple(
        StyleBank(
            names=tuple(style.name for style in rules.styles),
            embeddings=np.array([row[place] for row in rows], np.float32).reshape(len(rows), encoder.dimension),
            captions=tuple(" + ".join(prompt.text or "" for prompt in style.prompts) for style in rules.styles),
            profiles=tuple(profiles),
            themes=tuple(map(_notes_of, rules.themes)),
            encoder=encoder.name,
        )
        for place, encoder in enumerate(encoders)
    )
    tempos = {
        style.name: StyleTempo(profile.tempo_bpm, meter)
        for style, profile, meter in zip(rules.styles, profiles, meters, strict=True)
    }
    return StyledRules(with_tempos(rules, tempos), StyleBanks(banks), tuple(warnings))


def style_meter(beats: int, read: Sequence[tuple[StyleReading, float]]) -> Meter:
    """Return a style's meter, with the groups of the time signature that its heaviest prompt of this meter says.

    Args:
        beats: A bar of the style has so many.
        read: What its prompts were read as, with their weights; at least one of them has this meter.
    """
    fitting = [(reading, weight) for reading, weight in read if reading.profile.meter == beats]
    reading, _ = max(fitting, key=lambda each: each[1])
    meter = read_groups(reading.signature)
    return beats if meter is None or beats_of(meter) != beats else meter


def _notes_of(theme: Theme) -> ThemeNotes:
    notes = tuple(ThemeNote(float(note.start), float(note.beats), note.pitch, note.velocity) for note in theme.notes)
    if theme.key is None:
        return ThemeNotes(name=theme.name, notes=notes)
    return ThemeNotes(name=theme.name, notes=notes, tonic=theme.key.tonic, mode=MODES.index(theme.key.mode))


def load_stingers(rules: Rules) -> dict[str, Samples]:
    """Return the sound of every audio stinger by its name, float32 [S, 2] at 48 kHz.

    Stingers of one file share its sound.

    Raises:
        RuleError: Some files cannot be used; it names all of them.
    """
    problems: list[Problem] = []
    files: dict[Path, Samples] = {}
    sounds = {}
    for stinger in rules.stingers:
        if isinstance(stinger, AudioStinger):
            try:
                if stinger.audio not in files:
                    files[stinger.audio] = read_audio(stinger.audio, max_seconds=MOST_STINGER_S)
                sounds[stinger.name] = files[stinger.audio]
            except AudioFileError as error:
                problems.append(Problem(mark=stinger.mark, where=f'stinger "{stinger.name}"', text=str(error)))
    if problems:
        raise RuleError(problems)
    return sounds


def _read(prompt: Prompt, reader: StyleReader) -> StyleReading:
    if prompt.audio is not None:
        samples = read_audio(prompt.audio, max_seconds=MOST_PROMPT_S, excerpt=True)
        try:
            return reader.read_audio(samples)
        except (ValueError, NotImplementedError) as error:
            raise ValueError(f"{prompt.audio}: {error}") from error
    return reader.read_text(prompt.text or "")
