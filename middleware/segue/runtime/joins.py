"""How a job's sound joins the music that the client has.

Array dimensions: S samples.
"""

from __future__ import annotations

import numpy as np

from segue.audio.fades import crossfade, fade_in, fade_out
from segue.audio.frame_limiter import limit_join
from segue.contract import Samples
from segue.runtime.audio_buffer import AudioBuffer
from segue.runtime.jobs import JobSpec
from segue.runtime.session_config import SessionConfig


def follows_music(spec: JobSpec, buffer: AudioBuffer, *, has_stingers: bool) -> bool:
    """Return whether the client has the music before a job's sound, so that a crossfade from it is part of it.

    Args:
        spec: The job.
        buffer: The music before it.
        has_stingers: Whether stingers are mixed into the music.
    """
    if spec.reason == "skip" or (spec.reason == "restore" and spec.change > buffer.head):
        return False
    # The stingers of music that was replaced are not known any more.
    older = buffer.newest_before(spec.change) < spec.change
    return not (older and has_stingers) and not buffer.begins_at(spec.change)


def joined(
    spec: JobSpec,
    samples: Samples,
    buffer: AudioBuffer,
    config: SessionConfig,
    *,
    follows: bool,
    restored_at: int | None,
) -> Samples:
    """Return a job's sound joined to the music before and after it; a client fades into what leaves a gap.

    Args:
        spec: The job.
        samples: Its mastered sound, float32 [S, 2].
        buffer: The music before it.
        config: The session's numbers.
        follows: Whether music of the buffer precedes it, by `follows_music`.
        restored_at: The frame at which restored music is to begin, None for none.
    """
    length = config.crossfade_samples
    replaces = follows and spec.change != buffer.head
    if replaces:
        fade_end = min(spec.change + config.crossfade_frames, buffer.run_end(spec.change))
        samples = _crossfaded(buffer.read(spec.change, fade_end)[:length], samples)
    if spec.end == restored_at:
        # The restored music begins where this ends: with nothing to crossfade from, both fade.
        samples = fade_out(samples, length)
    if spec.reason == "restore" and follows and not replaces:
        samples = fade_in(samples, length)
    return samples


def _crossfaded(old: Samples, new: Samples) -> Samples:
    """Return `new` with its head crossfaded from `old`, over as much as there is of both."""
    length = min(len(old), len(new))
    if not length:
        return new
    return np.concatenate([limit_join(crossfade(old[:length], new[:length])), new[length:]])
