"""The sound of clips: what a plan says of them, read from their files, looped to the sample and added up.

A clip's sound depends on its position alone, so chunks of any size and music that is made again are equal.
Array dimensions: T frames, S samples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np

from segue.audio.fades import crossfade_gains
from segue.audio.files import MAX_SECONDS, AudioFileError
from segue.audio.streams import AudioFacts, AudioStreams, audio_facts
from segue.contract import CHANNELS, FRAME_SIZE, SAMPLE_RATE, Samples
from segue_rules.director import EDGE_SAMPLES
from segue_rules.errors import RuleError
from segue_rules.model import Clip, Rules
from segue_rules.plan import NO_END, ClipSound, FramePlan
from segue_yaml.report import Problem

STEM: Final = "clips"
"""The name of their stem."""
LONGEST_CLIP_S: Final = MAX_SECONDS
_RAMP: Final = np.arange(1, FRAME_SIZE + 1, dtype=np.float32) / np.float32(FRAME_SIZE)
_EDGE: Final = np.arange(1, EDGE_SAMPLES + 1, dtype=np.float32) / np.float32(EDGE_SAMPLES + 1)
# Files are rounded to whole samples, and resampled ones to those of the new rate.
_ROUNDING: Final = 2

ClipGains: TypeAlias = Mapping[tuple[int, str, int, int, bool], float]
"""The gain of each clip at the end of a frame, by what tells it apart: layer, clip, start, begin and loops."""


class ClipPlayer:
    """The clips of one rule file, opened. May be used from several threads."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        """Look at the files.

        Raises:
            RuleError: A file cannot be used, or is shorter than its clip; it names all of them.
        """
        problems: list[Problem] = []
        for clip in clips:
            try:
                text = clip_problem(clip, audio_facts(clip.audio))
            except AudioFileError as error:
                text = str(error)
            if text:
                problems.append(Problem(mark=clip.mark, where=f'clip "{clip.name}"', text=text))
        if problems:
            raise RuleError(problems)
        self.clips = {clip.name: clip for clip in clips}
        paths = list(dict.fromkeys(clip.audio for clip in clips))
        self._files = {clip.name: paths.index(clip.audio) for clip in clips}
        self._stamps = tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
        self.streams = AudioStreams(paths)

    def same_as(self, other: ClipPlayer | None) -> bool:
        """Return whether another player has equal clips of the same files, unchanged since."""
        return other is not None and (self.clips, self._stamps) == (other.clips, other._stamps)

    def read(self, clip: str, position: int, count: int, *, loops: bool = True) -> Samples:
        """Return a clip's sound from a position on, float32 [count, 2], without its gain.

        Args:
            clip: Its name.
            position: Samples from its beginning; before it lies its pre-entry, or silence.
            count: How many samples.
            loops: Whether its loop repeats; the file goes on behind it otherwise.
        """
        playing = self.clips[clip]
        if playing.loop is None or not loops:
            return self._read(playing, position, count)
        parts = []
        at, end = position, position + count
        while at < end:
            number = playing.pass_at(at)
            if number < 1:
                # The intro and the first pass lie in the file one behind the other.
                stop, start = min(end, playing.pass_start(1)), at
            else:
                stop = min(end, playing.pass_start(number + 1))
                start = playing.pass_start(0) + at - playing.pass_start(number)
            part = self._read(playing, start, stop - at)
            parts.append(self._joined(playing, at, part) if playing.crossfade_samples else part)
            at = stop
        return np.concatenate(parts) if parts else np.zeros((0, CHANNELS), np.float32)

    def _read(self, clip: Clip, position: int, count: int) -> Samples:
        """Return samples of a clip's file from a place behind its beginning on."""
        return self.streams.read(self._files[clip.name], clip.beginning + position, count)

    def _joined(self, clip: Clip, at: int, part: Samples) -> Samples:
        """Crossfade a part of one pass where it goes over from the pass before, or into the next.

        The file goes on behind the loop where there is enough of it, and else what lies before the loop leads in.
        """
        length, end = clip.crossfade_samples, at + len(part)
        gone, coming = crossfade_gains(length, 0.0)
        number = max(0, clip.pass_at(at))
        begin, following = clip.pass_start(number), clip.pass_start(number + 1)
        file = self.streams.facts[self._files[clip.name]]
        if file.samples >= clip.beginning + clip.loop_end + length:
            low, high = max(at, begin), min(end, begin + length)
            if number and low < high:
                behind = clip.loop_end + low - begin
                other = self._read(clip, behind, high - low)
                here, fade = slice(low - at, high - at), slice(low - begin, high - begin)
                part[here] = part[here] * coming[fade, None] + other * gone[fade, None]
        elif clip.beginning + clip.pass_start(0) >= length:
            low, high = max(at, following - length), min(end, following)
            if low < high:
                before = clip.pass_start(0) - following + low
                other = self._read(clip, before, high - low)
                here, fade = slice(low - at, high - at), slice(low - following + length, high - following + length)
                part[here] = part[here] * gone[fade, None] + other * coming[fade, None]
        return part


