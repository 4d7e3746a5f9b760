"""What `segue check` finds in the sound files of clips: too short, of another tempo, with a click at the seam."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from segue.audio.riff import wav_marks
from segue.audio.seams import seam_steps
from segue_rules.model import FRAME_SIZE, SAMPLE_RATE, Clip
from segue_yaml.kinds import tidy_name

if TYPE_CHECKING:
    from segue.contract import Samples

# What is left of a file behind its loop and outro, in seconds, that is no reverberation but a wrong tempo.
_LEFT_S: Final = (0.02, 0.5)
# How often a step at the seam may be as large as the largest inside.
_CLICK: Final = 1.0


# How far a cue point of a file may lie from the cue of its name, in samples: half of a hundredth of a second.
_SAME_PLACE: Final = 240


def cue_warnings(clip: Clip, rate: int) -> Iterator[tuple[str, str]]:
    """Texts and codes of named cue points in the file that lie elsewhere than the clip's cues of their names.

    Args:
        rate: Of the file, in Hz.
    """
    try:
        marks = wav_marks(clip.audio).cues
    except OSError:
        return
    # A file may have one name several times, of which an import names all but the first anew.
    marked: dict[str, list[float]] = {}
    for mark in marks:
        if mark.name:
            marked.setdefault(tidy_name(mark.name), []).append(mark.place * SAMPLE_RATE / rate - clip.beginning)
    for cue in clip.cues:
        here = float(cue.place)
        away = [place - here for place in marked.get(cue.name, ())] if cue.name else []
        nearest = min(away, key=abs, default=0.0)
        if abs(nearest) > _SAME_PLACE:
            there_s, here_s = (here + nearest) / SAMPLE_RATE, here / SAMPLE_RATE
            yield (
                f"marks {cue.name} {there_s:.3f} s behind the clip's beginning; the rule file has this cue at "
                f"{here_s:.3f} s",
                "cue_moved",
            )


def clip_warnings(clip: Clip, samples: Samples) -> Iterator[tuple[str, str]]:
    """Texts and codes of what is doubtful in the sound of a clip.

    Args:
        clip: The clip.
        samples: Its whole file at 48 kHz, float32 [S, 2].
    """
    begin = clip.beginning
    if clip.loop is None:
        end = len(samples) - begin
        behind = [cue for cue in clip.cues if cue.place >= end]
        if behind:
            name, place_s = behind[0].name, float(behind[0].place) / SAMPLE_RATE
            cue = f"its cue {name}" if name else "its cue"
            text = f"ends {end / SAMPLE_RATE:.2f} s behind its beginning, before {cue} at {place_s:.2f} s"
            yield text, "cue_behind_the_end"
        return
    parts = float(clip.parts)
    left_s = (len(samples) - parts) / SAMPLE_RATE
    if clip.tempo_mbpm is not None and _LEFT_S[0] < left_s < _LEFT_S[1]:
        bar = clip.bar_ticks * FRAME_SIZE / clip.tempo_mbpm
        bars = parts / bar
        tempo = clip.tempo_mbpm / 1000 * parts / len(samples)
        yield (
            f"goes on for {left_s * 1000:.0f} ms behind its {bars:g} bars; if the file ends with them, its tempo is "
            f"{tempo:.3f}bpm",
            "clip_length",
        )
    step, inside = seam_steps(samples, begin + clip.pass_start(0), min(begin + clip.loop_end, len(samples)))
    if not clip.crossfade_samples and step > _CLICK * inside > 0:
        yield (
            f"steps by {_decibels(step)} dBFS where its loop begins again, and by {_decibels(inside)} dBFS at most "
            "around it, which is heard as a click; give it a crossfade, such as crossfade: 10ms",
            "loop_click",
        )
    elif clip.crossfade_samples and not _has_room(clip, samples):
        yield (
            "has nothing behind its loop or before it to crossfade with, so the loop begins again without one",
            "no_crossfade",
        )


def _has_room(clip: Clip, samples: Samples) -> bool:
    begin, length = clip.beginning, clip.crossfade_samples
    return len(samples) >= begin + clip.loop_end + length or begin + clip.pass_start(0) >= length


def _decibels(level: float) -> str:
    return f"{20 * math.log10(level):.1f}" if level > 0 else "-inf"
