"""Loads the styles of a rule file as embeddings and profiles, and its stingers as sound; errors name their place."""

from __future__ import annotations

import numpy as np

from segue.audio.files import AudioFileError, read_audio
from segue.contract import Samples, StyleBank, StyleEncoder
from segue.style.reader import StyleReader, StyleReading
from segue.style_profile import blend
from segue_rules.errors import RuleError
from segue_rules.model import AudioStinger, Prompt, Rules, Style
from segue_yaml.report import Problem

# Longest audio prompt and stinger, in seconds.
MOST_PROMPT_S = 60.0
MOST_STINGER_S = 60.0


def load_styles(rules: Rules, encoder: StyleEncoder) -> tuple[StyleBank, tuple[str, ...]]:
    """Embed every style: a blend is the weighted mean of its prompts, scaled to length 1.

    Args:
        rules: The rules.
        encoder: Embeds texts, and sound if it can.

    Returns:
        The bank, in the order of rules.styles, and warnings about words that the encoder does not know and prompts
        that it can use in part only.

    Raises:
        RuleError: Some prompts cannot be embedded; it names all of them.
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
            warnings += _warnings(style, prompt, encoder)
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
    return bank, tuple(warnings)


def load_stingers(rules: Rules) -> dict[str, Samples]:
    """Return the sound of every audio stinger by its name, float32 [S, 2] at 48 kHz.

    Raises:
        RuleError: Some files cannot be used; it names all of them.
    """
    problems: list[Problem] = []
    sounds = {}
    for stinger in rules.stingers:
        if isinstance(stinger, AudioStinger):
            try:
                sounds[stinger.name] = read_audio(stinger.audio, max_seconds=MOST_STINGER_S)
            except AudioFileError as error:
                problems.append(Problem(mark=stinger.mark, where=f'stinger "{stinger.name}"', text=str(error)))
    if problems:
        raise RuleError(problems)
    return sounds


def _read(prompt: Prompt, reader: StyleReader) -> StyleReading:
    if prompt.audio is not None:
        return reader.read_audio(read_audio(prompt.audio, max_seconds=MOST_PROMPT_S))
    return reader.read_text(prompt.text or "")


def _warnings(style: Style, prompt: Prompt, encoder: StyleEncoder) -> list[str]:
    texts = []
    if prompt.audio is not None and encoder.audio_warning:
        texts.append(encoder.audio_warning)
    if prompt.text is not None and (unknown := encoder.unknown_words(prompt.text)):
        texts.append(f"unknown words do not count: {', '.join(unknown)}")
    return [f'{prompt.mark}: style "{style.name}": {text}' for text in texts]
