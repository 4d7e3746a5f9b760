"""The recordings that the audio tower is trained and tested on: named styles through several soundfonts, with labels.

Every render has a name, and its numbers are drawn from a seed of that name: what was rendered before is not rendered
again, and a plan may grow without a change of what it had.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import soundfile

from segue.contract import MODES, SAMPLE_RATE
from segue.score.generator import ScoreGenerator
from segue.score.sampler.sampler import Sampler
from segue.style.points import POINTS
from segue.style.situations import SITUATIONS
from segue.style_profile import RANGES, StyleProfile
from segue.training.renders import rendered

SECONDS: Final = 10
TRAINED_FONTS: Final = ("bundled", "musescore", "csound")
UNSEEN_FONTS: Final = ("timgm6mb", "opl3")
"""Fonts that are tested on and never trained on."""
_SEEDS: Final = 10
_TESTED_SEEDS: Final = 3
_BARS: Final = 64
# Of each sampler, for decoded notes: all that two hundred styles play.
_NOTE_BYTES: Final = 400 << 20


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One render.

    Attributes:
        part: "train" or "test".
        style: One of POINTS.
        font: A key of the fonts.
        seed: Of the music.
        varied: Whether its axes are moved about, as in a rule file that says more than a name.
    """

    part: str
    style: str
    font: str
    seed: int
    varied: bool = False

    @property
    def name(self) -> str:
        return f"{self.part}-{self.font}-{self.style.replace(' ', '_')}-{self.seed}"


@dataclass(frozen=True, kw_only=True)
class Label:
    """What is known of a render.

    Attributes:
        part, style, font: As of its plan.
        tempo_bpm, meter, scale, width, density: Of the profile that was played.
        tonic: Pitch class; -1 where the composer chose it.
        notes_per_s: Notes of all but the drums, a second.
        drums_per_s: Notes of the drums, a second.
    """

    part: str
    style: str
    font: str
    tempo_bpm: float
    meter: int
    scale: str
    width: float
    density: float
    tonic: int
    notes_per_s: float
    drums_per_s: float


def plans() -> list[Plan]:
    """Return every render, in an order in which the first ones alone are of use."""
    return [plan for seed in range(_SEEDS) for plan in (*_trainings(seed), *_tests(seed))]


def _trainings(seed: int) -> Iterator[Plan]:
    """The situations through every font, and a part of the other styles through the bundled one and one more."""
    for style in SITUATIONS:
        for font in TRAINED_FONTS:
            yield Plan(part="train", style=style, font=font, seed=seed, varied=seed % 2 == 1)
    for index, style in enumerate(POINTS):
        if style not in SITUATIONS and index % _SEEDS == seed:
            for font in (TRAINED_FONTS[0], TRAINED_FONTS[1 + index % 2]):
                yield Plan(part="train", style=style, font=font, seed=0)


def _tests(seed: int) -> Iterator[Plan]:
    if seed < _TESTED_SEEDS:
        for font in ("bundled", *UNSEEN_FONTS):
            for style in SITUATIONS:
                yield Plan(part="test", style=style, font=font, seed=5000 + seed)


def render(plan: Plan, generator: ScoreGenerator, folder: Path) -> None:
    """Render a plan into `folder`, a FLAC and a label beside it, unless they are there."""
    path, label = folder / f"{plan.name}.flac", folder / f"{plan.name}.json"
    if label.exists():
        return
    random = np.random.default_rng(crc32(plan.name.encode()))
    profile = POINTS[plan.style].profile
    if plan.varied:
        profile = _varied(profile, random)
    # The key note of other scales is the composer's choice.
    tonic = int(random.integers(12)) if profile.scale in MODES else -1
    chunk = rendered(
        generator,
        profile,
        plan.seed,
        seconds=SECONDS,
        intensity=float(random.uniform(0.25, 1.0)),
        temperature=float(random.choice([0.7, 1.1, 1.5])),
        tonic=tonic,
        start_bar=int(random.integers(_BARS)),
    )
    peak = max(1.0, float(np.abs(chunk.samples).max()))
    soundfile.write(path, chunk.samples / peak, SAMPLE_RATE, subtype="PCM_16")
    drums = sum(note.drums for note in chunk.notes)
    known = Label(
        part=plan.part,
        style=plan.style,
        font=plan.font,
        tempo_bpm=profile.tempo_bpm,
        meter=profile.meter,
        scale=profile.scale,
        width=profile.width,
        density=profile.density,
        tonic=tonic,
        notes_per_s=(len(chunk.notes) - drums) / SECONDS,
        drums_per_s=drums / SECONDS,
    )
    label.write_text(json.dumps(asdict(known)), encoding="utf-8")


def render_all(folder: Path, fonts: dict[str, Path | None], wanted: Sequence[Plan]) -> Iterator[int]:
    """Render what is not there yet; yield the number of renders done after each.

    Args:
        folder: Where they are kept.
        fonts: The file of each font; None is the bundled one. Plans for other fonts are left out.
        wanted: The plans.
    """
    folder.mkdir(parents=True, exist_ok=True)
    generators = {font: ScoreGenerator(Sampler(path, memory_bytes=_NOTE_BYTES)) for font, path in fonts.items()}
    for done, plan in enumerate((plan for plan in wanted if plan.font in fonts), 1):
        render(plan, generators[plan.font], folder)
        yield done


def _varied(profile: StyleProfile, random: np.random.Generator) -> StyleProfile:
    values = {}
    for axis, spread in (("tempo_bpm", 0.04), ("density", 0.2), ("width", 0.25), ("room", 0.2)):
        bounds = RANGES[axis]
        place = bounds.position(getattr(profile, axis)) + spread * random.standard_normal()
        values[axis] = round(bounds.at(min(1.0, max(0.0, place))), 3)
    return replace(profile, **values)  # type: ignore[arg-type]
