"""The places of rules that name a sound file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from segue_rules.model import AudioStinger, Rules
from segue_yaml.nodes import Mark


@dataclass(frozen=True, kw_only=True)
class NamedSound:
    """A place that names a sound. prompt: of a style; otherwise a stinger's."""

    mark: Mark
    where: str
    path: Path
    prompt: bool


def named_sounds(rules: Rules) -> Iterator[NamedSound]:
    """All of them: prompts of styles, then stingers."""
    for style in rules.styles:
        for prompt in style.prompts:
            if prompt.audio is not None:
                yield NamedSound(mark=prompt.mark, where=f'style "{style.name}"', path=prompt.audio, prompt=True)
    for stinger in rules.stingers:
        if isinstance(stinger, AudioStinger):
            yield NamedSound(mark=stinger.mark, where=f'stinger "{stinger.name}"', path=stinger.audio, prompt=False)
