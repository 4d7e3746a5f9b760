"""Loads the styles of a rule file as embeddings and profiles, and its stingers as sound; errors name their place."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from segue.audio.files import AudioFileError, read_audio
from segue.contract import Samples, StyleBank, StyleEncoder
from segue.style.reader import StyleReader, StyleReading
from segue.style_profile import blend
from segue_rules.errors import RuleError
from segue_rules.model import AudioStinger, Prompt, Rules
from segue_rules.tempos import StyleTempo, with_tempos
from segue_yaml.report import Problem

# Longest audio prompt and stinger, in seconds.
MOST_PROMPT_S = 60.0
MOST_STINGER_S = 60.0


class StyledRules(NamedTuple):
    """Rules with what their prompts were read as.

    Attributes:
        rules: With the tempo and the meter of each style.
        styles: The bank, in the order of `rules.styles`.
        warnings: Finished messages about words that are not known and prompts that count in part only.
    """

    rules: Rules
    styles: StyleBank
    warnings: tuple[str, ...]


def read_styles(rules: Rules, encoder: StyleEncoder) -> StyledRules:
    """Read the prompts of every style.

    The embedding of a blend is the weighted mean of its prompts', scaled to length 1; its profile lies between theirs.

    Args:
        rules: The rules.
        encoder: Embeds texts, and sound if it can.

    Raises:
        RuleError: Some prompts cannot be read; it names all of them.
    """
    problems: list[Problem] = []
    warnings: list[str] = []
    rows, profiles = [], []
    reader = StyleReader(encoder)
    for style in rules.styles:
        row = np.zeros(encoder.dimension, np.float32)
        read = []
        for prompt in style.prompts:
            try:
                reading = _read(prompt, reader)
            except (ValueError, AudioFileError, NotImplementedError) as error:
                problems.append(Problem(mark=prompt.mark, where=f'style "{style.name}"', text=str(error)))
            else:
                row += prompt.weight * reading.embedding
                read.append((reading.profile, prompt.weight))
                warnings += [f'{prompt.mark}: style "{style.name}": {text}' for text in reading.warnings]
        length = float(np.linalg.norm(row))
        rows.append(row / length if length > 0 else row)
        if len(read) == len(style.prompts):
            profiles.append(blend([profile for profile, _ in read], [weight for _, weight in read]))
    if problems:
        raise RuleError(problems)
    bank = StyleBank(
        names=tuple(style.name for style in rules.styles),
        embeddings=np.array(rows, np.float32).reshape(len(rows), encoder.dimension),
        captions=tuple(" + ".join(prompt.text or "" for prompt in style.prompts) for style in rules.styles),
        profiles=tuple(profiles),
    )
    tempos = {
        name: StyleTempo(profile.tempo_bpm, profile.meter) for name, profile in zip(bank.names, profiles, strict=True)
    }
    return StyledRules(with_tempos(rules, tempos), bank, tuple(warnings))


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
        return reader.read_audio(read_audio(prompt.audio, max_seconds=MOST_PROMPT_S))
    return reader.read_text(prompt.text or "")
