"""From what a generator played to what the client gets: mastered, cut to what is new, crossfaded from the old."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from segue.audio.fades import crossfade
from segue.contract import FRAME_SIZE, Chunk, Samples
from segue.runtime import mastering
from segue.runtime.wants import Job


class Finished(NamedTuple):
    """Sound from want.change on, float32 [S, 2], with its stems, and the mastering stage after it."""

    samples: Samples
    stems: Mapping[str, Samples]
    master: mastering.MasterState


def finish(job: Job, chunk: Chunk, *, mastered: bool) -> Finished:
    """The job's sound from want.change on. mastered: the generator repeats what was mastered before."""
    if mastered:
        master, samples, gain = job.origin.master, chunk.samples, np.ones(len(chunk.samples), np.float32)
    else:
        plans = [frame.plan for frame in job.frames]
        master, samples, gain = mastering.process(job.origin.master, chunk.samples, plans)
    skip = (job.want.change - job.origin.frame) * FRAME_SIZE
    stems = {family: (stem * gain[:, None])[skip:] for family, stem in chunk.stems.items()}
    return Finished(samples[skip:], stems, master)


def joined(old: Samples, new: Samples) -> Samples:
    """`new` with its head crossfaded from `old`, over as much as there is of both."""
    length = min(len(old), len(new))
    return np.concatenate([crossfade(old[:length], new[:length]), new[length:]]) if length else new
