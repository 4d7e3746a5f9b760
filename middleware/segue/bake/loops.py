"""Renders loops: whole bars that go on into themselves as music that never stops.

The generator plays the same bars twice, or as often as tails need that last longer than the bars. Its music is a
function of seed, styles and place in the form, so the last time has the notes of those before, and begins with the
tails of their last notes, which are its own. So it goes on into itself; nothing is crossfaded.

A loop has a whole number of frames: its ticks are spread evenly over them, which bends its tempo by less than half a
frame in all its bars.

Array dimensions: T frames, S samples.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from segue.audio import effects, frame_limiter, normalise
from segue.audio.effects import EffectSettings
from segue.audio.loudness import integrated_loudness
from segue.bake.scenes import Sound
from segue.contract import FRAME_RATE, FRAME_SIZE, TICKS_PER_BEAT, Generator, Request, Samples, StyleBanks
from segue.runtime.mastering import HEADROOM_DB
from segue.runtime.planner import PlannedFrame, RulesVersion, generator_input
from segue_rules.controls import EFFECTS
from segue_rules.plan import FramePlan, MusicalClock, ThemeNow, Visit

# Where in its form the music of a loop begins: behind the introduction, which is a phrase of eight bars or less.
_FORM_BAR: Final = 8
# Bars of each time through are counted from here on, the second time from fewer: a bar that lies before the last one
# makes the generator take up its form again.
_FIRST_BAR: Final = 1 << 20
_APART: Final = 64
_JOB_FRAMES: Final = 25
# What is played before the last time through: notes and the hall of the effects have fallen by 60 dB after less.
_TAIL_FRAMES: Final = 6 * FRAME_RATE


@dataclass(frozen=True, kw_only=True)
class LoopLength:
    """How long a loop is.

    Attributes:
        bars, meter: Its bars, and the beats of each.
        frames: Whole frames.
        ticks: Of its beats.
    """

    bars: int
    meter: int
    frames: int

    @property
    def ticks(self) -> int:
        return self.bars * self.meter * TICKS_PER_BEAT

    @property
    def passes(self) -> int:
        """How often it is played: once for its tails, or until they have come to an end, and once more."""
        return 1 + max(1, -(-_TAIL_FRAMES // self.frames))

    @property
    def samples(self) -> int:
        return self.frames * FRAME_SIZE

    def at(self, frame: int) -> int:
        """The ticks from its beginning to a frame of it."""
        return frame * self.ticks // self.frames


@dataclass(frozen=True, kw_only=True, eq=False)
class LoopSound:
    """A rendered loop.

    Attributes:
        samples: float32 [S, 2].
        stems: Of each family of instruments that is heard, empty if none were asked for. They sum to the samples, but
            for a gain that keeps the loudest of them within full scale.
        stems_gain_db: That gain undone: what to add to the stems.
    """

    samples: Samples
    stems: Mapping[str, Samples]
    stems_gain_db: float


def length_of(sound: Sound, bars: int) -> LoopLength:
    """The length of a loop of so many bars, at the tempo and in the meter of its sound."""
    controls = sound.plan.controls
    ticks = bars * controls.meter * TICKS_PER_BEAT
    return LoopLength(bars=bars, meter=controls.meter, frames=max(1, round(ticks / controls.tempo_mbpm)))


def render_loop(
    sound: Sound,
    length: LoopLength,
    generator: Generator[Any],
    styles: StyleBanks,
    *,
    seed: int,
    stems: bool = False,
    progress: Callable[[int], None] = lambda frames: None,
) -> LoopSound:
    """Render a loop.

    Args:
        sound: What it plays.
        length: As `length_of` says.
        generator: It must know its bars: equal places in the form give equal notes.
        styles: Of the rules.
        seed: Of the music.
        stems: Whether to render the families of instruments too.
        progress: Is told how many frames of all times through are done.
    """
    version = RulesVersion(rules=sound.rules, styles=styles)
    state = generator.start(seed=seed)
    plans = list(_plans(sound.plan, length))
    parts: list[Samples] = []
    families: dict[str, list[Samples]] = {}
    for begin in range(0, len(plans), _JOB_FRAMES):
        frames = [PlannedFrame(plan, version) for plan in plans[begin : begin + _JOB_FRAMES]]
        bank, conditioning = generator_input(frames, generator.encoder)
        (result,) = generator.generate([Request(state=state, styles=bank, conditioning=conditioning, stems=stems)])
        state = result.state
        parts.append(result.chunk.samples)
        for family, stem in result.chunk.stems.items():
            families.setdefault(family, []).append(stem)
        progress(begin + len(frames))
    music = np.concatenate(parts)
    return _mastered(music, {family: np.concatenate(each) for family, each in families.items()}, sound.plan, length)


def _plans(plan: FramePlan, length: LoopLength) -> Iterator[FramePlan]:
    """The plans of all frames of the times through a loop."""
    bar_ticks = length.meter * TICKS_PER_BEAT
    for time in range(length.passes):
        first = _FIRST_BAR - (length.bars + _APART) * time
        visit = Visit(0, first - _FORM_BAR)
        for frame in range(length.frames):
            ticks, after = length.at(frame), length.at(frame + 1)
            bar = ticks // bar_ticks
            begin = time * length.ticks
            clock = MusicalClock(
                begin + ticks, first + bar, begin + bar * bar_ticks, length.meter, plan.controls.groups
            )
            yield plan._replace(
                frame=time * length.frames + frame,
                controls=plan.controls._replace(tempo_mbpm=after - ticks),
                clock=clock,
                visit=visit,
                next_visit=visit,
                to_change=-1,
                changes=(),
                next_theme=ThemeNow("", 0.0),
            )


def _mastered(music: Samples, stems: Mapping[str, Samples], plan: FramePlan, length: LoopLength) -> LoopSound:
    """The last time through, as loud as a session would level it in the long run, with effects, gain and limit.

    A session's level moves with the music; a loop has one gain, or its end would not be as loud as its beginning.
    """
    last = slice(-length.samples, None)
    gain = np.float32(10.0 ** ((_levelling_db(music[length.samples :]) + HEADROOM_DB + plan.controls.gain_db) / 20.0))
    settings = [EffectSettings(*[getattr(plan.controls, each.field) for each in EFFECTS])] * (len(music) // FRAME_SIZE)
    before = effects.start(settings[0])
    _, sound = effects.process(before, music, settings)
    _, parts = effects.process_stems(None, before, stems, settings)
    _, limits = frame_limiter.process(1.0, sound * gain)
    gains = np.full((len(music), 1), gain) if limits is None else gain * limits[:, None]
    heard = {family: (part * gains)[last] for family, part in parts.items() if part[last].any()}
    # Stems are limited together; one alone may be louder than the sum.
    loudest = max((float(np.abs(part).max()) for part in heard.values()), default=0.0)
    lowered = np.float32(min(1.0, frame_limiter.CEILING / loudest) if loudest else 1.0)
    return LoopSound(
        samples=(sound * gains)[last],
        stems={family: part * lowered for family, part in heard.items()},
        stems_gain_db=round(-20.0 * math.log10(float(lowered)), 6) + 0.0,
    )


def _levelling_db(music: Samples) -> float:
    """The gain by which a session would bring music of this loudness near its target."""
    off = integrated_loudness(music) - (normalise.TARGET_LUFS - HEADROOM_DB)
    return normalise.settled_gain_db(off) if np.isfinite(off) else 0.0
