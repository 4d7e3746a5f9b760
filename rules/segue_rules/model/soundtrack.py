"""A whole soundtrack, and its stingers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from segue_rules.model.clips import Clip
from segue_rules.model.inputs import Counter, InGroup, Input, InState, Latch
from segue_rules.model.layers import Layer, Transition
from segue_rules.model.music import Music, Style, Theme, ThemeUse
from segue_rules.model.timing import AT_ONCE, At, Length
from segue_yaml.nodes import NOWHERE, Mark
from segue_yaml.report import Problem

LARGEST_SEED: Final = 2**32 - 1

_mark = field(default=NOWHERE, compare=False, repr=False)

# --- stingers -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Duck:
    """How the music is lowered under a stinger.

    Attributes:
        depth_db: At most 0.
        recovery_samples: How long it stays lowered after the end of the stinger.
    """

    depth_db: float
    fade_out_samples: int
    recovery_samples: int
    fade_in_samples: int


@dataclass(frozen=True, kw_only=True)
class AudioStinger:
    """A sound file played over the music.

    Attributes:
        if_late: What happens if it cannot be delivered before its start.
    """

    name: str
    trigger: str
    audio: Path
    at: At = AT_ONCE
    gain_db: float = 0.0
    cooldown_frames: Length = 0
    if_late: Literal["drop", "play"] = "drop"
    duck: Duck | None = None
    mark: Mark = _mark


@dataclass(frozen=True, kw_only=True)
class Burst:
    """A style added to the mix for a short time.

    Attributes:
        time_frames: With both ramps.
        ramp_frames: At most half of the time counts.
    """

    name: str
    trigger: str
    mix: Mapping[str, float]
    time_frames: Length
    ramp_frames: Length = 5
    at: At = AT_ONCE
    cooldown_frames: Length = 0
    theme: ThemeUse | None = None
    mark: Mark = _mark


Stinger: TypeAlias = AudioStinger | Burst

# --- the soundtrack -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Rules:
    """A whole soundtrack.

    Attributes:
        music: With every control set.
        latches, counters: Those of all conditions, by index.
        stays: The states and groups whose end some condition counts from, by index.
        files: The files read, the main one first.
        warnings: What is probably not meant and does not prevent loading, in file order.
    """

    title: str
    seed: int
    music: Music
    inputs: tuple[Input, ...]
    styles: tuple[Style, ...]
    layers: tuple[Layer, ...]
    transitions: tuple[Transition, ...] = ()
    stingers: tuple[Stinger, ...] = ()
    themes: tuple[Theme, ...] = ()
    clips: tuple[Clip, ...] = ()
    latches: tuple[Latch, ...] = ()
    counters: tuple[Counter, ...] = ()
    stays: tuple[InState | InGroup, ...] = ()
    files: tuple[Path, ...] = ()
    warnings: tuple[Problem, ...] = ()
