"""From what a generator plays to what the client gets: levelled, with the rules' effects and gain, limited, cut.

Array dimensions: T frames, S samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segue.audio import effects, frame_limiter, normalise
from segue.audio.effects import EffectSettings, EffectState
from segue.contract import FRAME_SIZE, SAMPLE_RATE, Chunk, Samples
from segue.runtime.clip_mixer import STEM, ClipGains, ClipPlayer, mix_clips
from segue.runtime.jobs import Job
from segue_rules.controls import EFFECTS, SILENCE_DB
from segue_rules.plan import FramePlan

# Generators play so far below -18 LUFS, to leave headroom for their loudest bars.
HEADROOM_DB: Final = 3.5
_GENERATED_LUFS: Final = normalise.TARGET_LUFS - HEADROOM_DB
_RAMP: Final = np.arange(1, FRAME_SIZE + 1, dtype=np.float32) / np.float32(FRAME_SIZE)
_MAKE_UP: Final = np.float32(10.0 ** (HEADROOM_DB / 20.0))
# A packed state: the numbers before those of the filters, and what segue.audio.normalise can have put into it.
_PACKED_HEAD: Final = 6
_BLOCK: Final = SAMPLE_RATE // 10
_MOST_POWERS: Final = 30
_MOST_LEVEL_DB: Final = 12.0
_MOST_GAIN: Final = 4.0
_MOST_PACKED: Final = 1e9


@dataclass(frozen=True, kw_only=True)
class MasterState:
    """The mastering stage before a frame.

    Attributes:
        gain: The rules' gain at the end of the last frame, linear.
        loudness: The loudness of the music so far, without effects.
        limiter_gain: The limiter's gain at the end of the last frame, 0 to 1.
        effects: The effects of the rules.
        stem_effects: The same of each stem, None where they are off or stems were not asked for.
        clip_gains: The gains of the clips at the end of the last frame, where they are known.
        music: The level of the generated music beside clips there, None where the next plan says it.
    """

    gain: float
    loudness: normalise.LoudnessState
    limiter_gain: float
    effects: EffectState
    stem_effects: Mapping[str, EffectState] | None = None
    clip_gains: ClipGains = field(default_factory=dict)
    music: float | None = None


class MasteredSound(NamedTuple):
    """The sound of a job's new frames.

    Attributes:
        samples: float32 [S, 2].
        stems: Sound by instrument family, float32 [S, 2].
        master: The mastering stage after it.
    """

    samples: Samples
    stems: Mapping[str, Samples]
    master: MasterState


def start(plan: FramePlan) -> MasterState:
    """Return the state before the first frame, at the gain of its plan."""
    return MasterState(
        gain=_linear(plan.controls.gain_db),
        loudness=normalise.start(),
        limiter_gain=1.0,
        effects=effects.start(_settings(plan)),
    )


class Beside(NamedTuple):
    """What sounds beside the generated music of T frames.

    Attributes:
        gains: Of the clips, after the frames.
        sound: Of the clips, float32 [T * FRAME_SIZE, 2]; None where none sounds.
        music: The level of the generated music, float32 [T * FRAME_SIZE, 1]; None where it is as loud as without clips.
    """

    gains: ClipGains
    sound: Samples | None
    music: Samples | None


def beside(state: MasterState, plans: Sequence[FramePlan], players: Sequence[ClipPlayer | None]) -> Beside:
    """Return the clips of T frames, and how loud the generated music is beside them.

    Args:
        state: The stage before them.
        plans: Their plans.
        players: The clips of the rules of each.
    """
    gains, sound = mix_clips(state.clip_gains, plans, players)
    levels = [plans[0].music_before if state.music is None else state.music, *[plan.music for plan in plans]]
    if all(level == 1.0 for level in levels):
        return Beside(gains, sound, None)
    ends = np.array(levels, np.float32)
    music = ends[:-1, None] + (ends[1:] - ends[:-1])[:, None] * _RAMP
    return Beside(gains, sound, music.reshape(-1, 1))


def process(
    state: MasterState, samples: Samples, plans: Sequence[FramePlan], clips: Beside | None = None
) -> tuple[MasterState, Samples, NDArray[np.float32]]:
    """Keep the music of T frames near its loudness, add the clips, apply the rules' effects and gain, and limit it.

    Each frame ends at the gain and the effects of its plan. Loudness is that of the generated music without effects,
    so that music which a filter makes quieter stays quieter.

    Args:
        state: The stage before them.
        samples: float32 [T * FRAME_SIZE, 2].
        plans: Their plans.
        clips: What sounds beside them; None for nothing.

    Returns:
        The stage after them, the samples, all within `frame_limiter.CEILING`, and the gain of each sample, float32
        [S], which stems must follow behind their effects.
    """
    loudness, gain = normalise.process(state.loudness, samples, _GENERATED_LUFS)
    if clips is not None:
        samples = _together(samples, gain, clips)
    gains = np.array([state.gain, *[_linear(plan.controls.gain_db) for plan in plans]], np.float32)
    if (gains == gains[0]).all():
        gain *= _MAKE_UP * gains[0]
    else:
        envelope = gains[:-1, None] + (gains[1:] - gains[:-1])[:, None] * _RAMP
        gain *= _MAKE_UP * envelope.ravel()
    effects_after, sound = effects.process(state.effects, samples, list(map(_settings, plans)))
    levelled = sound * gain[:, None]
    limiter_gain, limits = frame_limiter.process(state.limiter_gain, levelled)
    if limits is not None:
        levelled *= limits[:, None]
        gain *= limits
    after = MasterState(
        gain=float(gains[-1]),
        loudness=loudness,
        limiter_gain=limiter_gain,
        effects=effects_after,
        clip_gains=state.clip_gains if clips is None else clips.gains,
        music=plans[-1].music,
    )
    return after, levelled, gain


def _together(samples: Samples, gain: NDArray[np.float32], clips: Beside) -> Samples:
    """Return the generated music with the clips, before the gain that keeps the music near its loudness.

    Args:
        samples: The generated music.
        gain: That gain of each sample, by which clips are divided: they keep their own loudness.
        clips: What sounds beside it.
    """
    if clips.music is not None:
        samples = samples * clips.music
    return samples if clips.sound is None else samples + _levelled(clips.sound, gain)


def _levelled(sound: Samples, gain: NDArray[np.float32]) -> Samples:
    """Return the sound of clips as it is before the gain that keeps the generated music near its loudness."""
    return sound / (gain * _MAKE_UP)[:, None]


def master_job(job: Job, chunk: Chunk, *, mastered: bool) -> MasteredSound:
    """Master a job's sound and cut it to its new frames.

    Args:
        job: The job.
        chunk: What its generator played.
        mastered: Whether the generator repeats sound that was mastered before; it then stays as it is.
    """
    if mastered:
        master, samples, gain = job.origin.master, chunk.samples, np.ones(len(chunk.samples), np.float32)
        stems = chunk.stems
    else:
        plans, before = [frame.plan for frame in job.frames], job.origin.master
        players = [frame.rules_version.clips for frame in job.frames]
        clips = beside(before, plans, players)
        master, samples, gain = process(before, chunk.samples, plans, clips)
        stem_effects, stems = effects.process_stems(
            before.stem_effects, before.effects, _stems(before, chunk, clips), list(map(_settings, plans))
        )
        master = replace(master, stem_effects=stem_effects)
    skip = (job.spec.change - job.origin.frame) * FRAME_SIZE
    return MasteredSound(
        samples[skip:], {family: (stem * gain[:, None])[skip:] for family, stem in stems.items()}, master
    )


def _stems(before: MasterState, chunk: Chunk, clips: Beside) -> Mapping[str, Samples]:
    """Return the stems of a chunk with that of the clips, before the gain that follows."""
    if not chunk.stems:
        return {}
    stems = {family: stem if clips.music is None else stem * clips.music for family, stem in chunk.stems.items()}
    if clips.sound is None:
        return {**stems, STEM: np.zeros_like(chunk.samples)}
    _, gain = normalise.process(before.loudness, chunk.samples, _GENERATED_LUFS)
    return {**stems, STEM: _levelled(clips.sound, gain)}


def _settings(plan: FramePlan) -> EffectSettings:
    controls = plan.controls
    return EffectSettings(*[getattr(controls, effect.field) for effect in EFFECTS])


def _linear(gain_db: float) -> float:
    return 0.0 if gain_db <= SILENCE_DB else float(10.0 ** (gain_db / 20.0))


def pack(state: MasterState) -> bytes:
    """Return the stage's state but for its effects, in some 370 bytes."""
    loudness = state.loudness
    levels = [state.gain, state.limiter_gain, loudness.gain_db, loudness.next_gain_db]
    return np.array(
        [*levels, loudness.energy, float(loudness.filled), *loudness.filters.ravel(), *loudness.powers], "<f8"
    ).tobytes()