def open_clips(rules: Rules) -> ClipPlayer | None:
    """Return the clips of rules, opened; None where they have none.

    Raises:
        RuleError: Some files cannot be used; it names all of them.
    """
    return ClipPlayer(rules.clips) if rules.clips else None


def clip_problem(clip: Clip, facts: AudioFacts) -> str:
    """Return why a file does not hold what its clip says, as a finished message; "" if it does."""
    seconds = facts.samples / SAMPLE_RATE
    if seconds > LONGEST_CLIP_S:
        return f"{clip.audio}: lasts {seconds:.1f} s, expected at most {LONGEST_CLIP_S:g} s"
    needed = float(clip.parts)
    if needed > facts.samples + _ROUNDING:
        named = (clip.pre_entry, "pre_entry"), (clip.intro, "intro"), (clip.loop, "loop"), (clip.outro, "outro")
        parts = " and ".join(name for length, name in named if length)
        return f"{clip.audio}: lasts {seconds:.3f} s, expected at least the {needed / SAMPLE_RATE:.3f} s of its {parts}"
    if clip.beginning >= facts.samples:
        early = f"{needed / SAMPLE_RATE:.3f} s of its pre_entry, behind which it begins"
        return f"{clip.audio}: lasts {seconds:.3f} s, expected more than the {early}"
    return ""


def mix_clips(
    before: ClipGains, plans: Sequence[FramePlan], players: Sequence[ClipPlayer | None]
) -> tuple[ClipGains, Samples | None]:
    """Add up the clips of T consecutive frames.

    Args:
        before: The gains at the end of the frame before. Clips begin with the gain of their plan otherwise.
        plans: Of the frames.
        players: Those of each frame's rules.

    Returns:
        The gains after them, and their sound, float32 [T * FRAME_SIZE, 2]; None where no clip sounds.
    """
    gains = dict(before)
    sound: Samples | None = None
    for number, (plan, player) in enumerate(zip(plans, players, strict=True)):
        known, gains = gains, {}
        for clip in plan.clips:
            key = clip.layer, clip.clip, clip.start, clip.begin, clip.loops
            gains[key] = clip.gain
            level = known.get(key, clip.gain_before)
            if player is None or (level <= 0.0 and clip.gain <= 0.0):
                continue
            if sound is None:
                sound = np.zeros((len(plans) * FRAME_SIZE, CHANNELS), np.float32)
            _add(sound[number * FRAME_SIZE : (number + 1) * FRAME_SIZE], clip, level, plan.frame * FRAME_SIZE, player)
    return gains, sound


def _add(frame: Samples, clip: ClipSound, level: float, position: int, player: ClipPlayer) -> None:
    """Add a clip to a frame, in place.

    Args:
        level: Its gain at the beginning of the frame.
        position: The frame's first sample of the session.
    """
    first = min(FRAME_SIZE, max(0, clip.begin - position))
    last = FRAME_SIZE if clip.end == NO_END else min(FRAME_SIZE, max(first, clip.end + EDGE_SAMPLES - position))
    if first >= last:
        return
    part = player.read(clip.clip, position + first - clip.start, last - first, loops=clip.loops)
    if level == clip.gain:
        part *= np.float32(clip.gain)
    else:
        part *= (np.float32(level) + np.float32(clip.gain - level) * _RAMP[first:last])[:, None]
    # Only the beginning of a file has an attack of its own.
    if clip.begin != clip.start - player.clips[clip.clip].beginning:
        _fade(part, position + first - clip.begin, _EDGE, after=1.0)
    if clip.end != NO_END:
        _fade(part, position + first - clip.end, _EDGE[::-1], after=0.0)
    frame[first:last] += part


def _fade(part: Samples, at: int, edge: Samples, *, after: float) -> None:
    """Scale the samples of a part that lie in an edge or behind it, in place.

    Args:
        at: Samples from the beginning of the edge to that of the part.
        edge: The gains in it.
        after: The gain behind it.
    """
    low, high = max(0, -at), min(len(part), len(edge) - at)
    if low < high:
        part[low:high] *= edge[low + at : high + at, None]
    behind = max(0, len(edge) - at)
    if behind < len(part):
        part[behind:] *= np.float32(after)