def unpack(data: bytes, effects_data: bytes = b"") -> MasterState:
    """Return the state that `pack` and `effects.pack` packed.

    Raises:
        ValueError: `pack` cannot have made these bytes.
    """
    filters = normalise.start().filters
    least = _PACKED_HEAD + filters.size
    if len(data) % 8 or not least <= len(data) // 8 <= least + _MOST_POWERS:
        raise ValueError(f"expected a packed mastering state, got {len(data)} bytes")
    values = np.frombuffer(data, "<f8").astype(np.float64)
    gain, limiter_gain, gain_db, next_gain_db, energy, filled = map(float, values[:_PACKED_HEAD])
    powers = values[least:]
    sane = (
        bool(np.isfinite(values).all() and (np.abs(values) <= _MOST_PACKED).all() and (powers >= 0).all())
        and 0.0 <= gain <= _MOST_GAIN
        and 0.0 <= limiter_gain <= 1.0
        and max(abs(gain_db), abs(next_gain_db)) <= _MOST_LEVEL_DB
        and energy >= 0.0
        and filled in range(_BLOCK)
    )
    if not sane:
        raise ValueError("expected a packed mastering state, got numbers out of range")
    return MasterState(
        gain=gain,
        loudness=normalise.LoudnessState(
            filters=values[_PACKED_HEAD:least].reshape(filters.shape),
            powers=tuple(map(float, powers)),
            energy=energy,
            filled=int(filled),
            gain_db=gain_db,
            next_gain_db=next_gain_db,
        ),
        limiter_gain=limiter_gain,
        effects=effects.unpack(effects_data),
    )
